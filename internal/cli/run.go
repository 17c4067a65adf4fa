package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/store"
)

type runCmd struct {
	DryRun bool `help:"Print what would be done and why; change and tell nothing."`
}

func (c *runCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	if c.DryRun {
		return a.Rehearse(e.ctx, func(copied *app.App, p app.Pass) error { return c.rehearsed(e, copied, p) })
	}
	p, err := a.Pass(e.ctx)
	if err != nil {
		return err
	}
	if e.root.JSON {
		err = e.print(p)
	} else {
		c.report(e, p)
	}
	return cmp.Or(err, failedOf(p))
}

// failedOf is exit code 1 where something failed or refused.
func failedOf(p app.Pass) error {
	if len(p.Failed)+len(p.Refused) > 0 {
		return errFound
	}
	return nil
}

func (c *runCmd) report(e *env, p app.Pass) {
	c.asked(e, p)
	switch n, ch := p.Cases, p.Changes; {
	case p.Nothing():
		fmt.Fprintln(e.Out, "nothing changed")
	default:
		fmt.Fprintf(e.Out, "cases: %d opened, %d reopened, %d closed, %d updated\n", ch.Opened, ch.Reopened, ch.Closed, n.Updated)
		fmt.Fprintf(e.Out, "messages: %d sent or brought up to date\n", p.Messages)
		if ch.Planned+ch.Applied+ch.Verified+ch.Unsettled > 0 {
			fmt.Fprintf(e.Out, "fixes: %d planned, %d applied, %d verified, %d held or failed\n", ch.Planned, ch.Applied, ch.Verified, ch.Unsettled)
		}
	}
	for _, line := range waiting(p.Waiting) {
		fmt.Fprintln(e.Out, line)
	}
	c.troubles(e, p)
}

func (c *runCmd) asked(e *env, p app.Pass) {
	for _, r := range p.Regions {
		if r.Err != nil {
			continue
		}
		fmt.Fprintf(e.Out, "asked Security Hub in %s: %d findings in %d calls", r.Region, r.Findings, r.Calls)
		if r.Unknown > 0 {
			fmt.Fprintf(e.Out, ", %d of open cases it no longer knows", r.Unknown)
		}
		fmt.Fprintln(e.Out)
	}
}

func (c *runCmd) troubles(e *env, p app.Pass) {
	for _, n := range p.Notes {
		fmt.Fprintln(e.Err, "zesei: "+n)
	}
	for _, r := range p.Refused {
		fmt.Fprintln(e.Err, "zesei: refused: "+r)
	}
	for _, f := range p.Failed {
		fmt.Fprintln(e.Err, "zesei: failed: "+f)
	}
	if p.Dead > 0 {
		fmt.Fprintf(e.Err, "zesei: %d findings could not be used: see `zesei dead list`\n", p.Dead)
	}
}

// waiting counts what later passes work, by kind.
func waiting(list []job.Waiting) []string {
	var order []string
	count, next := map[string]int{}, map[string]time.Time{}
	for _, j := range list {
		if app.Housekeeping(j.Kind) && well(j) {
			continue
		}
		k := j.Kind
		if j.State == "dead" {
			k += " (given up)"
		}
		if count[k] == 0 {
			order = append(order, k)
		}
		if count[k]++; next[k].IsZero() || j.RunAt.Before(next[k]) {
			next[k] = j.RunAt
		}
	}
	var out []string
	for _, k := range order {
		out = append(out, fmt.Sprintf("waits: %d %s, next at %s", count[k], k, next[k].Format(time.RFC3339)))
	}
	return out
}

// rehearsed prints what a pass would do.
func (c *runCmd) rehearsed(e *env, a *app.App, p app.Pass) error {
	list, err := casesByID(e, a, p.Touched)
	if err != nil {
		return err
	}
	if e.root.JSON {
		type would struct {
			caseJSON
			Would []string `json:"would"`
		}
		cases := toJSON(list, e.Now())
		out := make([]would, len(list))
		for i := range list {
			out[i] = would{cases[i], wouldDo(a, list[i].File)}
		}
		err := e.print(struct {
			app.Pass
			Decisions []would `json:"decisions"`
		}{p, out})
		return cmp.Or(err, failedOf(p))
	}
	c.asked(e, p)
	n := p.Cases
	if n.Opened+n.Reopened+n.Updated+n.Closed == 0 {
		fmt.Fprintln(e.Out, "dry run: nothing would change")
	} else {
		fmt.Fprintf(e.Out, "dry run: would open %d, reopen %d, update %d, close %d cases\n", n.Opened, n.Reopened, n.Updated, n.Closed)
		if err := printDecisions(e, a, list); err != nil {
			return err
		}
	}
	c.troubles(e, p)
	return failedOf(p)
}

func printDecisions(e *env, a *app.App, list []store.Listed) error {
	var rows [][]string
	for _, l := range list {
		f := l.File
		account := cmp.Or(a.Directory.Account(f.Key.Account).Name, f.Key.Account)
		rows = append(rows, []string{store.ShortKey(f.Key), string(f.Severity), f.Key.Control, account, f.Key.Region, shortResource(f.Key.Resource),
			stateWords(f), dueWords(f, e.Now(), a.Config.Zone()), strings.Join(wouldDo(a, f), "; ")})
	}
	return printTable(e, []string{"KEY", "SEVERITY", "CONTROL", "ACCOUNT", "REGION", "RESOURCE", "STATE", "DUE", "WOULD"}, rows, nil)
}

// wouldDo says what follows from a case as it stands, and why.
func wouldDo(a *app.App, f *casefile.File) []string {
	t := f.Terms
	why := cmp.Or(t.Rule, "no rule")
	if t.Reason != "" {
		why += ": " + t.Reason
	}
	if f.State != casefile.Open {
		return []string{fmt.Sprintf("%s (%s)", f.State, cmp.Or(f.Reason, why))}
	}
	out := []string{fmt.Sprintf("%s (%s)", t.Response, why)}
	kind := store.MessageCases
	switch {
	case t.Response == "notify":
		kind = store.MessageDigest
	case f.Life.Backlog && f.Severity != "CRITICAL":
		kind = store.MessageImport
	}
	to := slices.DeleteFunc(a.Directory.Channels(t.Owner), func(c string) bool { return !casework.Carries(c, kind, t.Urgent) })
	switch {
	case len(to) == 0:
		out = append(out, "tell nobody: no channel for "+cmp.Or(t.Owner, "no owner"))
	case t.Response == "notify":
		out = append(out, "tell "+strings.Join(to, ", ")+" in the next summary")
	case t.Response == "track" && f.Life.Backlog && f.Severity != "CRITICAL":
		out = append(out, "tell "+strings.Join(to, ", ")+" in the summary of the first import")
	case t.Response == "track":
		tell := "tell " + strings.Join(to, ", ")
		if a.Policy.Attention().Per > 0 && f.Severity != "CRITICAL" && !t.Urgent {
			tell += " (in the next morning's summary once " + a.Policy.Attention().String() + " are told)"
		}
		out = append(out, tell)
	}
	fix := "fix: " + cmp.Or(t.FixMode, "off")
	if t.FixWhy != "" {
		fix += " (" + t.FixWhy + ")"
	}
	return append(out, fix)
}
