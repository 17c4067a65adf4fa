package remedy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"zesei/internal/awscloud"
	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

func planFor(t *testing.T, r resource.Resource, how string, controls ...string) Plan {
	t.Helper()
	req := request(r, controls...)
	if how != "" {
		req.With = map[string]string{"how": how}
	}
	return prepare(t, "security-group-ingress", req)
}

// watch fails the test when the group is ever more open than before or lets less
// through than is to stay.
func watch(t *testing.T, d *double, p Plan) {
	t.Helper()
	before, err := groupRules(d.res)
	if err != nil {
		t.Fatal(err)
	}
	universe := slices.Concat(before, p.Post.Keep)
	least := traffic.Of(slices.Concat(p.Post.Untouched, p.Post.Keep), universe)
	most := traffic.Of(before, universe)
	d.after = func(d *double) {
		rules, err := groupRules(d.res)
		if err != nil {
			t.Fatal(err)
		}
		now := traffic.Of(rules, universe)
		if !now.Within(most) {
			t.Errorf("after %v the group is more open than before", d.sent)
		}
		if !least.Within(now) {
			t.Errorf("after %v kept traffic is cut", d.sent)
		}
	}
}

// Whatever happens at whatever step, carrying on ends in the same state, each
// change made once, and undo brings everything back.
func TestEveryFaultAtEveryStep(t *testing.T) {
	for _, how := range []string{"", "revoke", "narrow"} {
		clean := doubleOf(theHole())
		p := planFor(t, clean.res, how, "EC2.13", "EC2.53", "EC2.54")
		e, _ := engineOf(t, clean)
		if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied || len(out.Done) != len(p.Steps) {
			t.Fatalf("without faults: %+v", out)
		}
		want := clean.state()
		for step := 1; step <= len(p.Steps); step++ {
			for _, kind := range []string{"crash after intended", "crash after sent", string(lostAnswer), string(noEffect), string(throttled), string(denied)} {
				t.Run(fmt.Sprintf("how %q, step %d, %s", how, step, kind), func(t *testing.T) {
					d := doubleOf(theHole())
					before := d.state()
					watch(t, d, p)
					e, _ := engineOf(t, d)
					rec := &memory{}
					wantKind, retry, unknown := awscloud.Other, true, 1
					switch kind {
					case "crash after intended":
						rec.crashIntended, unknown = step, 0 // this process knows that nothing was sent
					case "crash after sent":
						rec.crashDone = step
					default:
						d.faults[step] = fault(kind)
						wantKind = map[fault]awscloud.Kind{lostAnswer: awscloud.InDoubt, noEffect: awscloud.InDoubt, throttled: awscloud.Throttled, denied: awscloud.Denied}[fault(kind)]
						retry = fault(kind) != denied
					}
					out := e.Apply(t.Context(), "f1", p, rec)
					if out.State != Stopped || out.Kind != wantKind || out.Retry() != retry || len(out.Done) != step-1 || len(out.Unknown) != unknown {
						t.Fatalf("the fault: %+v", out)
					}
					if len(out.Done)+len(out.Unknown)+len(out.Left) != len(p.Steps) {
						t.Errorf("steps do not add up: %+v", out)
					}
					out = e.Apply(t.Context(), "f1", p, rec)
					if out.State != Applied || len(out.Done) != len(p.Steps) {
						t.Fatalf("carrying on: %+v", out)
					}
					if got := d.state(); !slices.Equal(got, want) {
						t.Errorf("state\n got  %s\n want %s", strings.Join(got, "\n      "), strings.Join(want, "\n      "))
					}
					if len(d.sent) != len(p.Steps) {
						t.Errorf("%d calls took effect, want %d: %v", len(d.sent), len(p.Steps), d.sent)
					}
					if d.session != "zesei-f1" {
						t.Errorf("session %q", d.session)
					}
					if again := e.Apply(t.Context(), "f1", p, rec); again.State != Applied || len(d.sent) != len(p.Steps) {
						t.Errorf("applying what is applied: %+v", again)
					}
					d.after = nil
					if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != Applied {
						t.Fatalf("undo: %+v", out)
					}
					if got := d.state(); !slices.Equal(got, before) {
						t.Errorf("after undo\n got  %s\n want %s", strings.Join(got, "\n      "), strings.Join(before, "\n      "))
					}
				})
			}
		}
	}
}

func TestEveryFaultAtEveryStepOfUndo(t *testing.T) {
	for step := 1; step <= 3; step++ {
		for _, kind := range []string{"crash after intended", "crash after sent", string(lostAnswer), string(noEffect), string(throttled)} {
			t.Run(fmt.Sprintf("step %d, %s", step, kind), func(t *testing.T) {
				d := doubleOf(theHole())
				before := d.state()
				p := planFor(t, d.res, "", "EC2.13", "EC2.54")
				e, _ := engineOf(t, d)
				if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
					t.Fatalf("%+v", out)
				}
				rec := &memory{}
				switch kind {
				case "crash after intended":
					rec.crashIntended = step
				case "crash after sent":
					rec.crashDone = step
				default:
					d.faults[d.calls+step] = fault(kind)
				}
				if out := e.Undo(t.Context(), "f1", p, rec); out.State != Stopped {
					t.Fatalf("the fault: %+v", out)
				}
				if out := e.Undo(t.Context(), "f1", p, rec); out.State != Applied {
					t.Fatalf("carrying on: %+v", out)
				}
				if got := d.state(); !slices.Equal(got, before) {
					t.Errorf("after undo\n got  %s\n want %s", strings.Join(got, "\n      "), strings.Join(before, "\n      "))
				}
			})
		}
	}
}

func TestUndoOfAHalfAppliedPlan(t *testing.T) {
	for step := 1; step <= 3; step++ {
		d := doubleOf(theHole())
		before := d.state()
		p := planFor(t, d.res, "", "EC2.13", "EC2.54")
		e, _ := engineOf(t, d)
		d.faults[step] = denied
		e.Apply(t.Context(), "f1", p, &memory{})
		if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != Applied {
			t.Fatalf("%+v", out)
		}
		if got := d.state(); !slices.Equal(got, before) {
			t.Errorf("stopped at step %d: after undo\n got  %s\n want %s", step, strings.Join(got, "\n      "), strings.Join(before, "\n      "))
		}
	}
}

func TestNothingIsSentWhenTheResourceChanged(t *testing.T) {
	edit := func(id string, change func(*live.SecurityGroupRule)) func(*double) {
		return func(d *double) {
			rules := slices.Clone(d.groupRules())
			for i := range rules {
				if rules[i].ID == id {
					change(&rules[i])
				}
			}
			d.setRules(rules)
		}
	}
	drop := func(id string) func(*double) {
		return func(d *double) {
			d.setRules(slices.DeleteFunc(slices.Clone(d.groupRules()), func(r live.SecurityGroupRule) bool { return r.ID == id }))
		}
	}
	add := func(r live.SecurityGroupRule) func(*double) {
		return func(d *double) { d.setRules(append(slices.Clone(d.groupRules()), r)) }
	}
	outbound := rule("sgr-out", "-1", -1, -1, "0.0.0.0/0")
	outbound.Egress = true
	for _, c := range []struct {
		name    string
		change  func(*double)
		refused string
	}{
		{"nothing", func(*double) {}, ""},
		{"a rule that is to go is narrowed under the same id", edit("sgr-wide", func(r *live.SecurityGroupRule) { r.CIDRIPv4 = "10.0.0.0/8" }), "sgr-wide"},
		{"a description that undo would write back", edit("sgr-wide", func(r *live.SecurityGroupRule) { r.Description = "kept on purpose" }), "sgr-wide"},
		{"a tag that undo would write back", edit("sgr-wide", func(r *live.SecurityGroupRule) { r.Tags = map[string]string{"keep": "yes"} }), "sgr-wide"},
		{"a rule that is to go is gone", drop("sgr-tcp"), "sgr-tcp"},
		{"an innocent rule of the world is gone", drop("sgr-https"), "sgr-https"},
		{"another rule is open to the world", add(rule("sgr-x", "tcp", 3306, 3306, "0.0.0.0/0")), "sgr-x"},
		{"a part that the plan adds stands already", add(rule("sgr-x", "tcp", 20, 21, "0.0.0.0/0")), "sgr-x"},
		{"a rule from inside, on which nothing depends", add(rule("sgr-x", "tcp", 22, 22, "10.1.0.0/16")), ""},
		{"an outbound rule", add(outbound), ""},
		{"a stack took it over", func(d *double) { d.res.Tags = map[string]string{"aws:cloudformation:stack-name": "shop"} }, "shop"},
		{"its tags are unread now", func(d *double) { d.res.TagsUnread = true }, "tags"},
		{"its rules are unread now", func(d *double) { delete(d.res.Facts, live.FactRules) }, "rules"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := doubleOf(theHole())
			p := planFor(t, d.res, "", "EC2.13")
			c.change(d)
			e, _ := engineOf(t, d)
			out := e.Apply(t.Context(), "f1", p, &memory{})
			if c.refused == "" {
				if out.State != Applied {
					t.Fatalf("%+v", out)
				}
				return
			}
			if out.State != Refused || !strings.Contains(out.Why.EN, c.refused) || out.Why.JA == "" || out.Retry() || d.calls != 0 {
				t.Errorf("%+v after %d calls", out, d.calls)
			}
		})
	}
}

func TestAChangeBetweenStepsIsSeenOnCarryingOn(t *testing.T) {
	d := doubleOf(theHole())
	p := planFor(t, d.res, "", "EC2.13")
	e, _ := engineOf(t, d)
	rec := &memory{}
	d.faults[2] = throttled
	e.Apply(t.Context(), "f1", p, rec)
	d.setRules(append(slices.Clone(d.groupRules()), rule("sgr-x", "tcp", 22, 22, "::/0")))
	out := e.Apply(t.Context(), "f1", p, rec)
	if out.State != Refused || len(out.Done) != 1 || d.calls != 2 {
		t.Errorf("%+v after %d calls", out, d.calls)
	}
}

func TestAPlanForSuggestionIsNeverApplied(t *testing.T) {
	d := doubleOf(theHole())
	req := request(d.res, "EC2.13")
	req.IaC = "terraform"
	p := prepare(t, "security-group-ingress", req)
	e, _ := engineOf(t, d)
	if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Refused || d.calls+d.reads != 0 {
		t.Errorf("%+v", out)
	}
}

func TestAGroupThatIsGone(t *testing.T) {
	d := doubleOf(theHole())
	p := planFor(t, d.res, "", "EC2.13")
	d.readErr = []error{&resource.NotFoundError{Ref: p.Ref}, &resource.NotFoundError{Ref: p.Ref}}
	e, _ := engineOf(t, d)
	if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Gone || d.calls != 0 {
		t.Errorf("apply: %+v", out)
	}
	if v := e.Verify(t.Context(), p, nil); !v.Gone || v.State != Passed {
		t.Errorf("verify: %+v", v)
	}
}

func TestARefusedReadChangesNothing(t *testing.T) {
	d := doubleOf(theHole())
	p := planFor(t, d.res, "", "EC2.13")
	d.readErr = []error{apiError("UnauthorizedOperation")}
	e, _ := engineOf(t, d)
	if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Stopped || out.Retry() || d.calls != 0 {
		t.Errorf("%+v", out)
	}
}

// A read that is behind shows a revoked rule still there: EC2's own answers then
// say what is done.
func TestCarryingOnWithAReadThatIsBehind(t *testing.T) {
	old := doubleOf(theHole()).res
	for _, how := range []string{"revoke", "narrow"} {
		d := doubleOf(theHole())
		p := planFor(t, d.res, how, "EC2.13", "EC2.54")
		for step := range p.Steps {
			d := doubleOf(theHole())
			e, _ := engineOf(t, d)
			rec := &memory{crashDone: step + 1}
			e.Apply(t.Context(), "f1", p, rec)
			d.stale = []resource.Resource{old}
			if out := e.Apply(t.Context(), "f1", p, rec); out.State != Applied {
				t.Fatalf("%s, step %d: %+v", how, step+1, out)
			}
			if v := e.Verify(t.Context(), p, nil); v.State != Passed || len(v.Missing) != 0 {
				t.Errorf("%s, step %d: %+v", how, step+1, v)
			}
		}
	}
}

func TestVerify(t *testing.T) {
	before := doubleOf(theHole()).res
	for _, c := range []struct {
		name   string
		change func(*double)
		want   VerdictState
		reads  int
		says   string
	}{
		{"closed", func(*double) {}, Passed, 1, ""},
		{"one read is behind", func(d *double) { d.stale = []resource.Resource{before} }, Passed, 2, ""},
		{"every read is behind", func(d *double) {
			for range 9 {
				d.stale = append(d.stale, before)
			}
		}, Unknown, 7, "before the fix"},
		{"throttled once", func(d *double) { d.readErr = []error{apiError("RequestLimitExceeded")} }, Passed, 2, ""},
		{"throttled for a minute", func(d *double) {
			for range 9 {
				d.readErr = append(d.readErr, apiError("RequestLimitExceeded"))
			}
		}, Unknown, 7, "RequestLimitExceeded"},
		{"refused", func(d *double) { d.readErr = []error{apiError("UnauthorizedOperation")} }, Unknown, 1, "UnauthorizedOperation"},
		{"opened again by somebody", func(d *double) {
			d.setRules(append(slices.Clone(d.groupRules()), rule("sgr-x", "tcp", 22, 22, "::/0")))
		}, Failed, 1, "EC2.13"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := doubleOf(theHole())
			p := planFor(t, d.res, "", "EC2.13")
			e, slept := engineOf(t, d)
			if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
				t.Fatalf("%+v", out)
			}
			c.change(d)
			v := e.Verify(t.Context(), p, []string{"EC2.19", "EC2.18"})
			if v.State != c.want || v.Reads != c.reads || !strings.Contains(v.Why.EN, c.says) {
				t.Errorf("%s after %d reads: %s", v.State, v.Reads, v.Why)
			}
			if *slept > time.Minute || c.reads == 7 && *slept != time.Minute {
				t.Errorf("waited %s", *slept)
			}
			if c.want == Passed && (len(v.Controls) != 3 || v.Controls["EC2.18"].Status == "" || v.Resource.ID != "sg-1") {
				t.Errorf("controls: %v", v.Controls)
			}
		})
	}
}

func TestPartsThatDoNotShowAreWaitedForAndThenTold(t *testing.T) {
	d := doubleOf(theHole())
	p := planFor(t, d.res, "", "EC2.13")
	e, _ := engineOf(t, d)
	if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
		t.Fatalf("%+v", out)
	}
	without := doubleOf(d.res)
	without.setRules(slices.DeleteFunc(slices.Clone(d.groupRules()), func(r live.SecurityGroupRule) bool { return r.CIDRIPv4 == "0.0.0.0/0" && *r.FromPort == 20 }))
	d.stale = []resource.Resource{without.res}
	if v := e.Verify(t.Context(), p, nil); v.State != Passed || v.Reads != 2 || len(v.Missing) != 0 {
		t.Errorf("late: %+v", v)
	}
	e, _ = engineOf(t, without)
	if v := e.Verify(t.Context(), p, nil); v.State != Passed || v.Reads != 7 || len(v.Missing) != 1 {
		t.Errorf("never: %s after %d reads, missing %v", v.State, v.Reads, v.Missing)
	}
}

// racing adds an entry just before the first call goes out, as another person
// might.
type racing struct {
	memory
	race func()
}

func (r *racing) Intended(ctx context.Context, i int, s Step) error {
	if r.race != nil {
		r.race()
		r.race = nil
	}
	return r.memory.Intended(ctx, i, s)
}

// EC2 refuses a whole call for one entry that stands already: the others are
// still made.
func TestOneEntryThatStandsDoesNotStopTheOthers(t *testing.T) {
	d := doubleOf(theHole())
	p := planFor(t, d.res, "narrow", "EC2.13")
	e, _ := engineOf(t, d)
	rec := &racing{race: func() {
		d.setRules(append(slices.Clone(d.groupRules()), rule("sgr-x", "udp", 0, 65535, "::/0")))
	}}
	if out := e.Apply(t.Context(), "f1", p, rec); out.State != Applied {
		t.Fatalf("%+v", out)
	}
	if v := e.Verify(t.Context(), p, nil); v.State != Passed || v.Reads != 1 || len(v.Missing) != 0 {
		t.Errorf("%+v", v)
	}
}

func TestVerifyingOutboundIsByTheEntries(t *testing.T) {
	out := rule("sgr-out", "tcp", 20, 25, "0.0.0.0/0")
	out.Egress = true
	d := doubleOf(group(out))
	req := request(d.res, "EC2.13")
	req.With = map[string]string{"direction": "outbound"}
	p := prepare(t, "security-group-ingress", req)
	e, _ := engineOf(t, d)
	if v := e.Verify(t.Context(), p, nil); v.State != Unknown {
		t.Errorf("before: %+v", v)
	}
	if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
		t.Fatalf("%+v", out)
	}
	if v := e.Verify(t.Context(), p, nil); v.State != Passed || v.Reads != 1 {
		t.Errorf("after: %+v", v)
	}
}

func TestRepairGivesBackOnlyWhatTheFixTookAway(t *testing.T) {
	lose := func(id string, cidr string) func(*double) {
		return func(d *double) {
			d.setRules(slices.DeleteFunc(slices.Clone(d.groupRules()), func(r live.SecurityGroupRule) bool {
				return r.ID == id || id == "" && r.CIDRIPv4 == cidr && *r.FromPort == 20
			}))
		}
	}
	for _, c := range []struct {
		name   string
		change func(*double)
		blame  string // a rule id that AWS named in its answer to the first step
		want   []string
	}{
		{"nothing is lost", func(*double) {}, "", nil},
		{"a part that should stand is not there", lose("", "0.0.0.0/0"), "", []string{"tcp 20-21 0.0.0.0/0"}},
		{"somebody else removed an innocent rule", lose("sgr-https", ""), "", nil},
		{"a step removed an innocent rule", lose("sgr-https", ""), "sgr-https", []string{"tcp 443 0.0.0.0/0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := doubleOf(theHole())
			p := planFor(t, d.res, "", "EC2.13")
			e, _ := engineOf(t, d)
			rec := &memory{}
			if out := e.Apply(t.Context(), "f1", p, rec); out.State != Applied {
				t.Fatalf("%+v", out)
			}
			want := d.state()
			c.change(d)
			if c.blame != "" {
				rec.records[0].Result.RuleIDs = append(rec.records[0].Result.RuleIDs, c.blame)
			}
			lost, out := e.Repair(t.Context(), "f1", p, rec.records, &memory{})
			if out.State != Applied {
				t.Fatalf("%+v", out)
			}
			var got []string
			for _, r := range lost {
				got = append(got, r.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("lost %q, want %q", got, c.want)
			}
			if len(c.want) > 0 && !slices.Equal(d.state(), want) {
				t.Errorf("after repair: %v", d.state())
			}
			if v := e.Verify(t.Context(), p, nil); v.State != Passed {
				t.Errorf("what the control forbids is open again: %+v", v)
			}
		})
	}
}

func TestRepairNeverRestoresWhatTheControlForbids(t *testing.T) {
	d := doubleOf(group(rule("sgr-ssh", "tcp", 22, 22, "0.0.0.0/0"), rule("sgr-wide", "tcp", 20, 25, "0.0.0.0/0")))
	p := planFor(t, d.res, "exact", "EC2.13") // skips the wide entry
	e, _ := engineOf(t, d)
	rec := &memory{}
	if out := e.Apply(t.Context(), "f1", p, rec); out.State != Applied {
		t.Fatalf("%+v", out)
	}
	d.setRules(nil)
	rec.records[0].Result.RuleIDs = []string{"sgr-ssh", "sgr-wide"}
	if lost, out := e.Repair(t.Context(), "f1", p, rec.records, &memory{}); len(lost) != 0 || out.State != Applied || len(d.groupRules()) != 0 {
		t.Errorf("%v %+v", lost, out)
	}
}

func TestRepairAfterAStopGivesNothingBackThatStands(t *testing.T) {
	d := doubleOf(theHole())
	p := planFor(t, d.res, "", "EC2.13")
	e, _ := engineOf(t, d)
	rec := &memory{}
	d.faults[3] = denied // parts added, the wide rule not yet revoked
	e.Apply(t.Context(), "f1", p, rec)
	calls := d.calls
	lost, out := e.Repair(t.Context(), "f1", p, rec.records, &memory{})
	if len(lost) != 0 || out.State != Applied || d.calls != calls {
		t.Errorf("%v %+v", lost, out)
	}
}

func TestTheDefaultGroupThereAndBack(t *testing.T) {
	out := rule("sgr-out", "-1", -1, -1, "0.0.0.0/0")
	out.Egress = true
	r := group(rule("sgr-self", "-1", -1, -1, "sg-1"), rule("sgr-list", "tcp", 80, 80, "pl-1"), out)
	r.Facts[live.FactDefault] = true
	d := doubleOf(r)
	before := d.state()
	e, _ := engineOf(t, d)
	p := prepare(t, "default-security-group", request(d.res, "EC2.2"))
	rec := &memory{}
	d.faults[2] = lostAnswer
	e.Apply(t.Context(), "f1", p, rec)
	if out := e.Apply(t.Context(), "f1", p, rec); out.State != Applied {
		t.Fatalf("%+v", out)
	}
	if len(d.state()) != 0 {
		t.Errorf("rules are left: %v", d.state())
	}
	if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != Applied || !slices.Equal(d.state(), before) {
		t.Errorf("undo: %+v %v", out, d.state())
	}
	d.setRules(r.Facts[live.FactRules].([]live.SecurityGroupRule))
	d.res.Facts[live.FactInterfaces] = live.Interfaces{IDs: []string{"eni-1"}}
	if out := e.Apply(t.Context(), "f2", p, &memory{}); out.State != Refused {
		t.Errorf("a group that came into use: %+v", out)
	}
}

func TestBucketsThereAndBack(t *testing.T) {
	some := map[string]any{"BlockPublicAcls": true}
	for _, c := range []struct {
		name, remedy string
		properties   map[string]any
		sent         string
	}{
		{"encryption", "s3-encryption", map[string]any{}, "PutBucketEncryption DeleteBucketEncryption"},
		{"versioning", "s3-versioning", map[string]any{"VersioningConfiguration": map[string]any{"Status": "Suspended"}}, "PutBucketVersioning PutBucketVersioning"},
		{"block", "s3-public-access-block", map[string]any{}, "PutPublicAccessBlock DeletePublicAccessBlock"},
		{"block, some before", "s3-public-access-block", map[string]any{"PublicAccessBlockConfiguration": some}, "PutPublicAccessBlock PutPublicAccessBlock"},
	} {
		for _, kind := range []fault{"", lostAnswer, noEffect, throttled} {
			t.Run(c.name+" "+string(kind), func(t *testing.T) {
				properties := map[string]any{}
				for k, v := range c.properties {
					properties[k] = v
				}
				d := doubleOf(bucketOf(properties, nil))
				e, _ := engineOf(t, d)
				p := prepare(t, c.remedy, request(d.res, "S3.8"))
				rec, undo := &memory{}, &memory{}
				if kind != "" {
					d.faults[1] = kind
					if out := e.Apply(t.Context(), "f1", p, rec); out.State != Stopped {
						t.Fatalf("%+v", out)
					}
				}
				if out := e.Apply(t.Context(), "f1", p, rec); out.State != Applied {
					t.Fatalf("%+v", out)
				}
				if v := e.Verify(t.Context(), p, nil); v.State != Passed {
					t.Errorf("%+v", v)
				}
				if kind != "" {
					d.faults[d.calls+1] = kind
					if out := e.Undo(t.Context(), "f1", p, undo); out.State != Stopped {
						t.Fatalf("%+v", out)
					}
				}
				if out := e.Undo(t.Context(), "f1", p, undo); out.State != Applied {
					t.Fatalf("undo: %+v", out)
				}
				if got := strings.Join(d.sent, " "); got != c.sent {
					t.Errorf("sent %s, want %s", got, c.sent)
				}
			})
		}
	}
}

func TestVersioningStaysWhereObjectsHaveVersions(t *testing.T) {
	for name, listed := range map[string]s3.ListObjectVersionsOutput{
		"a version":                   {Versions: []s3types.ObjectVersion{{VersionId: aws.String("null")}, {VersionId: aws.String("3HL4kqtJ")}}},
		"a delete marker":             {DeleteMarkers: []s3types.DeleteMarkerEntry{{VersionId: aws.String("x")}}},
		"more objects than one page":  {IsTruncated: aws.Bool(true)},
		"only objects without (none)": {Versions: []s3types.ObjectVersion{{VersionId: aws.String("null")}}},
	} {
		d := doubleOf(bucketOf(nil, nil))
		d.s3 = listed
		e, _ := engineOf(t, d)
		p := prepare(t, "s3-versioning", request(d.res, "S3.14"))
		if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
			t.Fatalf("%+v", out)
		}
		want := Refused
		if strings.HasSuffix(name, "(none)") {
			want = Applied
		}
		if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != want || want == Refused && !strings.Contains(out.Why.EN, "versions") {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

func TestUndoWritesOverNobodysWork(t *testing.T) {
	d := doubleOf(bucketOf(nil, nil))
	e, _ := engineOf(t, d)
	p := prepare(t, "s3-encryption", request(d.res, "S3.4"))
	if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
		t.Fatalf("%+v", out)
	}
	d.res.Properties["BucketEncryption"] = map[string]any{"ServerSideEncryptionConfiguration": []any{map[string]any{"ServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "aws:kms"}}}}
	if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != Refused || len(d.sent) != 1 {
		t.Errorf("%+v %v", out, d.sent)
	}
}

func TestTheRecordComesFirst(t *testing.T) {
	d := doubleOf(theHole())
	p := planFor(t, d.res, "", "EC2.13")
	e, _ := engineOf(t, d)
	rec := &memory{crashIntended: 1}
	out := e.Apply(t.Context(), "f1", p, rec)
	if out.State != Stopped || !errors.Is(out.Err, errCrash) || d.calls != 0 {
		t.Errorf("%+v after %d calls", out, d.calls)
	}
	if string(rec.steps[0].Params) != string(p.Steps[0].Params) {
		t.Errorf("recorded %s", rec.steps[0].Params)
	}
}

func TestShuttingDownStillRecordsWhatAWSConfirmed(t *testing.T) {
	d := doubleOf(theHole())
	p := planFor(t, d.res, "revoke", "EC2.13")
	e, _ := engineOf(t, d)
	ctx, stop := context.WithCancel(t.Context())
	d.after = func(*double) { stop() }
	rec := &strict{}
	if e.Apply(ctx, "f1", p, rec); rec.records[0].State != Done {
		t.Errorf("%+v", rec.records)
	}
}

// strict refuses to record for a caller that has gone, as a database does.
type strict struct{ memory }

func (s *strict) Done(ctx context.Context, i int, r Result) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.memory.Done(ctx, i, r)
}
