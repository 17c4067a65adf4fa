package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/fake"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Report is how the day ended. OK says that everything that should have happened
// did, and nothing else.
type Report struct {
	OK      bool    `json:"ok"`
	Seconds float64 `json:"seconds"`
	Standing
	Checks []Check `json:"checks"`
}

// Standing is how everything stands now.
type Standing struct {
	Read      int       `json:"read"`
	Findings  int       `json:"findings"`
	Unchanged int       `json:"unchanged"`
	Dead      int       `json:"dead"`
	Cases     Cases     `json:"cases"`
	Messages  int       `json:"messages"` // posts at the top of a channel
	Replies   int       `json:"replies"`  // posts in a thread
	Updates   int       `json:"updates"`  // edits in place
	Channels  []Channel `json:"channels"`
	Fixes     []Fix     `json:"fixes"`
	Terms     []Term    `json:"deadlines"` // of what came up on the day
	Tickets   []Ticket  `json:"tickets"`
	Weeks     *Weekly   `json:"weeks,omitempty"` // what came after the day, where it was played
	Config    string    `json:"config"`          // the demo's zesei.yaml
}

// Cases counts cases.
type Cases struct {
	Opened   int                       `json:"opened"`
	Reopened int                       `json:"reopened"`
	Updated  int                       `json:"updated"`
	Closed   int                       `json:"closed"`
	Total    int                       `json:"total"`
	By       map[string]map[string]int `json:"by_severity"` // severity, then state
}

// Channel is what was said in one Slack channel.
type Channel struct {
	Name     string `json:"name"`
	Owner    string `json:"owner"`
	Messages int    `json:"messages"`
	Replies  int    `json:"replies"`
	Updates  int    `json:"updates"`
}

// Fix is what became of a security group that somebody opened.
type Fix struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Mode     string    `json:"mode"`
	Why      string    `json:"why"`
	Account  string    `json:"account"`
	Name     string    `json:"account_name"`
	Group    string    `json:"group"`
	Resource string    `json:"resource"`
	Plan     string    `json:"plan"`
	Cases    []string  `json:"cases"`
	OpenedBy string    `json:"opened_by"` // as CloudTrail tells it
	OpenedAt time.Time `json:"opened_at,omitzero"`
	Closed   []string  `json:"before_opening"` // ingress rules before somebody opened it,
	Before   []string  `json:"before"`         // before the fix
	After    []string  `json:"after"`          // and now
}

// Weekly is what came of the weeks after the day.
type Weekly struct {
	Told        int             `json:"told"` // cases told in the digest, and suppressed then
	Exception   store.Exception `json:"exception"`
	Was         time.Time       `json:"due_before_exception"`
	Now         time.Time       `json:"due_after_exception"`
	Reminders   int             `json:"reminders"`
	Escalations int             `json:"escalations"`
	Summary     string          `json:"summary"` // as it stands in Slack
}

func (d *Demo) weekly() *Weekly {
	p := d.played
	if p == nil || p.risk.now == nil {
		return nil
	}
	return &Weekly{Told: p.told - p.left, Exception: p.risk.asked, Was: p.risk.was.Terms.Due, Now: p.risk.now.Terms.Due,
		Reminders: p.posts[store.MessageReminder], Escalations: p.posts[store.MessageEscalation], Summary: p.summary}
}

// Check is one thing that should have happened.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Got  string `json:"got"`
}

// Report holds the day against what should have happened in it.
func (d *Demo) Report(ctx context.Context) (Report, error) {
	r := Report{Seconds: d.elapsed().Seconds()}
	list, err := d.cases(ctx)
	if err != nil {
		return r, err
	}
	if r.Standing, err = d.standing(ctx, list); err != nil {
		return r, err
	}
	d.learn(r.Fixes)
	hold := d.check
	if d.played != nil {
		hold = d.checkWeeks
	}
	if r.Checks, err = hold(ctx, r, list); err != nil {
		return r, err
	}
	r.OK = !slices.ContainsFunc(r.Checks, func(c Check) bool { return !c.OK })
	return r, nil
}

// standing looks at the store and, from the outside, at the twin.
func (d *Demo) standing(ctx context.Context, list []store.Listed) (Standing, error) {
	r := Standing{Config: d.Config()}
	d.total.Lock()
	t := d.total.Totals
	d.total.Unlock()
	r.Read, r.Findings, r.Unchanged, r.Dead = t.Read, t.Findings, t.Unchanged, t.Dead
	r.Cases = Cases{Opened: t.Cases.Opened, Reopened: t.Cases.Reopened, Updated: t.Cases.Updated}
	r.Cases.count(list)
	for _, name := range d.world.company.channels() {
		c := Channel{Name: "#" + name, Owner: d.world.company.ownerOf(name)}
		for _, m := range d.world.slack.Messages(name) {
			c.Updates += m.Edits
			if m.ThreadTS == "" || m.ThreadTS == m.TS {
				c.Messages++
			} else {
				c.Replies++
			}
		}
		r.Messages, r.Replies, r.Updates = r.Messages+c.Messages, r.Replies+c.Replies, r.Updates+c.Updates
		r.Channels = append(r.Channels, c)
	}
	for _, op := range d.opened {
		f, err := d.fix(ctx, op)
		if err != nil {
			return r, err
		}
		r.Fixes = append(r.Fixes, f)
	}
	var err error
	r.Terms = d.stages.terms
	r.Tickets, err = d.tickets(ctx, list)
	r.Weeks = d.weekly()
	return r, err
}

// learn remembers how the fixes stand, for Next.
func (d *Demo) learn(fixes []Fix) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known = map[string]Fix{}
	for _, f := range fixes {
		d.known[f.Resource] = f
	}
}

func (d *Demo) cases(ctx context.Context) ([]store.Listed, error) {
	var all []store.Listed
	f := store.Filter{Limit: 1000}
	for {
		page, next, err := store.List(ctx, d.app.DB.View(), f)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if f.After = next; next == "" {
			return all, nil
		}
	}
}

func (c *Cases) count(list []store.Listed) {
	c.Total, c.By = len(list), map[string]map[string]int{}
	for _, l := range list {
		s := string(l.File.Severity)
		if c.By[s] == nil {
			c.By[s] = map[string]int{}
		}
		c.By[s][string(l.File.State)]++
		if l.File.State == casefile.Closed {
			c.Closed++
		}
	}
}

// fix is what became of an opened group by now.
func (d *Demo) fix(ctx context.Context, op *opened) (Fix, error) {
	f := Fix{Account: op.account.ID, Name: op.account.Name, Group: op.Group, Resource: op.arn, Closed: op.closed, Before: op.wrong, After: d.world.ingress(op.account, op.id)}
	list, err := store.Fixes(ctx, d.app.DB.View(), op.arn, "", 1)
	if err != nil || len(list) == 0 {
		return f, err
	}
	x := list[0]
	f.ID, f.State, f.Mode, f.Why = x.ID, x.State, x.Mode, x.Why
	var plan struct {
		Summary     words
		SuggestOnly []words `json:"suggest_only"`
	}
	if err := json.Unmarshal(x.Plan, &plan); err != nil {
		return f, fmt.Errorf("reading the plan of %s: %w", x.ID, err)
	}
	f.Plan = plan.Summary.In(d.language)
	if len(plan.SuggestOnly) > 0 {
		f.Why = plan.SuggestOnly[0].In(d.language)
	}
	cases, err := store.CasesByID(ctx, d.app.DB.View(), x.Cases)
	if err != nil {
		return f, err
	}
	for _, c := range cases {
		f.Cases = append(f.Cases, store.ShortKey(c.Key))
		if a := c.Life.Actor; a != nil {
			f.OpenedBy, f.OpenedAt = cmp.Or(a.Name, a.Principal), a.At
		}
	}
	return f, nil
}

// outcome says in one line what became of an opened group.
func (d *Demo) outcome(f Fix, took time.Duration) string {
	switch f.State {
	case store.FixVerified:
		return d.t("→ closed and read again after %d ms; %d other rules untouched", "→ %d ミリ秒で閉鎖し、再読み取りで確認。ほかの %d 個のルールはそのまま", took.Milliseconds(), len(f.After))
	case store.FixWaiting:
		return d.t("→ fix %s waits for a person's approval; nothing changed", "→ 修復 %s は人の承認待ち（変更なし）", f.ID)
	case store.FixSuggested:
		return d.t("→ only suggested: %s", "→ 提案のみ：%s", f.Why)
	}
	return "→ " + strings.TrimSpace(f.State+" "+f.Why)
}

// slackWrites counts what Slack was told: posts and edits.
func (d *Demo) slackWrites() int {
	return d.world.slack.Journal().Count(fake.Query{Service: "slack", Writes: true, Outcome: "ok"})
}

// Severities are those that a table of cases shows, worst first.
func Severities() []string {
	return []string{string(finding.Critical), string(finding.High), string(finding.Medium), string(finding.Low), string(finding.Informational)}
}

// App is the app that works for the company.
func (d *Demo) App() *app.App { return d.app }

// tokyo is the company's time zone.
func tokyo() *time.Location { return time.FixedZone("JST", 9*60*60) }
