// Package notifytest is the suite that every notify.Channel passes. It plays
// what happens to a message over its life, with faults, and looks at what a
// person who reads the channel has before them: each part once, saying the
// latest.
//
// A channel's test gives it a Harness: the channel, wired to a receiver on
// loopback, and a way to order trouble there.
package notifytest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
	"zesei/internal/notify"
)

// Fault is what happens to the next outward post or update.
type Fault string

// The faults.
const (
	Refused  Fault = "refused"     // a refusal that repeating does not cure; holds until Mend
	Busy     Fault = "busy"        // a server error before anything was done
	Limited  Fault = "limited"     // too many requests, wait 60 seconds
	LostPost Fault = "lost answer" // done, but the connection is cut before the answer
)

// Harness is a channel and its receiver.
type Harness struct {
	Channel notify.Channel
	Via     notify.Via
	Target  string
	Secret  string // must stand in no error
	// Order makes the next call fail so.
	Order func(Fault)
	// Mend ends a Refused.
	Mend func()
	// Standing is every message that a reader has before them, in the order of
	// their arrival. A receiver that is told to drop repeated ids has dropped
	// them.
	Standing func() []string
}

// Run plays the suite; open returns a fresh receiver each time.
func Run(t *testing.T, open func(*testing.T) Harness) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *play){
		"a message is posted once and an unchanged one never again": once,
		"a case that moves changes what stands":                     moves,
		"a fault before anything was done costs no message":         faultBefore,
		"a lost answer never doubles a message":                     lostAnswer,
		"a stop at any point never doubles or loses a message":      stopAnywhere,
		"a limit says how long to wait":                             limited,
		"a refusal is permanent and one clear line":                 refused,
		"text from outside forges nothing":                          outside,
		"a group is told, grows and ends":                           group,
		"what came above the budget is one ranked list":             ranked,
	} {
		t.Run(name, func(t *testing.T) { test(t, &play{Harness: open(t), t: t}) })
	}
}

// play is one message on a channel, stored the way a caller would.
type play struct {
	Harness
	t      *testing.T
	stored []byte // Told as JSON, as last recorded
}

var errStopped = errors.New("the process stops here")

func (p *play) told() notify.Told {
	var told notify.Told
	if len(p.stored) > 0 {
		if err := json.Unmarshal(p.stored, &told); err != nil {
			p.t.Fatalf("read back what was told: %v", err)
		}
	}
	return told
}

// tell delivers what is to be told; stopAt > 0 lets the process die right after
// (or, with lose, right before) its stopAt-th record.
func (p *play) tell(m notify.Message, stopAt int, lose bool) error {
	p.t.Helper()
	n := 0
	record := func(told notify.Told) error {
		n++
		b, err := json.Marshal(told)
		if err != nil {
			p.t.Fatalf("write down what was told: %v", err)
		}
		if n == stopAt {
			if !lose {
				p.stored = b
			}
			return errStopped
		}
		p.stored = b
		return nil
	}
	told := p.told()
	after, err := p.Channel.Deliver(context.Background(), notify.Decide(m, told), told, record)
	if err == nil {
		if p.stored, err = json.Marshal(after); err != nil {
			p.t.Fatal(err)
		}
	}
	if err != nil && p.Secret != "" && strings.Contains(err.Error(), p.Secret) {
		p.t.Errorf("the error shows the secret: %v", err)
	}
	return err
}

func (p *play) mustTell(m notify.Message) {
	p.t.Helper()
	if err := p.tell(m, 0, false); err != nil {
		p.t.Fatalf("deliver: %v", err)
	}
}

func (p *play) wantStanding(n int) []string {
	p.t.Helper()
	got := p.Standing()
	if len(got) != n {
		p.t.Fatalf("%d messages stand, want %d:\n%s", len(got), n, strings.Join(got, "\n-----\n"))
	}
	return got
}

func (p *play) wantSettled(m notify.Message) {
	p.t.Helper()
	if a := notify.Decide(m, p.told()); len(a.List) > 0 {
		p.t.Errorf("after a delivery there is still to do: %s %s, %s", a.List[0].Do, a.List[0].Part, a.List[0].Why)
	}
}

func (p *play) message(names ...string) notify.Message {
	m := notify.Message{
		Key: "msg-1", Owner: "shop", Via: p.Via, Target: p.Target, Kind: notify.Cases, Language: "en",
		Zone: time.FixedZone("JST", 9*3600), Mention: []string{"U012AB3CD"},
		Control: notify.Control{
			ID: "EC2.19", TitleEN: "Security groups should not open high-risk ports", TitleJA: "セキュリティグループで高リスクのポートを開放しないでください",
			Severity: finding.Critical, Remediation: "https://docs.aws.amazon.com/console/securityhub/EC2.19/remediation",
		},
	}
	for _, name := range names {
		m.Cases = append(m.Cases, notify.Case{
			Key: "k" + name, Control: "EC2.19", AccountID: "111122223333", AccountName: "shop-prod", Region: "ap-northeast-1",
			Resource: "arn:aws:ec2:ap-northeast-1:111122223333:security-group/" + name, ResourceName: name,
			ResourceType: "AWS::EC2::SecurityGroup", Severity: finding.Critical, State: notify.Open,
			Due: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC),
		})
	}
	return m
}

func closeCase(m notify.Message, i int) notify.Message {
	m.Cases = append([]notify.Case(nil), m.Cases...)
	m.Cases[i].State, m.Cases[i].Reason = notify.Closed, "fixed"
	m.Cases[i].ClosedAt = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	return m
}
