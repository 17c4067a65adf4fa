package cli

import (
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/store"
)

type caseCloseCmd struct {
	Key string `arg:"" help:"The case's key, or its beginning."`
	As  string `required:"" enum:"handled,false positive,duplicate" help:"handled (an incident), 'false positive' or duplicate."`
	Why string `help:"The reason, for the audit chain."`
}

func (c *caseCloseCmd) Run(e *env) error {
	return e.act(c.Key, func(a *app.App, p casework.Person, f *casefile.File) error {
		return a.Work.Close(e.ctx, p, f.ID, c.As, c.Why)
	})
}

type caseReopenCmd struct {
	Key string `arg:"" help:"The case's key, or its beginning."`
	Why string `required:"" help:"The reason, for the audit chain."`
}

func (c *caseReopenCmd) Run(e *env) error {
	return e.act(c.Key, func(a *app.App, p casework.Person, f *casefile.File) error {
		return a.Work.Reopen(e.ctx, p, f.ID, c.Why)
	})
}

type caseAssignCmd struct {
	Key string `arg:"" help:"The case's key, or its beginning."`
	To  string `arg:"" help:"The person."`
	Why string `help:"The reason, for the audit chain."`
}

func (c *caseAssignCmd) Run(e *env) error {
	return e.act(c.Key, func(a *app.App, p casework.Person, f *casefile.File) error {
		if _, ok := a.Config.People[c.To]; !ok && len(a.Config.People) > 0 {
			return use("%s is no person of the configuration (people:)", c.To)
		}
		return a.Work.Assign(e.ctx, p, f.ID, c.To, c.Why)
	})
}

type caseSnoozeCmd struct {
	Key   string `arg:"" help:"The case's key, or its beginning."`
	Until string `required:"" help:"A time (2027-01-31, 2027-01-31T09:00+09:00, 18:00) or a duration (8h)."`
	Why   string `help:"The reason, for the audit chain."`
}

func (c *caseSnoozeCmd) Run(e *env) error {
	return e.act(c.Key, func(a *app.App, p casework.Person, f *casefile.File) error {
		until, err := parseUntil(c.Until, e.Now(), a.Config.Zone())
		if err != nil {
			return err
		}
		return a.Work.Snooze(e.ctx, p, f.ID, until, c.Why)
	})
}

type caseLiftCmd struct {
	Key string `arg:"" help:"The case's key, or its beginning."`
	Why string `required:"" help:"The reason, for the audit chain."`
}

func (c *caseLiftCmd) Run(e *env) error {
	return e.act(c.Key, func(a *app.App, p casework.Person, f *casefile.File) error { return a.Work.Lift(e.ctx, p, f.ID, c.Why) })
}

type caseNoteCmd struct {
	Key  string `arg:"" help:"The case's key, or its beginning."`
	Text string `arg:"" help:"The note."`
}

func (c *caseNoteCmd) Run(e *env) error {
	return e.act(c.Key, func(a *app.App, p casework.Person, f *casefile.File) error {
		return a.Work.Note(e.ctx, p, f.ID, c.Text)
	})
}

// act carries out a person's act on one case and prints the case as it is then.
func (e *env) act(key string, do func(*app.App, casework.Person, *casefile.File) error) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := e.find(a, key)
	if err != nil {
		return err
	}
	if err := do(a, e.person(a), f); err != nil {
		return err
	}
	list, _, err := store.List(e.ctx, a.DB.View(), store.Filter{KeyPrefixes: []string{hashOf(f)}})
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(toJSON(list, e.Now())[0])
	}
	return printCases(e, a, list)
}

// parseUntil reads when something ends: a date (its end), a time with its zone, a
// time of day (today, or tomorrow where it has passed), or a duration.
func parseUntil(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(d), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse("2006-01-02T15:04Z07:00", s); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation("2006-01-02", s, zone); err == nil {
		return t.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	if t, err := time.ParseInLocation("15:04", s, zone); err == nil {
		day := now.In(zone)
		t = time.Date(day.Year(), day.Month(), day.Day(), t.Hour(), t.Minute(), 0, 0, zone)
		if !t.After(now) {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	return time.Time{}, use("%q is no time: expected 2027-01-31, 2027-01-31T09:00+09:00, 18:00 or a duration such as 8h", s)
}
