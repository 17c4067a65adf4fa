package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// Term is the deadline of a case that was opened on the day, and why it is then.
type Term struct {
	Case     string    `json:"case"`
	Control  string    `json:"control"`
	Severity string    `json:"severity"`
	Owner    string    `json:"owner"`
	Due      time.Time `json:"due"`
	Why      string    `json:"why"` // in the reader's language
}

// terms are the deadlines of one account's cases that were opened on the day,
// one a severity, most severe first.
func (d *Demo) terms(list []store.Listed) []Term {
	var out []Term
	rules := d.app.Work.Rules()
	since := d.today.Add(-morning)
	for _, l := range list {
		f := l.File
		if f.Key.Account != d.world.company.account(d.world.company.Worsens.Account).ID || f.OpenedAt.Before(since) || f.OpenedAt.After(d.today) || f.Terms.Response != string(policy.Track) {
			continue
		}
		if slices.ContainsFunc(out, func(t Term) bool { return t.Severity == string(f.Severity) }) {
			continue
		}
		// The same question as when it was opened; the answer is in both languages.
		in := rules.Input(f, f.OpenedAt)
		then := d.app.Policy.Decide(in)
		why := words{then.DueWhy, then.DueWhyJA}.In(d.language)
		out = append(out, Term{store.ShortKey(f.Key), f.Key.Control, string(f.Severity), f.Terms.Owner, f.Terms.Due, why})
	}
	slices.SortFunc(out, func(a, b Term) int {
		return slices.Index(Severities(), a.Severity) - slices.Index(Severities(), b.Severity)
	})
	return out
}

// deadlines tells by when what came up this morning is due, and what became a
// ticket.
func (d *Demo) deadlines(ctx context.Context) error {
	list, err := d.cases(ctx)
	if err != nil {
		return err
	}
	d.stages.terms = d.terms(list)
	tracked, told := 0, 0
	for _, l := range list {
		switch {
		case l.File.State != casefile.Open:
		case l.File.Terms.Response == string(policy.Track):
			tracked++
		case l.File.Terms.Response == string(policy.Notify):
			told++
		}
	}
	d.tell("")
	d.say("Policy S2: %d cases are tracked until they are fixed; %d are only told, in the digest of %s",
		"ポリシー S2：修正まで追跡 %d 件。お知らせのみ %d 件は %s のまとめで通知", tracked, told, d.date(d.digestAt()))
	for _, t := range d.stages.terms {
		line := fmt.Sprintf("  %-8s %-12s → %s", t.Severity, t.Control, d.date(t.Due))
		if whole := line + "  " + t.Why; clip(whole, columns) == whole {
			d.tell(whole)
			continue
		}
		d.tell(line)
		for _, part := range wrap(t.Why, columns-6) {
			d.tell("      " + part)
		}
	}
	all, err := d.tickets(ctx, list)
	if err != nil {
		return err
	}
	for _, t := range d.world.company.Trackers {
		n, _ := count(all, t.Name)
		d.say("  %s: %d tickets, the last one:", "  %s：チケット %d 件。最新のもの：", t.Name, n)
		if last, ok := newest(all, t.Name); ok {
			d.tell("    │ " + clip("#"+last.Key+" "+last.Title, columns))
		}
	}
	return nil
}

// digestAt is when the next digest goes out.
func (d *Demo) digestAt() time.Time {
	at := d.first(1)
	return d.app.Policy.Loud(at, tokyo())
}

// newest is the last open ticket of a tracker that is not one for a whole control.
func newest(all []Ticket, name string) (Ticket, bool) {
	for _, t := range slices.Backward(all) {
		if t.Tracker == name && !t.Closed && len(t.Cases) == 1 {
			return t, true
		}
	}
	return Ticket{}, false
}
