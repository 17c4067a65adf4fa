package cli

import (
	"fmt"
	"strings"
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/store"
)

type caseCmd struct {
	List    caseListCmd    `cmd:"" help:"List cases: open ones first, what is due first on top."`
	Show    caseShowCmd    `cmd:"" help:"Show one case with its sources, its fix and its whole story."`
	Close   caseCloseCmd   `cmd:"" help:"Close a case: an incident as handled, a false positive, a duplicate."`
	Reopen  caseReopenCmd  `cmd:"" help:"Open a closed or suppressed case again."`
	Assign  caseAssignCmd  `cmd:"" help:"Name the person who works on a case."`
	Recheck caseRecheckCmd `cmd:"" help:"Look at the resource of a case now: the case closes when it is mended. Exit code 1 when it cannot be read."`
	Snooze  caseSnoozeCmd  `cmd:"" help:"Keep reminders of a case quiet until a time."`
	Lift    caseLiftCmd    `cmd:"" help:"Let fixes of a case apply by themselves again after one was undone."`
	Note    caseNoteCmd    `cmd:"" help:"Keep a note on a case."`
	Export  caseExportCmd  `cmd:"" help:"Write a case with its whole story and its proofs to a file that can be verified offline."`
}

type caseListCmd struct {
	Account  []string `help:"Account ids or names."`
	Region   []string `help:"Regions."`
	Owner    []string `help:"Owners."`
	Control  []string `help:"Control ids, * as a wildcard (S3.*)."`
	Severity []string `help:"CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL."`
	State    []string `help:"open, accepted, suppressed, closed."`
	Response []string `help:"track, notify, suppress, disable."`
	Resource string   `help:"ARN of a resource."`
	Text     string   `help:"Text anywhere in title, control or resource."`
	Overdue  bool     `help:"Only open cases past their deadline."`
	Limit    int      `help:"At most so many; 0 prints all with --json, 200 in a table."`
}

func (c *caseListCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := c.filter(e, a)
	if err != nil {
		return err
	}
	limit := c.Limit
	if limit == 0 && !e.root.JSON {
		limit = 200
	}
	var all []store.Listed
	for {
		if f.Limit = 1000; limit > 0 {
			f.Limit = min(f.Limit, limit-len(all))
		}
		page, next, err := store.List(e.ctx, a.DB.View(), f)
		if err != nil {
			return err
		}
		all = append(all, page...)
		f.After = next
		if next == "" || limit > 0 && len(all) >= limit {
			break
		}
	}
	if e.root.JSON {
		return e.print(toJSON(all, e.Now()))
	}
	if err := printCases(e, a, all); err != nil {
		return err
	}
	if f.After != "" {
		fmt.Fprintf(e.Err, "zesei: more cases than %d: narrow the list, or raise --limit\n", limit)
	}
	return nil
}

// filter checks the flags: a word that names nothing is an error, never an empty list.
func (c *caseListCmd) filter(e *env, a *app.App) (store.Filter, error) {
	f := store.Filter{Regions: c.Region, Owners: c.Owner, Resource: c.Resource, Text: c.Text, Overdue: c.Overdue, Now: e.Now()}
	for _, s := range c.Severity {
		s = strings.ToUpper(s)
		if finding.Severity(s).Rank() == 0 && s != string(finding.Informational) {
			return f, use("--severity %s: expected CRITICAL, HIGH, MEDIUM, LOW or INFORMATIONAL", s)
		}
		f.Severities = append(f.Severities, finding.Severity(s))
	}
	for _, s := range c.State {
		switch st := casefile.State(strings.ToLower(s)); st {
		case casefile.Open, casefile.Accepted, casefile.Suppressed, casefile.Closed:
			f.States = append(f.States, st)
		default:
			return f, use("--state %s: expected open, accepted, suppressed or closed", s)
		}
	}
	for _, s := range c.Response {
		switch s = strings.ToLower(s); s {
		case "track", "notify", "suppress", "disable":
			f.Responses = append(f.Responses, s)
		default:
			return f, use("--response %s: expected track, notify, suppress or disable", s)
		}
	}
	for _, s := range c.Account {
		id := a.AccountNamed(s)
		if id == "" {
			return f, use("--account %s: expected 12 digits or the name of a configured account", s)
		}
		f.Accounts = append(f.Accounts, id)
	}
	for _, s := range c.Control {
		ids, err := controlsNamed(a.Catalogue, s)
		if err != nil {
			return f, err
		}
		f.Controls = append(f.Controls, ids...)
	}
	return f, nil
}

// caseJSON is a case for machines. Times are RFC 3339, UTC.
type caseJSON struct {
	Key          string           `json:"key"`
	Kind         finding.Kind     `json:"kind"`
	Account      string           `json:"account"`
	Region       string           `json:"region"`
	Control      string           `json:"control"`
	Resource     string           `json:"resource"`
	ResourceType string           `json:"resource_type"`
	Severity     finding.Severity `json:"severity"`
	Title        string           `json:"title"`
	State        casefile.State   `json:"state"`
	Reason       string           `json:"reason"`
	Response     string           `json:"response"`
	Class        string           `json:"class"`
	Owner        string           `json:"owner"`
	Due          *time.Time       `json:"due"` // null: no deadline
	Overdue      bool             `json:"overdue"`
	Standards    []string         `json:"standards"`
	Sources      []sourceJSON     `json:"sources"`
	FirstSeen    time.Time        `json:"first_seen"`
	LastSeen     time.Time        `json:"last_seen"`
	OpenedAt     time.Time        `json:"opened_at"`
	ClosedAt     *time.Time       `json:"closed_at"`
	Recurrences  int              `json:"recurrences"`
	FixMode      string           `json:"fix_mode"`
	Rule         string           `json:"rule"` // of the policy
	Assignee     string           `json:"assignee,omitempty"`
	Actor        *finding.Actor   `json:"actor,omitempty"`
	Proof        string           `json:"proof,omitempty"`
}

type sourceJSON struct {
	Product     string              `json:"product"`
	ID          string              `json:"id"`
	Status      finding.Status      `json:"status"`
	RecordState finding.RecordState `json:"record_state"`
	Workflow    finding.Workflow    `json:"workflow"`
	ObservedAt  time.Time           `json:"observed_at"`
}

// fixMode is how far a fix of the case may go, and why: what the policy says, held
// back to approval after a fix of the case was undone.
func fixMode(f *casefile.File) (mode, why string) {
	if f.Life.ApproveOnly && f.Terms.FixMode == string(policy.FixAuto) {
		return string(policy.FixApprove), "a fix of this case was undone: a person approves the next; the policy says: " + f.Terms.FixWhy
	}
	return f.Terms.FixMode, f.Terms.FixWhy
}

func toJSON(list []store.Listed, now time.Time) []caseJSON {
	out := make([]caseJSON, 0, len(list))
	for _, l := range list {
		f := l.File
		c := caseJSON{
			Key: store.ShortKey(f.Key), Kind: f.Key.Kind, Account: f.Key.Account, Region: f.Key.Region, Control: f.Key.Control,
			Resource: f.Key.Resource, ResourceType: f.ResourceType, Severity: f.Severity, Title: f.Title, State: f.State, Reason: f.Reason,
			Response: f.Terms.Response, Class: f.Terms.Class, Owner: f.Terms.Owner, Overdue: f.Overdue(now), Standards: f.Standards,
			FirstSeen: f.FirstSeen, LastSeen: l.LastSeen, OpenedAt: f.OpenedAt, Recurrences: f.Life.Recurrences, Rule: f.Terms.Rule,
			Assignee: f.Life.Assignee, Actor: f.Life.Actor, Proof: f.Life.Proof, Sources: []sourceJSON{},
		}
		c.FixMode, _ = fixMode(f)
		if c.Standards == nil {
			c.Standards = []string{}
		}
		if !f.Terms.Due.IsZero() {
			c.Due = &f.Terms.Due
		}
		if !f.ClosedAt.IsZero() {
			c.ClosedAt = &f.ClosedAt
		}
		for _, s := range sorted(f.Sources) {
			c.Sources = append(c.Sources, sourceJSON{s.Source.ProductARN, s.Source.ID, s.Status, s.RecordState, s.Workflow, s.ObservedAt})
		}
		out = append(out, c)
	}
	return out
}
