package ticket

import (
	"time"

	"zesei/internal/finding"
)

// State is where a case stands.
type State string

// The states of a case, in casefile's words.
const (
	Open       State = "open"
	Accepted   State = "accepted"
	Suppressed State = "suppressed"
	Closed     State = "closed"
)

// Ticket is what a ticket must say now.
type Ticket struct {
	Key      string // ours, the same for the ticket's whole life: letters, digits and '-'
	Owner    string
	Project  string // in the tracker's words
	Language string // ja or en
	Zone     *time.Location
	Control  Control
	Cases    []Case // one, or those of a control and owner
	Grouped  bool   // the ticket is one for a control and owner, however many cases it holds
	Assignee string // a login of the tracker; empty: nobody
	// Fields are templates of further fields, by the tracker's name for them.
	Fields map[string]string
	// Hold, when set, leaves a ticket as people left it, and says why: closed
	// although a case is open, or open although none is. A recheck runs, or an
	// exception was asked for.
	Hold string
	// Rechecked: the resources were read since a person opened the ticket, and
	// nothing fails.
	Rechecked bool
}

// Control is the control that the cases break.
type Control struct {
	ID               string
	TitleEN, TitleJA string
	Severity         finding.Severity
	Remediation      string // a page of the AWS documentation
}

// Title is the control's title in a language, English where there is no other.
func (c Control) Title(language string) string {
	if language == "ja" && c.TitleJA != "" {
		return c.TitleJA
	}
	return c.TitleEN
}

// Case is one case of the ticket.
type Case struct {
	Key          string           `json:"key"`
	AccountID    string           `json:"account"`
	AccountName  string           `json:"account_name,omitempty"`
	Region       string           `json:"region"`
	Resource     string           `json:"resource"` // ARN
	ResourceName string           `json:"resource_name,omitempty"`
	ResourceType string           `json:"resource_type,omitempty"`
	Severity     finding.Severity `json:"severity"`
	State        State            `json:"state"`
	Reason       string           `json:"reason,omitempty"`      // why it is closed, accepted or suppressed
	Proof        string           `json:"proof,omitempty"`       // what showed that it is fixed
	Until        time.Time        `json:"until,omitzero"`        // of an accepted one: when the exception ends
	ApprovedBy   string           `json:"approved_by,omitempty"` // of an accepted one
	Due          time.Time        `json:"due,omitzero"`
	DueWhy       string           `json:"due_why,omitempty"`
	Recurrences  int              `json:"recurrences,omitempty"`
	By           string           `json:"by,omitempty"` // who brought it about, or back
	Fix          string           `json:"fix,omitempty"`
	MovedTo      string           `json:"moved_to,omitempty"` // the owner who has it now, where that is not the ticket's
}

// Marker is our key as it stands in the tracker: as a label, a line of the text
// or a correlation id. It is how a ticket is found again.
func (t Ticket) Marker() string { return MarkerOf(t.Key) }

// MarkerOf is the marker of a ticket with our key.
func MarkerOf(key string) string { return "zesei-" + key }

// Open says whether the ticket must be open: one of its cases is.
func (t Ticket) Open() bool {
	for _, c := range t.Cases {
		if c.State == Open {
			return true
		}
	}
	return false
}

// Due is the earliest deadline of the open cases; zero: none.
func (t Ticket) Due() time.Time {
	var due time.Time
	for _, c := range t.Cases {
		if c.State == Open && !c.Due.IsZero() && (due.IsZero() || c.Due.Before(due)) {
			due = c.Due
		}
	}
	return due
}

// date is the day that a tracker's deadline field holds: the earliest deadline
// of the open cases; where none is open and a risk is accepted, the day on which
// the first exception ends. Empty: none.
func (t Ticket) date() string {
	day := t.Due()
	if !t.Open() {
		for _, c := range t.Cases {
			if c.State == Accepted && !c.Until.IsZero() && (day.IsZero() || c.Until.Before(day)) {
				day = c.Until
			}
		}
	}
	if day.IsZero() {
		return ""
	}
	return day.In(t.zone()).Format("2006-01-02")
}

// Severity is the highest of the open cases, else the control's.
func (t Ticket) Severity() finding.Severity {
	out := finding.Severity("")
	for _, c := range t.Cases {
		if c.State == Open && (out == "" || c.Severity.Rank() > out.Rank()) {
			out = c.Severity
		}
	}
	if out == "" {
		return t.Control.Severity
	}
	return out
}

func (t Ticket) zone() *time.Location {
	if t.Zone == nil {
		return time.UTC
	}
	return t.Zone
}
