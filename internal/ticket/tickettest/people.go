package tickettest

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
	"zesei/internal/ticket"
)

func mapped(t *testing.T, p *play) {
	w := p.ticket("logs")
	if p.Custom != "" {
		w.Fields = map[string]string{p.Custom: "{{.Owner}} / {{.Severity}} / {{.Assignee}}"}
	}
	wants := func(severity, priority string) {
		t.Helper()
		got := p.one()
		if priority != "" && got.Priority != priority {
			t.Errorf("the priority of %s is %q, want %q", severity, got.Priority, priority)
		}
		if want := "shop / " + severity + " / " + w.Assignee; p.Custom != "" && got.Custom != want {
			t.Errorf("the field %s is %q, want %q", p.Custom, got.Custom, want)
		}
	}
	p.settle(w)
	wants("HIGH", p.Priorities[0])
	graver := with(w, 0, func(c *ticket.Case) { c.Severity = finding.Critical })
	p.settle(graver)
	wants("CRITICAL", p.Priorities[1])
	if c := p.wantComments(1)[0]; !strings.Contains(plain(c), "CRITICAL") {
		t.Errorf("the comment does not tell of the severity:\n%s", c)
	}
}

func accepted(t *testing.T, p *play) {
	w := p.ticket("logs")
	p.settle(w)
	ok := with(w, 0, func(c *ticket.Case) {
		c.State, c.Reason, c.ApprovedBy, c.Due = ticket.Accepted, "a public website", "hanako", time.Time{}
		c.Until = time.Date(2027, 7, 31, 14, 59, 0, 0, time.UTC)
	})
	p.settle(ok)
	got := p.one()
	if !got.Closed {
		t.Error("nothing is left to do and the ticket is open")
	}
	if !p.NoDue && got.Due != "2027-07-31" {
		t.Errorf("the deadline is %q, want the end of the exception, 2027-07-31", got.Due)
	}
	for _, want := range []string{"31 Jul 2027", "hanako", "a public website"} {
		if c := p.wantComments(1)[0]; !strings.Contains(plain(c), want) {
			t.Errorf("the comment does not say %q:\n%s", want, c)
		}
	}
	longer := with(ok, 0, func(c *ticket.Case) { c.Until = c.Until.AddDate(0, 1, 0) })
	p.settle(longer)
	if c := p.wantComments(2)[1]; !p.one().Closed || !strings.Contains(plain(c), "31 Aug 2027") {
		t.Errorf("closed %v; the comment does not name the later end:\n%s", p.one().Closed, c)
	}
	ended := with(longer, 0, func(c *ticket.Case) {
		c.State, c.Reason, c.ApprovedBy, c.Until = ticket.Open, "", "", time.Time{}
		c.Due = time.Date(2027, 9, 14, 14, 59, 0, 0, time.UTC)
	})
	p.settle(ended)
	got = p.one()
	if got.Closed || !p.NoDue && got.Due != "2027-09-14" {
		t.Errorf("the exception has ended: closed %v, deadline %q; want it open with a fresh deadline", got.Closed, got.Due)
	}
	if c := p.wantComments(3)[2]; !strings.Contains(plain(c), "no longer accepted: fix by") {
		t.Errorf("the comment does not say that the exception has ended:\n%s", c)
	}
}

func reopened(t *testing.T, p *play) {
	if p.Reopen == nil {
		t.Skip("no person acts on this server")
	}
	w := p.ticket("logs")
	p.settle(w)
	done := with(w, 0, fixed)
	p.settle(done)
	key := p.known().Key
	opens := func() {
		t.Helper()
		p.Advance(time.Second)
		p.Reopen(key)
		if news := p.hear(done); len(news) != 1 || news[0].What != ticket.HeardOpened {
			t.Fatalf("heard %+v, want that it was opened", news)
		}
	}
	opens()
	held := done
	held.Hold = "a recheck runs"
	p.settle(held)
	if p.one().Closed {
		t.Error("the ticket was closed before anybody looked")
	}
	checked := done
	checked.Rechecked = true
	p.settle(checked)
	if c := p.wantComments(2)[1]; !p.one().Closed || !strings.Contains(plain(c), "nothing fails, so it is closed again") {
		t.Errorf("closed %v; the comment does not say why:\n%s", p.one().Closed, c)
	}
	opens()
	p.settle(checked)
	if c := p.wantComments(3)[2]; p.one().Closed || !strings.Contains(plain(c), "stays open until somebody closes it") {
		t.Errorf("a person wants it open: closed %v, told:\n%s", p.one().Closed, c)
	}
	if news := p.hear(done); len(news) != 0 {
		t.Errorf("our own words came back: %+v", news)
	}
	p.settle(checked)
	p.wantComments(3)
	back := with(done, 0, again)
	p.settle(back)
	p.settle(with(back, 0, fixed))
	if !p.one().Closed {
		t.Error("the problem came back and was fixed, and the ticket is open")
	}
}
