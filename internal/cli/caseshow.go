package cli

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zesei/internal/audit"
	"zesei/internal/casefile"
	"zesei/internal/store"
)

type caseShowCmd struct {
	Key string `arg:"" help:"The case's key, or its beginning."`
}

func (c *caseShowCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := e.find(a, c.Key)
	if err != nil {
		return err
	}
	listed, _, err := store.List(e.ctx, a.DB.View(), store.Filter{KeyPrefixes: []string{hashOf(f)}})
	if err != nil {
		return err
	}
	entries, err := store.Audit(e.ctx, a.DB.View(), f.ID, hashOf(f))
	if err != nil {
		return err
	}
	if err := casefile.VerifyChain(entries); err != nil {
		return fmt.Errorf("the audit chain of case %s is broken: %w", store.ShortKey(f.Key), err)
	}
	fixes, err := store.FixesOfCases(e.ctx, a.DB.View(), []int64{f.ID})
	if err != nil {
		return err
	}
	tickets, err := audit.Tickets(e.ctx, a.DB.View(), f.ID)
	if err != nil {
		return err
	}
	if e.root.JSON {
		out := struct {
			caseJSON
			Why     string           `json:"due_why,omitempty"`
			Fix     *fixJSON         `json:"fix"`
			Tickets []audit.Ticket   `json:"tickets,omitempty"`
			Audit   []casefile.Entry `json:"audit"`
		}{caseJSON: toJSON(listed, e.Now())[0], Why: f.Terms.DueWhy, Tickets: tickets, Audit: entries}
		if fix, ok := fixes[f.ID]; ok {
			j := fixToJSON(fix)
			out.Fix = &j
		}
		return e.print(out)
	}
	zone := a.Config.Zone()
	w := e.Out
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-12s %s\n", name, printable(value))
		}
	}
	account := a.Directory.Account(f.Key.Account)
	fmt.Fprintf(w, "%s  %s  %s\n\n", store.ShortKey(f.Key), f.Key.Control, printable(title(a, f)))
	line("severity", string(f.Severity))
	line("state", stateWords(f))
	line("why", f.Reason)
	line("proof", f.Life.Proof)
	line("account", strings.TrimSpace(f.Key.Account+" "+account.Name))
	line("region", f.Key.Region)
	line("resource", f.Key.Resource)
	for _, o := range f.Life.Others {
		line("", o)
	}
	line("standards", strings.Join(f.Standards, ", "))
	line("response", f.Terms.Response+" ("+cmp.Or(f.Terms.Rule, "no rule")+")")
	line("owner", cmp.Or(f.Terms.Owner, "-")+" ("+f.Terms.OwnerWhy+")")
	line("assignee", f.Life.Assignee)
	if s := f.Life.SnoozeUntil; f.State == casefile.Open && s.After(e.Now()) {
		line("snoozed", "until "+s.In(zone).Format("2006-01-02 15:04 MST"))
	}
	if f.State == casefile.Open && !f.Terms.Due.IsZero() {
		line("due", dueWords(f, e.Now(), zone)+"; "+f.Terms.DueWhy)
	}
	if x := f.Life.Exception; x != nil {
		line("exception", x.ID+" until "+x.Until.In(zone).Format("2006-01-02 15:04 MST"))
	}
	for _, t := range tickets {
		line("ticket", ticketWords(t))
	}
	if act := f.Life.Actor; act != nil {
		line("opened by", fmt.Sprintf("%s from %s with %s at %s (%s)", act.Principal, act.Address, act.UserAgent, act.At.In(zone).Format("2006-01-02 15:04:05 MST"), act.Event))
	}
	line("guidance", f.Life.Remediation)
	mode, why := fixMode(f)
	line("fix mode", mode+" ("+why+")")
	if fix, ok := fixes[f.ID]; ok {
		line("fix", fix.ID+" "+fix.State+": "+fix.Why)
	}
	fmt.Fprintln(w, "\nsources")
	for _, s := range sorted(f.Sources) {
		fmt.Fprintf(w, "  %-10s %-9s %-10s %s  %s\n", s.Status, s.RecordState, s.Workflow, s.ObservedAt.In(zone).Format("2006-01-02 15:04 MST"), printable(s.Source.ID))
	}
	fmt.Fprintln(w, "\nstory")
	for _, m := range entries {
		fmt.Fprintf(w, "  %s  %-16s %-18s %s\n", m.At.In(zone).Format("2006-01-02 15:04:05 MST"), m.What, printable(m.Actor), printable(strings.TrimSpace(told(m, zone)+" "+m.Why)))
	}
	return nil
}

// told says what a move was about where its name alone does not: to whom, until
// when.
func told(m casefile.Entry, zone *time.Location) string {
	var data struct {
		To    string    `json:"to"`
		Until time.Time `json:"until"`
	}
	if json.Unmarshal(m.Data, &data) != nil {
		return ""
	}
	switch {
	case m.What == "assigned":
		return "to " + cmp.Or(data.To, "nobody")
	case m.What == "snoozed" && !data.Until.IsZero():
		return "until " + data.Until.In(zone).Format("2006-01-02 15:04 MST")
	}
	return ""
}

// ticketWords names a ticket and says how it stands.
func ticketWords(t audit.Ticket) string {
	stands := "open"
	switch {
	case t.Key == "":
		return "to be made in " + strings.TrimSpace(t.Tracker+" "+t.Project)
	case t.Closed:
		stands = "closed"
	}
	return strings.TrimSpace(t.Tracker + " " + t.Key + " (" + stands + ") " + t.URL)
}

func hashOf(f *casefile.File) string {
	h := f.Key.Hash()
	return hex.EncodeToString(h[:])
}
