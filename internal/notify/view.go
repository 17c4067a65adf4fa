package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"zesei/internal/finding"
)

// Event is why a reply is posted in a thread.
type Event string

// The events that are worth a reply, because an edited message notifies nobody.
const (
	Recurred  Event = "recurred"    // a closed case is open again
	Reopened  Event = "reopened"    // an exception or suppression ended
	NeedsYes  Event = "fix-waiting" // a fix needs an approval
	NeedsLook Event = "fix-failed"  // a fix failed or could not be verified
)

// View is what a template sees: one part of a message, whole. The hash of a
// part is taken over its view, so a part changes exactly when something that a
// template can print has changed.
type View struct {
	Template   string           `json:"template"` // cases, case, reply, import-summary, digest
	Language   string           `json:"language"`
	ZoneName   string           `json:"zone"`
	Owner      string           `json:"owner"`
	Control    Control          `json:"control"`
	Severity   finding.Severity `json:"severity,omitempty"` // highest of the open cases, else the control's
	Case       *Case            `json:"case,omitempty"`     // the only case, or the one of a detail or reply
	Cases      []Case           `json:"cases,omitempty"`    // of a list, most urgent first
	Ranking    []Rank           `json:"ranking,omitempty"`  // of what came above the attention budget
	More       int              `json:"more,omitempty"`     // cases that the list leaves out
	Counts     Counts           `json:"counts"`
	Due        time.Time        `json:"due,omitzero"` // earliest deadline of the open cases
	Import     *Import          `json:"import,omitempty"`
	Exceptions []Exception      `json:"exceptions,omitempty"` // that end soon
	Event      Event            `json:"event,omitempty"`
	Asked      *Asked           `json:"asked,omitempty"`
	Trouble    *Trouble         `json:"trouble,omitempty"`
	// Details says that the channel shows each case in a thread below.
	Details bool `json:"details,omitempty"`
	// Interactive says that the reader can press buttons under it and is heard in
	// its thread.
	Interactive bool `json:"interactive,omitempty"`
	// Mention, Anew and Cut belong to one delivery, not to what is said.
	Mention []string `json:"-"`
	Anew    bool     `json:"-"` // posted again because the first post cannot be edited
	Cut     int      `json:"-"` // lines left out because the channel's limit is reached

	zone *time.Location
}

// Counts are the cases of a message by state.
type Counts struct {
	Total      int `json:"total"`
	Open       int `json:"open"`
	Overdue    int `json:"overdue"` // of the open ones
	Accepted   int `json:"accepted"`
	Suppressed int `json:"suppressed"`
	Moved      int `json:"moved,omitempty"` // another owner's now
	Closed     int `json:"closed"`
}

// How much a list holds before it says how many more there are.
const (
	linesInThreads = 30  // Slack: about 200 characters a line against 13,200 a message
	linesElsewhere = 500 // webhook: the whole row
	maxAccounts    = 20  // of an import summary
	maxControls    = 10
)

// Title is the control's title in the view's language, else the case's own,
// else the control's id.
func (v View) Title() string {
	first, second := v.Control.TitleEN, v.Control.TitleJA
	if v.Language == "ja" {
		first, second = second, first
	}
	own := ""
	if v.Case != nil {
		own = v.Case.Title
	}
	return cmp.Or(first, own, second, v.Control.ID)
}

// Hash identifies what the view says: 16 bytes of SHA-256 in hexadecimal.
func (v View) Hash() string {
	b, err := json.Marshal(v)
	if err != nil { // no value in a View can refuse to be written
		panic(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

func (m Message) base(template string) View {
	zone := m.Zone
	if zone == nil {
		zone = time.UTC
	}
	lang := m.Language
	if lang != "ja" {
		lang = "en"
	}
	return View{
		Template: template, Language: lang, ZoneName: zone.String(), zone: zone,
		Owner: m.Owner, Control: m.Control, Severity: m.Control.Severity,
		Interactive: m.Interactive && m.Via == Slack && m.Kind == Cases,
	}
}

// overview is the main part: the whole message where it has one case, a list
// where it has several.
func (m Message) overview() View {
	v := m.base(string(m.Kind))
	v.Import, v.Trouble, v.Exceptions = m.Import.short(), m.Trouble.utc(), m.endings()
	if m.Kind == Wish && m.Via.Threads() && len(m.Asked) > 0 {
		x := m.Asked[0]
		x.Until = second(x.Until)
		v.Asked = &x
	}
	cases := ordered(m.Cases)
	var worst finding.Severity
	for _, c := range cases {
		v.Counts.add(c)
		if c.State != Open {
			continue
		}
		if c.Severity.Rank() > worst.Rank() || worst == "" {
			worst = c.Severity
		}
		if !c.Due.IsZero() && (v.Due.IsZero() || c.Due.Before(v.Due)) {
			v.Due = c.Due
		}
	}
	if worst == "" && len(cases) > 0 && v.Severity == "" {
		worst = cases[0].Severity
	}
	v.Severity = cmp.Or(worst, v.Severity)
	if m.Kind == Cases && len(cases) == 1 {
		v.Case = &cases[0]
		return v
	}
	if m.Kind == Overflow {
		v.Ranking, v.More = ranking(cases)
		return v
	}
	limit := linesElsewhere
	if m.Via.Threads() {
		limit = linesInThreads
		v.Details = m.Kind == Cases
	}
	if len(cases) > limit {
		v.More = len(cases) - limit
		cases = cases[:limit]
	}
	if v.Details {
		for i := range cases {
			cases[i].Fix = cases[i].Fix.inLine()
		}
	}
	v.Cases = cases
	return v
}

// detail is the part of one case of a group.
func (m Message) detail(c Case) View { return m.one("case", c) }

// reply is what a thread is told when a case comes back.
func (m Message) reply(c Case, e Event) View {
	v := m.one("reply", c)
	v.Event = e
	return v
}

func (m Message) one(template string, c Case) View {
	v := m.base(template)
	c = c.utc()
	v.Case, v.Severity, v.Due = &c, c.Severity, c.Due
	v.Counts.add(c)
	return v
}

func (n *Counts) add(c Case) {
	n.Total++
	switch c.State {
	case Closed:
		n.Closed++
	case Accepted:
		n.Accepted++
	case Suppressed:
		n.Suppressed++
	case Moved:
		n.Moved++
	default:
		n.Open++
		if c.Overdue {
			n.Overdue++
		}
	}
}

// ordered returns the cases, most urgent first: open before the rest, overdue
// before not, then by severity, deadline and key.
func ordered(cases []Case) []Case {
	out := make([]Case, len(cases))
	for i, c := range cases {
		out[i] = c.utc()
	}
	slices.SortStableFunc(out, func(a, b Case) int {
		return cmp.Or(
			rank(a.State == Open, b.State == Open),
			rank(a.Overdue, b.Overdue),
			cmp.Compare(b.Severity.Rank(), a.Severity.Rank()),
			rank(!a.Due.IsZero(), !b.Due.IsZero()),
			a.Due.Compare(b.Due),
			strings.Compare(a.Key, b.Key),
		)
	})
	return out
}

func rank(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// utc makes equal instants equal in a hash.
func (c Case) utc() Case {
	c.Due, c.ClosedAt, c.Until = second(c.Due), second(c.ClosedAt), second(c.Until)
	return c
}

// short is the import with as many accounts and controls as a message shows.
func (i *Import) short() *Import {
	if i == nil {
		return nil
	}
	out := *i
	out.DueFrom, out.DueTo = second(i.DueFrom), second(i.DueTo)
	if n := len(out.Accounts) - maxAccounts; n > 0 {
		out.Accounts, out.MoreAccounts = out.Accounts[:maxAccounts], out.MoreAccounts+n
	}
	if n := len(out.Controls) - maxControls; n > 0 {
		out.Controls, out.MoreControls = out.Controls[:maxControls], out.MoreControls+n
	}
	return &out
}

func second(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

// inLine is what a line of a list says of a fix.
func (f *Fix) inLine() *Fix {
	if f == nil {
		return nil
	}
	return &Fix{ID: f.ID, State: f.State}
}
