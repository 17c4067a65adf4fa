package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

func said(id string, at time.Time) casefile.Statement {
	return casefile.Statement{
		Source:  finding.Source{ProductARN: "arn:aws:securityhub:ap-northeast-1::product/aws/securityhub", ID: id},
		Account: "111122223333", Region: "ap-northeast-1", Status: finding.Failed, RecordState: finding.Active, Workflow: finding.New,
		Severity: finding.High, Standards: []string{"fsbp", "cis-1.4"}, ObservedAt: at,
	}
}

// findings: what sources said, and when.
var findings = []scene{
	{"the last word of each source is kept with its case", func(s *stage) {
		f := one(1)
		s.save(f)
		a, b := said("a", now), said("b", now.Add(time.Minute))
		s.update(func(tx *store.Tx) error {
			return errors.Join(store.SaveSource(s.ctx, tx, f.ID, a), store.SaveSource(s.ctx, tx, f.ID, b))
		})
		a.Status, a.Workflow, a.ObservedAt = finding.Passed, finding.Resolved, now.Add(time.Hour)
		s.update(func(tx *store.Tx) error { return store.SaveSource(s.ctx, tx, f.ID, a) })
		got, err := store.CasesByID(s.ctx, s.db.View(), []int64{f.ID})
		s.fatal(err)
		for _, want := range []casefile.Statement{a, b} {
			if is := got[0].Sources[want.Source.Hash()]; fmt.Sprintf("%+v", is) != fmt.Sprintf("%+v", want) {
				s.Errorf("read\n%+v\nwritten\n%+v", is, want)
			}
		}
	}},
	{"an unchanged finding moves its times only, and never back", func(s *stage) {
		f, st := one(1), said("a", now)
		h := st.Source.Hash()
		s.save(f)
		s.update(func(tx *store.Tx) error {
			return errors.Join(store.SaveSource(s.ctx, tx, f.ID, st), store.SaveSeen(s.ctx, tx, h, store.Seen{Content: [16]byte{7}, ObservedAt: now}, now))
		})
		touch := func(observed, at time.Time) {
			s.Helper()
			s.update(func(tx *store.Tx) error { return store.Touch(s.ctx, tx, [][16]byte{h}, []time.Time{observed}, at) })
		}
		touch(now.Add(time.Hour), now.Add(2*time.Hour))
		touch(now.Add(-time.Hour), now.Add(3*time.Hour))
		seen, err := store.SeenBy(s.ctx, s.db.View(), [][16]byte{h, {1}})
		s.fatal(err)
		if len(seen) != 1 || seen[h] != (store.Seen{Content: [16]byte{7}, ObservedAt: now.Add(time.Hour)}) {
			s.Errorf("seen is %v", seen)
		}
		list, _, err := store.List(s.ctx, s.db.View(), store.Filter{})
		s.fatal(err)
		if !list[0].LastSeen.Equal(now.Add(3*time.Hour)) || !list[0].Sources[h].ObservedAt.Equal(now.Add(time.Hour)) || len(list[0].Products) != 1 {
			s.Errorf("listed as last seen %s, its source at %s, by %v", list[0].LastSeen, list[0].Sources[h].ObservedAt, list[0].Products)
		}
		s.update(func(tx *store.Tx) error { return store.Touch(s.ctx, tx, nil, nil, now) })
	}},
	{"an older pass does not replace a newer one", func(s *stage) {
		h := [16]byte{1}
		s.update(func(tx *store.Tx) error {
			return errors.Join(store.SavePass(s.ctx, tx, store.Pass{Hash: h, Status: "PASSED", ObservedAt: now}),
				store.SavePass(s.ctx, tx, store.Pass{Hash: h, Status: "WARNING", ObservedAt: now.Add(-time.Hour)}))
		})
		var status string
		s.fatal(s.db.View().QueryRowContext(s.ctx, `SELECT status FROM passes`).Scan(&status))
		if status != "PASSED" {
			s.Errorf("it is %s", status)
		}
		among, err := store.PassesAmong(s.ctx, s.db.View(), [][16]byte{h, {2}})
		if err != nil || len(among) != 1 || !among[h] {
			s.Errorf("%v %v", among, err)
		}
		s.update(func(tx *store.Tx) error { return store.DeletePass(s.ctx, tx, h) })
		if among, _ = store.PassesAmong(s.ctx, s.db.View(), [][16]byte{h}); len(among) != 0 {
			s.Error("it is still there")
		}
	}},
	{"the first time is kept", func(s *stage) {
		for i, want := range []time.Time{now, now} {
			s.update(func(tx *store.Tx) error {
				at, err := store.First(s.ctx, tx, "account", "a", now.Add(time.Duration(i)*time.Hour))
				if !at.Equal(want) {
					s.Errorf("the first time is %s, want %s", at, want)
				}
				return err
			})
		}
	}},
	{"counters add up and leave out what is zero", func(s *stage) {
		count := func(state string, n int) {
			s.update(func(tx *store.Tx) error { return store.Count(s.ctx, tx, "a", "shop", 4, state, "track", n) })
		}
		count("open", 3)
		count("open", -2)
		count("closed", 2)
		count("closed", -2)
		got, err := store.Tallies(s.ctx, s.db.View())
		s.fatal(err)
		if len(got) != 1 || got[0] != (store.Tally{Account: "a", Owner: "shop", Severity: finding.Critical, State: casefile.Open, Response: "track", N: 1}) {
			s.Errorf("%+v", got)
		}
	}},
	{"an audit chain is read back so that it verifies", func(s *stage) {
		var prev []byte
		var want []casefile.Entry
		for i := range 3 {
			e := casefile.Entry{Case: "key", Seq: int64(i + 1), At: now.Add(time.Duration(i) * time.Second), Actor: "zesei", What: "note", Why: "日本語 \x00 \"", Data: json.RawMessage(`{"a":1}`)}
			if i == 1 {
				e.Data = nil
			}
			e.Hash = e.Sum(prev)
			prev = e.Hash
			want = append(want, e)
		}
		s.update(func(tx *store.Tx) error {
			for _, e := range want {
				if err := store.AddAudit(s.ctx, tx, 1, e); err != nil {
					return err
				}
			}
			return nil
		})
		got, err := store.Audit(s.ctx, s.db.View(), 1, "key")
		s.fatal(err)
		if err := casefile.VerifyChain(got); err != nil || len(got) != 3 || !bytes.Equal(got[2].Hash, prev) {
			s.Errorf("%d rows: %v", len(got), err)
		}
		if err := s.db.Update(s.ctx, func(tx *store.Tx) error { return store.AddAudit(s.ctx, tx, 1, want[1]) }); err == nil {
			s.Error("a row of the chain was written twice")
		}
	}},
}

// telling: messages and what Security Hub is told.
var telling = []scene{
	{"cases join a message until its time or its room is over, each once", func(s *stage) {
		m := &store.Message{Kind: store.MessageCases, Owner: "shop", Control: "EC2.19", Channel: "slack:#s", OpenedAt: now, Until: now.Add(time.Hour), SendAfter: now.Add(time.Minute)}
		open := func(at time.Time, most int) (store.Message, error) {
			var got store.Message
			var found error
			s.update(func(tx *store.Tx) error {
				got, found = store.OpenMessage(s.ctx, tx, store.MessageCases, "shop", "EC2.19", "slack:#s", at, most)
				return nil
			})
			return got, found
		}
		if _, err := open(now, 10); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("%v, want ErrNotFound", err)
		}
		s.update(func(tx *store.Tx) error {
			err := store.AddMessage(s.ctx, tx, m)
			for _, id := range []int64{5, 6, 5} {
				err = errors.Join(err, store.JoinMessage(s.ctx, tx, m, id, now))
			}
			m.SendAfter = now // what is urgent has joined
			return errors.Join(err, store.SaveJoined(s.ctx, tx, m))
		})
		got, err := open(now.Add(59*time.Minute), 3)
		s.fatal(err)
		if got.ID != m.ID || got.N != 2 || !got.SendAfter.Equal(now) || !got.ToldAt.IsZero() {
			s.Errorf("%+v", got)
		}
		if _, err := open(now.Add(time.Hour), 3); !errors.Is(err, store.ErrNotFound) {
			s.Error("a case may join after its time")
		}
		if _, err := open(now, 2); !errors.Is(err, store.ErrNotFound) {
			s.Error("a case may join a full message")
		}
		ids, err := store.MessageCaseIDs(s.ctx, s.db.View(), m.ID)
		if err != nil || fmt.Sprint(ids) != "[5 6]" {
			s.Errorf("%v %v", ids, err)
		}
		of, err := store.MessagesOfCases(s.ctx, s.db.View(), []int64{6, 7})
		if err != nil || len(of) != 1 || of[6][0].ID != m.ID {
			s.Errorf("%v %v", of, err)
		}
		s.update(func(tx *store.Tx) error {
			return errors.Join(store.SaveTold(s.ctx, tx, m.ID, json.RawMessage(`{"v":1}`), now), store.SaveTold(s.ctx, tx, m.ID, json.RawMessage(`{"v":2}`), now.Add(time.Hour)))
		})
		got, err = store.LoadMessage(s.ctx, s.db.View(), m.ID)
		if err != nil || string(got.Told) != `{"v":2}` || !got.ToldAt.Equal(now) {
			s.Errorf("%+v %v", got, err)
		}
		if _, err := store.LoadMessage(s.ctx, s.db.View(), 99); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("%v, want ErrNotFound", err)
		}
	}},
	{"what stands in a channel is found by its place there", func(s *stage) {
		s.update(func(tx *store.Tx) error {
			return errors.Join(
				store.SaveTold(s.ctx, tx, 7, json.RawMessage(`{"channel":"C1","parts":{"main":{"id":"1.1"},"case/k":{"id":"1.2"},"case/l":{"pending":true}}}`), time.Time{}),
				store.SaveTold(s.ctx, tx, 7, json.RawMessage(`{"channel":"C1","parts":{"main":{"id":"1.1"},"case/k":{"id":"1.2"}}}`), time.Time{}),
				store.SaveTold(s.ctx, tx, 8, json.RawMessage(`{"parts":{"main":{"id":"gist of a mail"}}}`), time.Time{}))
		})
		for ts, part := range map[string]string{"1.1": "main", "1.2": "case/k"} {
			if p, err := store.PostAt(s.ctx, s.db.View(), "C1", ts); err != nil || p != (store.Post{MessageID: 7, Part: part}) {
				s.Errorf("%s: %+v %v", ts, p, err)
			}
		}
		for _, at := range [][2]string{{"C1", "1.3"}, {"C2", "1.1"}, {"", "gist of a mail"}} {
			if _, err := store.PostAt(s.ctx, s.db.View(), at[0], at[1]); !errors.Is(err, store.ErrNotFound) {
				s.Errorf("%v: %v", at, err)
			}
		}
	}},
	{"Security Hub is told what changed, once, and again after a refusal", func(s *stage) {
		u := store.HubUpdate{Hash: [16]byte{1}, Product: "p", FindingID: "f", Account: "a", Region: "r", Workflow: "NOTIFIED", Note: "n"}
		want := func(again bool) {
			s.update(func(tx *store.Tx) error { return store.WantHub(s.ctx, tx, u, again, now) })
		}
		due := func(at time.Time, n int) {
			s.Helper()
			got, err := store.HubDue(s.ctx, s.db.View(), "a", "r", at, 10)
			if err != nil || len(got) != n {
				s.Errorf("%d due, want %d: %v %v", len(got), n, got, err)
			}
		}
		want(false)
		due(now, 1)
		due(now.Add(-time.Second), 0)
		s.update(func(tx *store.Tx) error { return store.HubTold(s.ctx, tx, u) })
		due(now, 0)
		want(false)
		due(now, 0) // it was told this already
		want(true)
		due(now, 1) // it forgot
		told := u
		u.Workflow = "RESOLVED"
		want(false)
		s.update(func(tx *store.Tx) error { return store.HubTold(s.ctx, tx, told) }) // the answer to the older word
		due(now, 1)
		s.update(func(tx *store.Tx) error { return store.HubFailed(s.ctx, tx, u, "no", now.Add(time.Minute)) })
		due(now, 0)
		next, err := store.HubNext(s.ctx, s.db.View(), "a", "r")
		if err != nil || !next.Equal(now.Add(time.Minute)) {
			s.Errorf("next %s %v", next, err)
		}
		got, _ := store.HubDue(s.ctx, s.db.View(), "a", "r", next, 10)
		if len(got) != 1 || got[0].Failures != 1 {
			s.Errorf("%+v", got)
		}
		s.update(func(tx *store.Tx) error { return store.HubFailed(s.ctx, tx, u, "no", time.Time{}) })
		if next, err = store.HubNext(s.ctx, s.db.View(), "a", "r"); err != nil || !next.IsZero() {
			s.Errorf("given up, and next is %s %v", next, err)
		}
	}},
}

// fixing: fixes, their limits and leases.
var fixing = []scene{
	{"a fix is read back as it was written, with its cases", func(s *stage) {
		f := store.Fix{ID: "f1", State: store.FixReady, Mode: "auto", Remedy: "r", Account: "a", Region: "r", Resource: "arn", Plan: json.RawMessage(`{}`), PlanHash: "h", Why: "w",
			CreatedAt: now, ApplyAfter: now, ExpiresAt: now.Add(time.Hour), Cases: []int64{3, 4}}
		s.update(func(tx *store.Tx) error { return store.SaveFix(s.ctx, tx, &f) })
		f.State, f.AppliedAt, f.Log = store.FixApplying, now.Add(time.Minute), json.RawMessage(`{"steps":[]}`)
		s.update(func(tx *store.Tx) error { return store.SaveFix(s.ctx, tx, &f) })
		got, err := store.LoadFix(s.ctx, s.db.View(), "f1")
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", f) || !got.Live() {
			s.Errorf("read\n%+v\nwritten\n%+v\n%v", got, f, err)
		}
		newer := f
		newer.ID, newer.CreatedAt, newer.Cases, newer.State = "f2", now.Add(time.Hour), []int64{4}, store.FixWaiting
		s.update(func(tx *store.Tx) error { return store.SaveFix(s.ctx, tx, &newer) })
		of, err := store.FixesOfCases(s.ctx, s.db.View(), []int64{3, 4, 5})
		if err != nil || len(of) != 2 || of[3].ID != "f1" || of[4].ID != "f2" {
			s.Errorf("%v %v", of, err)
		}
		for _, c := range []struct {
			resource, state string
			want            int
		}{{"", "", 2}, {"arn", "", 2}, {"", store.FixWaiting, 1}, {"arn", store.FixApplying, 1}, {"other", "", 0}} {
			list, err := store.Fixes(s.ctx, s.db.View(), c.resource, c.state, 10)
			if err != nil || len(list) != c.want || len(list) == 2 && list[0].ID != "f2" {
				s.Errorf("%+v lists %v %v", c, list, err)
			}
		}
		all, inAccount, err := store.AppliedSince(s.ctx, s.db.View(), "b", now)
		if err != nil || all != 2 || inAccount != 0 {
			s.Errorf("applied %d, %d in the other account: %v", all, inAccount, err)
		}
		if _, err := store.LoadFix(s.ctx, s.db.View(), "none"); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("%v, want ErrNotFound", err)
		}
	}},
	{"a resource is held by one fix at a time, until it lets go or its time is over", func(s *stage) {
		lease := func(holder string, at time.Time, want bool) {
			s.Helper()
			s.update(func(tx *store.Tx) error {
				got, err := store.Lease(s.ctx, tx, "arn", holder, at, at.Add(time.Minute))
				if got != want {
					s.Errorf("%s gets it: %t, want %t", holder, got, want)
				}
				return err
			})
		}
		lease("a", now, true)
		lease("b", now.Add(30*time.Second), false)
		lease("a", now.Add(30*time.Second), true)
		lease("b", now.Add(80*time.Second), false)
		lease("b", now.Add(90*time.Second), true)
		s.update(func(tx *store.Tx) error { return store.Release(s.ctx, tx, "arn", "a") }) // it is b's
		lease("a", now.Add(91*time.Second), false)
		s.update(func(tx *store.Tx) error { return store.Release(s.ctx, tx, "arn", "b") })
		lease("a", now.Add(91*time.Second), true)
	}},
}

// keeping: the rest, and the transaction itself.
var keeping = []scene{
	{"a transaction that fails, panics or is cancelled leaves nothing", func(s *stage) {
		broken := errors.New("broken")
		err := s.db.Update(s.ctx, func(tx *store.Tx) error {
			return errors.Join(store.SetMeta(s.ctx, tx, "a", "1"), broken)
		})
		if !errors.Is(err, broken) {
			s.Errorf("%v", err)
		}
		ctx, cancel := context.WithCancel(s.ctx)
		err = s.db.Update(ctx, func(tx *store.Tx) error {
			err := store.SetMeta(ctx, tx, "a", "1")
			cancel()
			return errors.Join(err, store.SetMeta(ctx, tx, "b", "1"))
		})
		if !errors.Is(err, context.Canceled) {
			s.Errorf("%v, want that it was cancelled", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = s.db.Update(s.ctx, func(tx *store.Tx) error {
				_ = store.SetMeta(s.ctx, tx, "a", "1")
				panic("oh")
			})
		}()
		for _, name := range []string{"a", "b"} {
			if v, err := store.Meta(s.ctx, s.db.View(), name); v != "" || err != nil {
				s.Errorf("%s is %q %v", name, v, err)
			}
		}
		s.update(func(tx *store.Tx) error { return store.SetMeta(s.ctx, tx, "a", "2") }) // the store goes on
	}},
	{"an exception is read back as it was written", func(s *stage) {
		x := store.Exception{ID: "x1", State: store.ExceptionAsked, Scope: store.Scope{Case: "k"}, CaseID: 3, Reason: "r", AskedBy: "a", AskedAt: now, ExpiresAt: now.Add(time.Hour), CloseHole: true}
		s.update(func(tx *store.Tx) error { return store.SaveException(s.ctx, tx, x) })
		x.State, x.ApprovedBy, x.ApprovedAt = store.ExceptionActive, "b", now.Add(time.Minute)
		s.update(func(tx *store.Tx) error { return store.SaveException(s.ctx, tx, x) })
		got, err := store.LoadException(s.ctx, s.db.View(), "x1")
		if err != nil || got != x {
			s.Errorf("read\n%+v\nwritten\n%+v\n%v", got, x, err)
		}
		for state, want := range map[string]int{"": 1, store.ExceptionActive: 1, store.ExceptionAsked: 0} {
			if list, err := store.Exceptions(s.ctx, s.db.View(), state); err != nil || len(list) != want {
				s.Errorf("%q lists %v %v", state, list, err)
			}
		}
	}},
	{"the same bad document is one dead letter, counted", func(s *stage) {
		d := store.Dead{Source: "file", Position: 1, Reason: "no", Raw: []byte("{")}
		s.update(func(tx *store.Tx) error {
			other := d
			other.Raw = []byte("[")
			return errors.Join(store.AddDead(s.ctx, tx, d, now), store.AddDead(s.ctx, tx, d, now.Add(time.Hour)), store.AddDead(s.ctx, tx, other, now))
		})
		list, err := store.DeadLetters(s.ctx, s.db.View(), 0, 10)
		if err != nil || len(list) != 2 || list[0].Times != 2 || !list[0].LastAt.Equal(now.Add(time.Hour)) || !list[0].FirstAt.Equal(now) {
			s.Fatalf("%+v %v", list, err)
		}
		s.update(func(tx *store.Tx) error { return store.DeadRetried(s.ctx, tx, []int64{list[0].ID}) })
		if n, err := store.CountDead(s.ctx, s.db.View()); n != 1 || err != nil {
			s.Errorf("%d wait %v", n, err)
		}
		if list, _ = store.DeadLetters(s.ctx, s.db.View(), list[1].ID, 10); len(list) != 0 {
			s.Errorf("after the last: %+v", list)
		}
		s.update(func(tx *store.Tx) error { return store.AddDead(s.ctx, tx, d, now) })
		if n, _ := store.CountDead(s.ctx, s.db.View()); n != 2 {
			s.Errorf("one that came again does not wait again: %d", n)
		}
	}},
	{"reads outside a transaction see commits only", func(s *stage) {
		s.update(func(tx *store.Tx) error {
			if err := store.SetMeta(s.ctx, tx, "a", "1"); err != nil {
				return err
			}
			v, err := store.Meta(s.ctx, s.db.View(), "a")
			if v != "" {
				s.Error("seen before the commit")
			}
			mine, err2 := store.Meta(s.ctx, tx, "a")
			if mine != "1" {
				s.Error("not seen by the transaction itself")
			}
			return errors.Join(err, err2)
		})
		if v, _ := store.Meta(s.ctx, s.db.View(), "a"); v != "1" {
			s.Error("not seen after the commit")
		}
	}},
}
