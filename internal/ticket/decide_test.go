package ticket

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
)

func open(names ...string) Ticket {
	t := Ticket{Key: "00000000-1", Owner: "shop", Language: "en", Zone: time.UTC, Grouped: len(names) > 1,
		Control: Control{ID: "S3.8", TitleEN: "Block public access", Severity: finding.High}}
	for _, n := range names {
		t.Cases = append(t.Cases, Case{Key: n, AccountID: "111122223333", Region: "ap-northeast-1", Resource: "arn:aws:s3:::" + n, Severity: finding.High, State: Open,
			Due: time.Date(2027, 5, 10, 0, 0, 0, 0, time.UTC)})
	}
	return t
}

func change(t Ticket, f func(*Case)) Ticket {
	t.Cases = append([]Case(nil), t.Cases...)
	f(&t.Cases[0])
	return t
}

// stands is what is known of a ticket that says what t wants.
func stands(t Ticket) Known {
	return Known{Ref: Ref{Key: "17"}, Fields: t.hashes(), Seen: t.allSeen()}
}

func closedByUs(k Known) Known { k.Closed = true; return k }

func TestDecide(t *testing.T) {
	w := open("logs")
	done := change(w, func(c *Case) { c.State, c.Reason, c.Proof = Closed, "fixed", "read again" })
	early := stands(w)
	early.Closed, early.Early = true, &Early{At: 1, By: "hanako"}
	held := w
	held.Hold = "a recheck runs"
	opened := early.Clone()
	opened.Closed = false
	for _, test := range []struct {
		name   string
		wanted Ticket
		known  Known
		do     string // the actions, in order
		why    string // in the first action, or of none
	}{
		{"a new case", w, Known{}, "create", "first ticket"},
		{"a case that was over before", done, Known{}, "", "over before"},
		{"no case", Ticket{Key: "x"}, Known{}, "", "no case"},
		{"a ticket that was deleted", w, Known{Gone: 1}, "create", "deleted"},
		{"a create in doubt", w, Known{Pending: &Intent{Do: Create}}, "look", "in doubt whether the create"},
		{"a comment in doubt goes before all else", done, Known{Ref: Ref{Key: "17"}, Pending: &Intent{Do: Say, N: 1}}, "look", "in doubt whether the comment"},
		{"nothing new", w, stands(w), "", "nothing that a person reads"},
		{"a deadline that moved", change(w, func(c *Case) { c.Due = c.Due.AddDate(0, 0, 1) }), stands(w), "update comment", "due"},
		{"a severity that rose", change(w, func(c *Case) { c.Severity = finding.Critical }), stands(w), "update comment", "priority"},
		{"a proposed fix is written, not told", change(w, func(c *Case) { c.Fix = "close the port" }), stands(w), "update", "body"},
		{"a fixed case", done, stands(w), "update comment close", "body"},
		{"a fixed case whose comment is out", done, stands(done), "close", "no case is open"},
		{"a case that is over and told", done, closedByUs(stands(done)), "", "nothing"},
		{"a case that came back", change(w, func(c *Case) { c.Recurrences = 1 }), closedByUs(stands(done)), "reopen update comment", "open again"},
		{"closed too early", w, early, "reopen comment", "still fails"},
		{"closed too early, and a recheck runs", held, early, "", "a recheck runs"},
		{"opened again, and the reason not told yet", w, opened, "comment", ClosedEarly},
		{"closed too early and then fixed", done, early, "update comment", "body"},
		{"an accepted risk", change(w, func(c *Case) { c.State, c.Reason = Accepted, "public site" }), stands(w), "update comment close", "body"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := Decide(test.wanted, test.known)
			var do []string
			why := a.Why
			for i, act := range a.List {
				do = append(do, string(act.Do))
				if i == 0 {
					why = act.Why
				}
			}
			if got := strings.Join(do, " "); got != test.do || !strings.Contains(why, test.why) {
				t.Errorf("actions %q because %q; want %q because … %s", got, why, test.do, test.why)
			}
		})
	}
}

func TestATicketThatIsOverKeepsItsDeadlineAndItsAssignee(t *testing.T) {
	w := open("logs")
	w.Assignee = "taro"
	done := change(w, func(c *Case) { c.State = Closed })
	done.Assignee = ""
	for _, act := range Decide(done, stands(w)).List {
		if act.Do == Update && strings.Join(act.Fields, " ") != FieldBody {
			t.Errorf("a closed ticket's %v are rewritten", act.Fields)
		}
	}
}

func TestNewWordingRewritesNoTicket(t *testing.T) {
	w := open("logs")
	if got, want := w.hashes()[FieldBody], open("logs").hashes()[FieldBody]; got != want {
		t.Errorf("the hash of the same facts differs: %s, %s", got, want)
	}
}

func TestAbsorb(t *testing.T) {
	at := time.Date(2027, 4, 28, 0, 0, 0, 0, time.UTC)
	w := open("logs")
	k := stands(w)
	k.Moved = at.UnixMilli()
	is := Issue{Ref: Ref{Key: "17"}, Closed: true, UpdatedBy: "hanako"}
	if _, news := Absorb(k, is, true, at); len(news) != 0 {
		t.Errorf("a sight that is no younger than our own change was believed: %+v", news)
	}
	after, news := Absorb(k, is, true, at.Add(time.Second))
	if len(news) != 1 || news[0].What != HeardClosed || after.Early == nil || after.Early.By != "hanako" {
		t.Errorf("heard %+v, early %+v", news, after.Early)
	}
	if after, news = Absorb(k, is, false, at.Add(time.Second)); len(news) != 0 || !after.Closed || after.Early != nil {
		t.Errorf("a ticket of which no case is open: heard %+v", news)
	}
	pending := k
	pending.Pending = &Intent{Do: Say}
	if _, news = Absorb(pending, is, true, at.Add(time.Second)); len(news) != 0 {
		t.Errorf("heard %+v while a step of ours is in doubt", news)
	}
}

func TestOurOwnCommentsAreNotHeard(t *testing.T) {
	at := time.Date(2027, 4, 28, 0, 0, 0, 0, time.UTC)
	k := stands(open("logs"))
	for text, ours := range map[string]bool{
		"Fixed.\n\nzesei-00000000-1/3":             true,
		"<p>Fixed.</p><p>zesei-00000000-1/3</p>\n": true,
		"what does zesei-00000000-1/3 mean?":       false,
		"/zesei recheck":                           false,
		"  \n ":                                    true,
	} {
		_, news := Absorb(k, Issue{Comments: []Comment{{ID: "1", At: at, Text: text}}}, true, at)
		if (len(news) == 0) != ours {
			t.Errorf("%q: heard %+v", text, news)
		}
	}
}

func FuzzAbsorb(f *testing.F) {
	f.Add("/zesei exception because\nof this", "taro")
	f.Add("zesei-1/2", "")
	f.Fuzz(func(t *testing.T, text, who string) {
		_, news := Absorb(stands(open("logs")), Issue{Comments: []Comment{{ID: "1", By: who, At: time.Unix(1, 0), Text: text}}}, true, time.Unix(2, 0))
		for _, n := range news {
			if n.What != HeardComment && n.What != HeardRecheck && n.What != HeardException {
				t.Errorf("a comment came back as %s", n.What)
			}
			if strings.ContainsAny(n.Text+n.Who, "\x00\x1b\u202e") {
				t.Errorf("control characters came through: %q", n.Text)
			}
		}
	})
}
