package policy

import (
	"time"

	"zesei/internal/calendar"
)

// WeeklyReminder is NextReminder for a case of a first import: the deadlines of
// many are spread over many days, and each with a ladder of its own would call its
// owner nearly every morning. So they are brought to mind together, at the start
// of the week in which they are due, and of each week after in which the policy
// repeats a reminder: an owner hears of the whole backlog once a week at most. One
// that is due in the week in which it was opened is brought to mind on the day.
func (p *Policy) WeeklyReminder(start, due, after time.Time, zone *time.Location) (at time.Time, step string, ok bool) {
	if due.IsZero() {
		return time.Time{}, "", false
	}
	if zone == nil {
		zone = p.zone
	}
	offer := func(t time.Time, why string) {
		if t.After(after) && t.After(start) && (!ok || t.Before(at)) {
			at, step, ok = t, why, true
		}
	}
	for _, r := range p.file.Reminders {
		if r.Kind != "after" {
			if monday := p.week(due, zone); monday.After(start) {
				offer(monday, "the week of the deadline")
			} else {
				offer(Reminder{Kind: "on"}.next(start, due, after, zone), "on the day")
			}
			continue
		}
		// The first of the repeated ones whose week begins later than `+"`after`"+`; the
		// days of one week share its Monday.
		for t := r.next(start, due, due, zone); ; t = r.next(start, due, t, zone) {
			if monday := p.week(t, zone); monday.After(due) && monday.After(after) {
				offer(monday, r.String())
				break
			}
		}
	}
	return at, step, ok
}

// week is when the week of t begins: the first working day of it, at the start of
// the work; the Monday where nobody works that week.
func (p *Policy) week(t time.Time, zone *time.Location) time.Time {
	day := calendar.DateOf(t.In(zone))
	monday := day.Add(-((int(day.Weekday()) + 6) % 7))
	for d := monday; d.Before(monday.Add(7)); d = d.Add(1) {
		if p.calendar.Business(d) {
			return d.At(startOfDay, zone)
		}
	}
	return monday.At(startOfDay, zone)
}
