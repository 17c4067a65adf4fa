package cli

import (
	"fmt"
	"strconv"
	"time"

	"zesei/internal/calendar"
	"zesei/internal/policy"
	"zesei/internal/replay"
)

type policyReplayCmd struct {
	Policy   string `required:"" placeholder:"FILE" help:"The policy to try: a file, or s2, strict or observe."`
	Since    string `default:"30d" help:"Cases that stood at any time since then: a span (30d, 2 weeks) or a date."`
	Examples int    `default:"3" help:"At most so many examples of each difference."`
}

// Run only reads the store.
func (c *policyReplayCmd) Run(e *env) error {
	conf, cat, err := e.files()
	if err != nil {
		return err
	}
	next, name, err := loadPolicy(conf, cat, c.Policy)
	if err != nil {
		return e.unread(err)
	}
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	since, err := parseSince(c.Since, e.Now(), a.Config.Zone())
	if err != nil {
		return err
	}
	r := replay.Replay{
		DB: a.DB, Rules: a.Work.Rules(), Old: a.Policy, New: next, Since: since, Examples: c.Examples,
		Ticketed: func(owner string) bool { return a.Config.Owners[owner].Ticket.In != "" },
	}
	out, err := r.Run(e.ctx)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(out)
	}
	return e.showReplay(out, name, a.Config.Zone())
}

// parseSince reads the beginning of a time that ends now.
func parseSince(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if span, err := calendar.ParseSpan(s); err == nil {
		if span.Unit == calendar.Month {
			return now.AddDate(0, -span.N, 0), nil
		}
		return now.Add(-span.Duration()), nil
	}
	if t, err := time.ParseInLocation("2006-01-02", s, zone); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Time{}, use("%q is no time: expected a span such as 30d or 2 weeks, a date such as 2026-11-01, or a time with its zone", s)
}

func (e *env) showReplay(r *replay.Result, name string, zone *time.Location) error {
	fmt.Fprintf(e.Out, "%s since %s, under %s instead of %s: %d alike\n\n", cases(r.Cases), r.Since.In(zone).Format("2006-01-02 15:04 MST"), printable(name), r.Old.Name, r.Same)
	count := func(c replay.Count) []string {
		return []string{strconv.Itoa(c.Old), strconv.Itoa(c.New), fmt.Sprintf("%+d", c.New-c.Old)}
	}
	rows := [][]string{append([]string{"messages"}, count(r.Messages)...), append([]string{"tickets"}, count(r.Tickets)...)}
	for _, m := range []policy.FixMode{policy.FixSuggest, policy.FixApprove, policy.FixAuto} {
		rows = append(rows, append([]string{"resources to fix, " + string(m)}, count(r.Fixes[m])...))
	}
	if err := printTable(e, []string{"", "TODAY", "NEW", "CHANGE"}, rows, nil); err != nil {
		return err
	}
	for _, d := range r.Differences {
		fmt.Fprintf(e.Out, "\n%s: %s → %s: %s\n", d.Of, dash(d.Old), dash(d.New), cases(d.Cases))
		var rows [][]string
		for _, x := range d.Examples {
			due := ""
			if x.NewDue != nil {
				due = x.NewDue.In(zone).Format("2006-01-02 15:04 MST")
			}
			if x.OldDue != nil {
				due = x.OldDue.In(zone).Format("2006-01-02 15:04 MST") + " → " + dash(due)
			}
			rows = append(rows, []string{x.Case, x.Control, string(x.Severity), x.Account, shortResource(x.Resource), dash(due), dash(x.OldRule), dash(x.NewRule)})
		}
		if len(rows) > 0 {
			if err := printTable(e, []string{"  CASE", "CONTROL", "SEVERITY", "ACCOUNT", "RESOURCE", "DUE", "RULE TODAY", "NEW RULE"}, indent(rows), nil); err != nil {
				return err
			}
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(e.Out, "\nnote: %s\n", n)
	}
	return nil
}

func indent(rows [][]string) [][]string {
	for _, r := range rows {
		r[0] = "  " + r[0]
	}
	return rows
}

func cases(n int) string {
	if n == 1 {
		return "1 case"
	}
	return strconv.Itoa(n) + " cases"
}
