package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// golden are the deadlines of what was opened on 28 April 2027, counted by hand:
// three business days, two weeks and thirty days, with 29 April and 3 to 5 May off.
var golden = map[string]string{"CRITICAL": "2027-05-07 18:00", "HIGH": "2027-05-12 18:00", "MEDIUM": "2027-05-28 18:00"}

// checkTickets holds the trackers against the cases: a case that is tracked for a
// team with a tracker stands in one ticket there, which is open, and no tracker
// has a ticket that belongs to nothing.
func (d *Demo) checkTickets(is checker, r Report) {
	for _, t := range d.world.company.Trackers {
		n, _ := count(r.Tickets, t.Name)
		is("tickets stand in "+t.Name+", each made once", n > 0 && n == len(d.world.trackers[t.Name].Issues()), "%d of %d", n, len(d.world.trackers[t.Name].Issues()))
	}
}

func (d *Demo) checkTracked(is checker, r Report, list []store.Listed) {
	trackers := map[string]string{}
	for _, o := range d.world.company.Owners {
		trackers[o.Name] = o.Tracker
	}
	open := map[int64]int{}
	for _, t := range r.Tickets {
		for _, id := range t.ids {
			if t.twins == 1 && !t.Closed && t.Tracker == trackers[t.Owner] {
				open[id]++
			}
		}
	}
	wrong, n := "", 0
	for _, l := range list {
		f := l.File
		if f.State == casefile.Open && f.Terms.Response == string(policy.Track) && trackers[f.Terms.Owner] != "" {
			if n++; open[f.ID] != 1 {
				wrong = fmt.Sprintf("%s stands in %d", store.ShortKey(f.Key), open[f.ID])
			}
		}
	}
	is("what is tracked stands in one open ticket", n > 0 && wrong == "", "%d cases; %s", n, wrong)
}

// checkTerms holds the deadlines of the day against those counted by hand, where
// the day is the one that they were counted for.
func (d *Demo) checkTerms(is checker) {
	if !d.today.Equal(GoldenWeek()) {
		return
	}
	seen := map[string]bool{}
	for _, t := range d.stages.terms {
		got := t.Due.In(tokyo()).Format("2006-01-02 15:04")
		seen[t.Severity] = true
		is("what is "+t.Severity+" on 28 April is due on "+golden[t.Severity], got == golden[t.Severity], "%s", got)
		if t.Severity == "CRITICAL" {
			is("and the days off on the way are named", strings.Contains(t.Why, words{"Showa Day", "昭和の日"}.In(d.language)), "%s", t.Why)
		}
	}
	is("deadlines of three severities are told", len(seen) == len(golden), "%d", len(seen))
}

// checkWeeks holds the weeks after the day against what should have happened.
func (d *Demo) checkWeeks(ctx context.Context, r Report, list []store.Listed) ([]Check, error) {
	p := d.played
	out := append([]Check(nil), p.day...)
	is := func(name string, ok bool, got string, args ...any) {
		out = append(out, Check{name, ok, fmt.Sprintf(got, args...)})
	}
	d.checkTerms(is)
	fixed := p.approved
	is("the fix that a person approved is verified, and every other rule stands", fixed.State == store.FixVerified && fmt.Sprint(fixed.After) == fmt.Sprint(fixed.Closed), "%s %s", fixed.ID, fixed.State)
	for name, cases := range map[string][]string{"the approved fix": p.approved.Cases, "the changed code": p.released.Cases} {
		n := 0
		mine := ticketsOf(r.Tickets, cases...)
		for _, t := range mine {
			if t.Closed && t.Comments > 0 {
				n++
			}
		}
		is("the tickets of "+name+" are closed with a word on why", n > 0 && n == len(mine), "%d of %d", n, len(mine))
	}
	is("what is only told was told, and is left alone then", p.told > 0 && p.left == 0 && p.spared > 0, "%d told, %d still open, %d SUPPRESSED", p.told, p.left, p.spared)
	d.checkRisk(is)
	is("deadlines were brought to mind, and a breach was told above", p.posts[store.MessageReminder] > 0 && p.posts[store.MessageEscalation] > 0,
		"%d reminders, %d escalations", p.posts[store.MessageReminder], p.posts[store.MessageEscalation])
	is("each team got the summary of the month", len(p.summaries) == len(d.world.company.Owners), "%d", len(p.summaries))
	is("and it speaks Japanese where the team does", strings.ContainsAny(p.summary, "のをは"), "%q", clip(p.summary, 40))
	d.checkTracked(is, r, list)
	missing, twice, err := d.posts(ctx, list)
	if err != nil {
		return nil, err
	}
	is("over all weeks every message was posted once", missing == 0 && twice == 0, "%d missing, %d twice", missing, twice)
	return out, d.checkLeft(ctx, is)
}

// checkRisk holds the accepted risk against what it should have been: asked by
// one, approved by another, at an end when its time came.
func (d *Demo) checkRisk(is checker) {
	k := d.played.risk
	if k.was == nil || k.now == nil {
		is("a risk was accepted for a while", false, "no case")
		return
	}
	x := k.asked
	is("an exception was asked by one person and approved by another", x.AskedBy != "" && x.ApprovedBy != "" && x.AskedBy != x.ApprovedBy, "%s, %s", x.AskedBy, x.ApprovedBy)
	is("meanwhile the case was accepted, SUPPRESSED in Security Hub, and its ticket closed", k.held == string(casefile.Accepted) && k.hub == "SUPPRESSED" && k.ticketClosed,
		"%s, %s, ticket closed %v", k.held, k.hub, k.ticketClosed)
	fresh := k.now.State == casefile.Open && k.was.Terms.Due.Before(x.ExpiresAt) && k.now.Terms.Due.After(x.ExpiresAt)
	is("at its end the case is open with a fresh deadline", fresh, "%s, due %s instead of %s", k.now.State, k.now.Terms.Due.Format(time.RFC3339), k.was.Terms.Due.Format(time.RFC3339))
}
