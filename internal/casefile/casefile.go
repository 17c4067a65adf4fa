// Package casefile holds a case's life as pure functions: a state and a fact go
// in, the new state, the moves for the audit chain and what must happen come out.
//
// It knows the rules by which several sources speak about one problem (who may
// open it, who may close it, what a re-import or a workflow reset means), how an
// exception holds and ends, and what a person may do. It knows no database, no
// clock and no cloud: package casework loads a File, applies facts and writes
// what comes out in one transaction.
package casefile

import (
	"time"

	"zesei/internal/finding"
)

// State is where a case stands. Overdue is derived, never stored.
type State string

// The states of a case.
const (
	Open       State = "open"
	Accepted   State = "accepted"   // an exception holds
	Suppressed State = "suppressed" // by the policy, or in the Security Hub console
	Closed     State = "closed"
)

// Reasons of a closed case.
const (
	Fixed         = "fixed"
	Gone          = "gone"           // the resource no longer exists
	ArchivedAway  = "archived"       // its sources archived it: control disabled, or gone
	Handled       = "handled"        // an incident somebody took care of
	FalsePositive = "false positive" // said by a person
	Ended         = "ended"          // an incident that its source or the quiet time ended
	Duplicate     = "duplicate"      // another case holds the same problem
)

// File is one case, with everything that its life depends on.
type File struct {
	ID           int64 // of the row; 0 for a case that does not exist yet
	Key          finding.Key
	ResourceType string
	Title        string
	Severity     finding.Severity
	State        State
	Reason       string // why it is in that state, in words
	Terms        Terms
	OpenedAt     time.Time
	ClosedAt     time.Time
	ChangedAt    time.Time
	RemindAt     time.Time // when Remind next has something to do; zero: never
	FirstSeen    time.Time
	Standards    []string
	Sources      map[[16]byte]Statement
	Life         Life
	// AuditSeq and AuditHead are the end of the audit chain.
	AuditSeq  int64
	AuditHead []byte
}

// Life is the part of a case that only its own rules look at.
type Life struct {
	Recurrences  int               `json:"recurrences,omitempty"`
	Doubtful     bool              `json:"doubtful,omitempty"` // opened on "cannot tell"
	ClosedBy     string            `json:"closed_by,omitempty"`
	SuppressedBy string            `json:"suppressed_by,omitempty"` // policy, console
	Live         Live              `json:"live,omitzero"`
	AwaitCheck   bool              `json:"await_check,omitempty"` // sources pass; our check has the last word
	HoldUntil    time.Time         `json:"hold_until,omitzero"`   // waiting for a consolidated successor
	Exception    *Exception        `json:"exception,omitempty"`
	Actor        *finding.Actor    `json:"actor,omitempty"`
	BroughtBack  *finding.Actor    `json:"brought_back,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
	Creator      string            `json:"creator,omitempty"`   // who made the resource, as CloudTrail names them
	TagsFrom     string            `json:"tags_from,omitempty"` // the source that gave the tags, hexadecimal
	Others       []string          `json:"others,omitempty"`
	Remediation  string            `json:"remediation,omitempty"`
	Description  string            `json:"description,omitempty"`
	Assignee     string            `json:"assignee,omitempty"`
	SnoozeUntil  time.Time         `json:"snooze_until,omitzero"`
	Reminded     time.Time         `json:"reminded,omitzero"`   // last time that the owner was reminded
	Escalated    bool              `json:"escalated,omitempty"` // the breach of the present deadline was told above
	Backlog      bool              `json:"backlog,omitempty"`   // opened by a first import
	Quiet        time.Duration     `json:"quiet,omitempty"`
	EventDue     time.Time         `json:"event_due,omitzero"` // a deadline that the event itself sets
	DueFrom      time.Time         `json:"due_from,omitzero"`  // when the present deadline began to count; zero: OpenedAt
	Proof        string            `json:"proof,omitempty"`    // what showed that it is fixed
	// AutoBy names what lets the next fix apply by itself whatever the policy's
	// mode: an approved exception of the kind "keep open until 18:00" that ended.
	AutoBy string `json:"auto_by,omitempty"`
	// ApproveOnly drops the case to mode approve: a fix of it was undone, until
	// a person lifts it.
	ApproveOnly bool `json:"approve_only,omitempty"`
}

// Live is what our own last check of the resource said.
type Live struct {
	Status finding.Status `json:"status,omitempty"` // PASSED, FAILED, or empty: could not tell
	At     time.Time      `json:"at,omitzero"`
	Why    string         `json:"why,omitempty"`
}

// Terms are what the policy decided for the case.
type Terms struct {
	Response string    `json:"response"`
	Class    string    `json:"class,omitempty"`
	Owner    string    `json:"owner"`
	OwnerWhy string    `json:"owner_why,omitempty"`
	Due      time.Time `json:"due,omitzero"`
	DueWhy   string    `json:"due_why,omitempty"`
	DueWhyJA string    `json:"due_why_ja,omitempty"` // the same in Japanese
	DueMoved bool      `json:"due_moved,omitempty"`  // days off moved it: worth a line in messages
	Rule     string    `json:"rule,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	FixMode  string    `json:"fix_mode,omitempty"`
	FixWhy   string    `json:"fix_why,omitempty"`
	Urgent   bool      `json:"urgent,omitempty"` // also pages people
	Policy   string    `json:"policy,omitempty"` // hash of the policy
}

// Statement is the last word of one source.
type Statement struct {
	Source      finding.Source
	Account     string
	Region      string
	Status      finding.Status
	RecordState finding.RecordState
	Workflow    finding.Workflow
	Severity    finding.Severity
	Standards   []string
	ObservedAt  time.Time
	// Only on the way in:
	ArchivalReason string
	OwnEdit        bool // our own BatchUpdateFindings coming back
	Closes         bool // ends the incident
}

// Speaks says whether the source still makes a statement.
func (s Statement) Speaks() bool { return s.RecordState != finding.Archived }

// Move is one row of the audit chain.
type Move struct {
	What string
	Why  string
	Data any // JSON-marshalled into the row; nil for none
}

// Wants is what must happen because of a fact.
type Wants struct {
	Recheck bool      // read the resource and evaluate
	Tell    bool      // bring messages up to date
	Hub     bool      // bring Security Hub's workflow status up to date
	Fix     bool      // plan a fix
	Wake    time.Time // look again then; zero: no need
	// Stale says that the statement is older than what its source said before:
	// nothing of it is kept. Unsettled says that it is kept, but that hearing
	// the same again must not be taken for "unchanged".
	Stale, Unsettled bool
	// Opened, Reopened, Closed and Updated count what a person would see.
	Opened, Reopened, Closed, Updated bool
}

// Env is what the rules need to know beside the case.
type Env struct {
	Now      time.Time
	Readable bool                      // our own check can read this resource
	Problem  func(finding.Status) bool // the policy's `problem:`
	// Decide asks the policy; a deadline counts from start.
	Decide  func(f *File, start time.Time) Terms
	Catalog finding.Severity // the control's severity in the catalogue; "" unknown
	Grace   time.Duration    // how long consolidation may take: 48 h
	Quiet   time.Duration    // when an incident ends by itself: 7 days
}

// Overdue says whether the deadline of an open case has passed.
func (f *File) Overdue(now time.Time) bool {
	return f.State == Open && !f.Terms.Due.IsZero() && now.After(f.Terms.Due)
}

// failing says whether some source that still speaks says FAILED.
func (f *File) failing() bool {
	return f.any(func(s Statement) bool { return s.Status == finding.Failed })
}

// passing says whether some source that still speaks says PASSED.
func (f *File) passing() bool {
	return f.any(func(s Statement) bool { return s.Status == finding.Passed })
}

// speaking says whether any source still makes a statement.
func (f *File) speaking() bool { return f.any(func(Statement) bool { return true }) }

func (f *File) any(is func(Statement) bool) bool {
	for _, s := range f.Sources {
		if s.Speaks() && is(s) {
			return true
		}
	}
	return false
}
