package audit_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/audit"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/store"
)

// eventful gives case 0 everything that a case can have: findings, a decision, a
// message, a ticket, an exception that was asked for, approved and ended, and a
// fix with its calls, the states before and after, a verification and an undo.
func (s *scene) eventful() (exceptionID, fixID string) {
	s.t.Helper()
	ctx := context.Background()
	must := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
		s.now = s.now.Add(time.Minute)
	}
	rules := *s.work.Rules()
	rules.Tracker = func(string) (string, string, bool) { return "redmine", "shop", true }
	s.work.Use(&rules)
	s.fails(0, 1)
	f := s.file(0)
	must(s.work.Told(ctx, 1, json.RawMessage(`{"channel":"C1","ts":"1793.000100"}`), true))
	must(s.work.KeepTicket(ctx, 1, casework.TicketState{Key: "17", Open: true, Known: json.RawMessage(`{"key":"17","url":"https://redmine.example.com/issues/17","said":1}`)}, time.Time{},
		&casework.TicketStep{What: "create", Why: "first ticket", URL: "https://redmine.example.com/issues/17", Cases: []string{store.ShortKey(f.Key)}}))
	must(s.work.KeepTicket(ctx, 1, casework.TicketState{Key: "17", Open: true, Known: json.RawMessage(`{"key":"17","url":"https://redmine.example.com/issues/17","said":1}`)}, time.Time{},
		&casework.TicketStep{What: "comment", Why: "to be told: due", URL: "https://redmine.example.com/issues/17", Cases: []string{store.ShortKey(f.Key)}}))

	x, err := s.work.AskException(ctx, casework.Person{ID: "cli:hanako"}, casework.Ask{Case: f.ID, Reason: "a <test> & more", Evidence: "https://wiki.example.com/x", Until: s.now.Add(24 * time.Hour)})
	must(err)
	_, err = s.work.ApproveException(ctx, casework.Person{ID: "cli:taro", Approver: true}, x.ID)
	must(err)
	s.now = x.ExpiresAt.Add(time.Minute)
	must(s.work.Tick(ctx, fmt.Sprint(f.ID)))

	plan := `{"steps":[{"operation":"RevokeSecurityGroupIngress","input":{"GroupId":"sg-0"},"inverse":"AuthorizeSecurityGroupIngress"}],"prior":{"rules":10000000000000001}}`
	var plain any
	d := json.NewDecoder(strings.NewReader(plan))
	d.UseNumber()
	must(d.Decode(&plain))
	b, err := json.Marshal(plain)
	must(err)
	sum := sha256.Sum256(b)
	fix, err := s.work.Planned(ctx, store.Fix{State: store.FixWaiting, Mode: "approve", Remedy: "security-group-ingress", Account: f.Key.Account, Region: f.Key.Region, Resource: f.Key.Resource,
		Plan: json.RawMessage(plan), PlanHash: hex.EncodeToString(sum[:]), ExpiresAt: s.now.Add(time.Hour), Cases: []int64{f.ID}})
	must(err)
	_, err = s.work.ApproveFix(ctx, casework.Person{ID: "cli:taro", Approver: true}, fix.ID, fix.PlanHash)
	must(err)
	_, err = s.work.StartFix(ctx, fix.ID)
	must(err)
	log := `{"calls":[{"operation":"RevokeSecurityGroupIngress","request_id":"req-1","outcome":"ok"}],"after":{"rules":0},"verdict":"passed"}`
	_, err = s.work.FixTo(ctx, fix.ID, store.FixVerified, "checked", json.RawMessage(log),
		[]casework.Verdict{{Control: "EC2.19", Verdict: casefile.Verdict{Status: finding.Passed, Why: "no rule is open", At: s.now}}})
	must(err)
	undo := strings.TrimSuffix(log, "}") + `,"undo":[{"operation":"AuthorizeSecurityGroupIngress","request_id":"req-2","outcome":"ok"}]}`
	_, err = s.work.StartUndo(ctx, casework.Person{ID: "cli:taro", Approver: true}, fix.ID, "the shop is down")
	must(err)
	_, err = s.work.Undone(ctx, casework.Person{ID: "cli:taro", Approver: true}, fix.ID, "the shop is down", json.RawMessage(undo))
	must(err)
	return x.ID, fix.ID
}

func TestAFileOfAnEventfulCaseHoldsEachThingAndProvesIt(t *testing.T) {
	s := newScene(t)
	x, fix := s.eventful()
	s.checkpoint()
	text := s.export(0)
	c, err := audit.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	v := audit.Verify(c, s.signer.Public())
	if v.Result() != "consistent and anchored" || v.Sealed == "" || len(v.Notes) != 0 {
		t.Errorf("%s, seal %q, broken %q, notes %q", v.Result(), v.Sealed, v.Broken, v.Notes)
	}
	if !slices.Equal(v.Plans, []string{fix}) || !slices.Equal(v.Exceptions, []string{x}) {
		t.Errorf("proved plans %q and exceptions %q", v.Plans, v.Exceptions)
	}
	for what, has := range map[string]bool{
		"the finding":                           len(c.Sources) == 1 && c.Sources[0].ID == "finding-0" && c.Sources[0].Status == finding.Failed,
		"the message and its id":                len(c.Messages) == 1 && !c.Messages[0].ToldAt.IsZero() && strings.Contains(string(c.Messages[0].Told), "1793.000100"),
		"the ticket":                            len(c.Tickets) == 1 && c.Tickets[0] == audit.Ticket{Tracker: "redmine", Project: "shop", Key: "17", URL: "https://redmine.example.com/issues/17", Owner: "shop", OpenedAt: start, Comments: 1},
		"the exception with asker and approver": len(c.Exceptions) == 1 && c.Exceptions[0].AskedBy == "cli:hanako" && c.Exceptions[0].ApprovedBy == "cli:taro" && c.Exceptions[0].Evidence != "",
		"the plan with the state before":        len(c.Fixes) == 1 && strings.Contains(string(c.Fixes[0].Plan), `10000000000000001`),
		"the approval of the fix":               c.Fixes[0].ApprovedBy == "cli:taro",
		"the call and AWS's answer":             strings.Contains(string(c.Fixes[0].Log), "req-1"),
		"the state after and the verification":  strings.Contains(string(c.Fixes[0].Log), `"after"`) && strings.Contains(string(c.Fixes[0].Log), `"passed"`),
		"the undo":                              c.Fixes[0].State == store.FixUndone && strings.Contains(string(c.Fixes[0].Log), "req-2"),
		"the checkpoint":                        c.Anchor != nil && c.Anchor.Checkpoint.Number == 1 && c.Anchor.Seq == int64(len(c.Chain)),
	} {
		if !has {
			t.Errorf("the file does not hold %s:\n%s", what, text)
		}
	}
	var chain, own []string
	for _, e := range c.Chain {
		chain = append(chain, e.Actor+" "+e.What)
	}
	for _, want := range []string{
		"zesei ticket made", "zesei ticket told", "cli:hanako exception asked", "cli:taro accepted", "zesei exception ended", "zesei fix waiting", "cli:taro fix approved",
		"zesei fix started", "zesei fix verified", "zesei closed", "cli:taro undo started", "cli:taro fix undone", "cli:taro reopened",
	} {
		if !slices.Contains(chain, want) {
			t.Errorf("the chain does not say %q: %q", want, chain)
		}
	}
	if opened := c.Chain[0]; opened.What != "opened" || !strings.Contains(string(opened.Data), "test \\u003crule\\u003e") && !strings.Contains(string(opened.Data), "test <rule>") {
		t.Errorf("the decision is not with the opening: %s", opened.Data)
	}
	for _, e := range c.ExceptionChains[0].Chain {
		own = append(own, e.Actor+" "+e.What)
	}
	if want := []string{"cli:hanako asked", "cli:taro approved", "zesei ended"}; !slices.Equal(own, want) {
		t.Errorf("the exception's own chain says %q, want %q", own, want)
	}
}

// Without a seal and without keys, what the chains and the checkpoint hold is
// proved, and the first wrong row is named.
func TestTheFirstWrongRowIsNamed(t *testing.T) {
	s := newScene(t)
	x, fix := s.eventful()
	s.checkpoint()
	s.signer = nil
	whole := s.export(0)
	c, err := audit.Read(whole)
	if err != nil {
		t.Fatal(err)
	}
	n := len(c.Chain)
	type change func(*audit.CaseFile)
	tests := map[string]struct {
		do   change
		want string
	}{
		"a row is missing":              {func(c *audit.CaseFile) { c.Chain = slices.Delete(c.Chain, 3, 4) }, "chain: entry 4: has sequence number 5"},
		"two rows have changed places":  {func(c *audit.CaseFile) { c.Chain[1], c.Chain[2] = c.Chain[2], c.Chain[1] }, "chain: entry 2: has sequence number 3"},
		"the last rows are missing":     {func(c *audit.CaseFile) { c.Chain = c.Chain[:n-2] }, fmt.Sprintf("checkpoint 1: it holds %d entries, the chain has %d", n, n-2)},
		"a row of another case":         {func(c *audit.CaseFile) { c.Chain[2].Case = strings.Repeat("0", 32) }, "chain: entry 3 is of another chain"},
		"a time below a millisecond":    {func(c *audit.CaseFile) { c.Chain[1].At = c.Chain[1].At.Add(1) }, "chain: entry 2: its time is finer than a millisecond"},
		"the plan":                      {func(c *audit.CaseFile) { c.Fixes[0].Plan = []byte(`{"steps":[]}`) }, "fix " + fix + ": its plan is not the one"},
		"who approved the exception":    {func(c *audit.CaseFile) { c.Exceptions[0].ApprovedBy = "cli:saburo" }, "exception " + x + ": its chain names another approver"},
		"until when it holds":           {func(c *audit.CaseFile) { c.Exceptions[0].ExpiresAt = c.Exceptions[0].ExpiresAt.AddDate(1, 0, 0) }, "exception " + x + ": its chain names another end"},
		"a row of the exception":        {func(c *audit.CaseFile) { c.ExceptionChains[0].Chain[1].Actor = "cli:saburo" }, "exception " + x + ": chain: entry 2 (approved, "},
		"the exception's chain is gone": {func(c *audit.CaseFile) { c.ExceptionChains[0].Chain = c.ExceptionChains[0].Chain[:2] }, "exception " + x + ": "},
		"the exception's place":         {func(c *audit.CaseFile) { c.ExceptionChains[0].Anchor.Index ^= 1 }, "exception " + x + ": checkpoint 1: the proof does not lead"},
	}
	for i := range c.Chain {
		row := fmt.Sprintf("chain: entry %d (%s, ", i+1, c.Chain[i].What)
		for what, do := range map[string]change{
			"actor": func(c *audit.CaseFile) { c.Chain[i].Actor = "cli:saburo" },
			"why":   func(c *audit.CaseFile) { c.Chain[i].Why += "." },
			"time":  func(c *audit.CaseFile) { c.Chain[i].At = c.Chain[i].At.Add(time.Millisecond) },
			"data":  func(c *audit.CaseFile) { c.Chain[i].Data = []byte(`{"x":1}`) },
			"hash":  func(c *audit.CaseFile) { c.Chain[i].Hash[0] ^= 1 },
		} {
			tests[fmt.Sprintf("the %s of row %d", what, i+1)] = struct {
				do   change
				want string
			}{do, row}
		}
	}
	for name, test := range tests {
		c, err := audit.Read(whole)
		if err != nil {
			t.Fatal(err)
		}
		test.do(c)
		if v := audit.Verify(c); v.Consistent() || !strings.HasPrefix(v.Broken[0], test.want) {
			t.Errorf("%s: %s, broken %q; want %q first", name, v.Result(), v.Broken, test.want)
		}
	}
}

// Whatever byte of a sealed file is changed: it is no case file any more, it is
// broken, or it says the same (white space, the case of a member's name).
func TestNoByteOfASealedFileCanBeChanged(t *testing.T) {
	s := newScene(t)
	s.eventful()
	s.checkpoint()
	whole := s.export(0)
	first, err := audit.Read(whole)
	if err != nil {
		t.Fatal(err)
	}
	same, err := first.Write()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(whole); i += 3 { // no value is so short that all of it is passed over
		changed := slices.Clone(whole)
		changed[i] ^= 1
		c, err := audit.Read(changed)
		if err != nil || !audit.Verify(c, s.signer.Public()).Consistent() {
			continue
		}
		if is, err := c.Write(); err != nil || string(is) != string(same) {
			t.Fatalf("byte %d (%q) was changed and the file is believed", i, whole[max(0, i-20):min(len(whole), i+20)])
		}
	}
}

// An exception that covers many cases is proved in the file of each.
func TestAWideExceptionIsProvedWithEachCaseThatItCovers(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	s.fails(0, 2)
	x, err := s.work.AskException(ctx, casework.Person{ID: "cli:hanako"}, casework.Ask{Scope: store.Scope{Account: "111122223333", Control: "EC2.19"}, Reason: "until the move", Until: s.now.Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.work.ApproveException(ctx, casework.Person{ID: "cli:taro", Approver: true}, x.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.work.ExceptionJob(ctx, x.ID); err != nil {
		var later *job.LaterError
		if !errors.As(err, &later) {
			t.Fatal(err)
		}
	}
	if c := s.checkpoint(); c.Chains != 3 {
		t.Errorf("the checkpoint holds %d chains, want those of two cases and an exception", c.Chains)
	}
	for i := range 2 {
		c, err := audit.Read(s.export(i))
		if err != nil {
			t.Fatal(err)
		}
		if c.Standing.State != casefile.Accepted || len(c.Exceptions) != 1 || c.Exceptions[0].AskedBy != "cli:hanako" || c.Exceptions[0].ApprovedBy != "cli:taro" {
			t.Errorf("case %d is %s, its exceptions %+v", i, c.Standing.State, c.Exceptions)
		}
		if v := audit.Verify(c, s.signer.Public()); v.Result() != "consistent and anchored" || !slices.Equal(v.Exceptions, []string{x.ID}) {
			t.Errorf("case %d: %s %q, proved exceptions %q", i, v.Result(), v.Broken, v.Exceptions)
		}
	}
	if err := s.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE exception_audit SET actor = 'cli:saburo', hash = zeroblob(32) WHERE what = 'approved'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.exporter().Export(ctx, s.file(0)); err == nil {
		t.Error("an exception was approved by another in the store, and the case is exported")
	}
	var broken *audit.BrokenError
	if _, err := audit.Make(ctx, s.db, s.signer, s.now.Add(time.Hour)); !errors.As(err, &broken) {
		t.Errorf("an exception's chain was changed and the next checkpoint is made: %v", err)
	}
}
