package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/intake"
	"zesei/internal/job"
	"zesei/internal/store"
)

// step is the longest that the company's clock goes on at once in the weeks:
// trackers and channels are looked at that often.
const step = 6 * time.Hour

// monthLength is how long after the day the month's summary is at the earliest:
// everything that was tracked on that day is due by then, or nearly.
const monthLength = 28

// GoldenWeek is the day that the demo tells where it plays the weeks as well:
// Wednesday 28 April 2027, from which every deadline leads over a row of days off
// in Japan.
func GoldenWeek() time.Time { return time.Date(2027, 4, 28, 10, 0, 0, 0, tokyo()) }

// played is what the check at the end needs to know of the weeks.
type played struct {
	day       []Check // how the day was found at its end
	seen      map[string]bool
	posts     map[string]int // posts by kind of message
	quoted    map[string]bool
	told      int // notify cases that were open before their digest
	left      int // and still open after it
	spared    int // of those, how many Security Hub shows as SUPPRESSED
	risk      risk
	approved  Fix // the fix that a person approved
	released  Fix // the one that was only suggested
	mended    intake.Totals
	summary   string          // the Japanese one of the last day
	summaryIn string          // its channel
	summaries map[string]bool // owners to whom a summary went on the last day
}

// risk is the risk that the company lived with for a while.
type risk struct {
	asked        store.Exception
	was, now     *casefile.File // before it was accepted, and after that ended
	held, hub    string         // what was shown meanwhile: the case's state, and Security Hub's
	ticketClosed bool
}

// Weeks plays what comes after the day: the company's clock goes on quickly, from
// one thing to do to the next, until the summary of the month.
func (d *Demo) Weeks(ctx context.Context) error {
	day, err := d.Report(ctx)
	if err != nil {
		return err
	}
	d.played = &played{day: day.Checks, seen: map[string]bool{}, posts: map[string]int{}, quoted: map[string]bool{}, summaries: map[string]bool{}}
	if err := d.hark(ctx, false); err != nil {
		return err
	}
	d.tell("")
	d.tell(d.t("The weeks after", "その後の数週間"))
	for _, a := range d.acts() {
		if err := d.until(ctx, a.at); err != nil {
			return err
		}
		if err := a.do(ctx); err != nil {
			return err
		}
		if err := d.hark(ctx, true); err != nil {
			return err
		}
	}
	return nil
}

// act is something that happens at a time.
type act struct {
	at time.Time
	do func(context.Context) error
}

// acts are what happens in the weeks, in order.
func (d *Demo) acts() []act {
	w := d.world.company.Weeks
	first := d.digestAt()
	ends := d.at(w.Exception.After+w.Exception.Days, 18)
	list := []act{
		{d.at(w.Approval.After, 10), d.approve},
		{d.at(w.Exception.After, 11), d.ask},
		{d.at(w.Exception.After, 15), d.agree},
		{first.Add(-time.Hour), d.beforeDigest},
		{first.Add(9*time.Hour + 5*time.Minute), d.digest}, // London has its morning too
		{ends.Add(-time.Hour), d.accepted},
		{ends.Add(5 * time.Minute), d.ended},
		{d.at(w.Mended.After, 14), d.mend},
		{d.at(w.Released.After, 16), d.release},
		{d.first(monthLength).Add(65 * time.Minute), d.month},
	}
	slices.SortStableFunc(list, func(a, b act) int { return a.at.Compare(b.at) })
	return list
}

// at is an hour of the day that comes so many days after the day.
func (d *Demo) at(days, hour int) time.Time {
	day := d.today.In(tokyo())
	return time.Date(day.Year(), day.Month(), day.Day()+days, hour, 0, 0, 0, tokyo())
}

// first is 09:00 on the first of a month that comes at least so many days after
// the day: when digests go out.
func (d *Demo) first(days int) time.Time {
	t := d.at(days, 9)
	for t.Day() != 1 {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// until lets the company's clock go on to a time, and stops wherever there is
// something to do.
func (d *Demo) until(ctx context.Context, t time.Time) error {
	for {
		next, err := d.nextWork(ctx, t)
		if err != nil {
			return err
		}
		d.clock.set(next)
		d.inbox.release()
		if _, err := d.settle(ctx); err != nil {
			return err
		}
		if err := d.hark(ctx, true); err != nil {
			return err
		}
		if !next.Before(t) {
			return nil
		}
	}
}

// nextWork is when the next job is due, or the end of the step.
func (d *Demo) nextWork(ctx context.Context, t time.Time) (time.Time, error) {
	now := d.clock.Now()
	if end := now.Add(step); end.Before(t) {
		t = end
	}
	jobs, err := job.Pending(ctx, d.app.DB.View(), 10000)
	for _, j := range jobs {
		if j.Kind != casework.JobTicketPoll && j.RunAt.After(now) && j.RunAt.Before(t) {
			t = j.RunAt
		}
	}
	return t, err
}

// caseOf is the case of a control on a group that somebody opened.
func (d *Demo) caseOf(ctx context.Context, account, group, control string) (*casefile.File, error) {
	a := d.world.company.account(account)
	arn := d.world.groupARN(a, d.world.groups[account+"/"+group])
	list, err := store.AllCasesOfResource(ctx, d.app.DB.View(), a.ID, arn)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		if f.Key.Control == control {
			return f, nil
		}
	}
	return nil, fmt.Errorf("the demo expects a case of %s on %s in %s, and there is none", control, group, account)
}

// openedGroup is what is known of a group that somebody opened.
func (d *Demo) openedGroup(account, group string) (*opened, error) {
	i := slices.IndexFunc(d.opened, func(o *opened) bool { return o.Account == account && o.Group == group })
	if i < 0 {
		return nil, fmt.Errorf("the demo expects that somebody opened %s in %s", group, account)
	}
	return d.opened[i], nil
}

// dated begins a line of the weeks with the day.
func (d *Demo) dated(en, ja string, args ...any) {
	d.tell(d.date(d.clock.Now()) + "  " + d.t(en, ja, args...))
}

// date is a day with its weekday and time, as the reader writes it.
func (d *Demo) date(t time.Time) string { return d.calendarDay(t, tokyo(), true) }

// when is a day and time of a team, with its zone where that is not the company's.
func (d *Demo) when(t time.Time, zone *time.Location) string {
	s := d.calendarDay(t, zone, true)
	if name := t.In(zone).Format("MST"); name != t.In(tokyo()).Format("MST") {
		s += " " + name
	}
	return s
}

// calendarDay is a day with its weekday, and the time where clock says so.
func (d *Demo) calendarDay(t time.Time, zone *time.Location, clock bool) string {
	t = t.In(zone)
	s := t.Format("Mon 2 Jan")
	if d.language == "ja" {
		s = fmt.Sprintf("%d/%d(%s)", t.Month(), t.Day(), []string{"日", "月", "火", "水", "木", "金", "土"}[t.Weekday()])
	}
	if clock {
		s += t.Format(" 15:04")
	}
	return s
}

// zone is an owner's time zone.
func (d *Demo) zone(owner string) *time.Location {
	if z := d.app.Config.OwnerZone(owner); z != nil {
		return z
	}
	return tokyo()
}
