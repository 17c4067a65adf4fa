package ticket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zesei/internal/finding"
)

// Ref names a ticket in its tracker.
type Ref struct {
	Key     string `json:"key,omitempty"`     // as people say it: SHOP-12, 17, INC0010001
	ID      string `json:"id,omitempty"`      // the tracker's own, where the key is not enough
	Project string `json:"project,omitempty"` // where it was made
}

// Draft is a ticket as a tracker is given it: rendered, in no markup yet.
type Draft struct {
	Marker   string
	Project  string
	Title    string // one clean line
	Body     Text
	Due      string // 2006-01-02 in the owner's zone; empty: none
	Severity finding.Severity
	Assignee string
	Language string
	// Fields are further fields by the tracker's name for them: a string, or a
	// json.RawMessage where the template was JSON.
	Fields map[string]any
}

// Issue is a ticket as the tracker has it now.
type Issue struct {
	Ref
	URL      string
	Closed   bool
	State    string // the tracker's word for it
	Assignee string // its login, or the tracker's name for the person
	// UpdatedBy is who changed it last, where the tracker says so.
	UpdatedBy string
	UpdatedAt time.Time
	Text      string // the body as stored, to find a marker in
	Comments  []Comment
}

// Comment is one comment of a ticket.
type Comment struct {
	ID   string
	By   string
	At   time.Time
	Text string // from outside
}

// Traits is what is different about a tracker.
type Traits struct {
	Name string // as errors name it
	// IndexDelay is how long after a create its search may not find it yet.
	IndexDelay time.Duration
	// NoFind: the tracker cannot be searched; a create in doubt waits for a person.
	NoFind bool
	// NoComments: comments cannot be read; one in doubt is repeated.
	NoComments bool
	// Polls: there is no list of changes; each ticket is asked for.
	Polls bool
}

// Tracker is a place where tickets live. Implementations are safe for concurrent
// use.
//
// Errors: *RetryAfter when the tracker named a time and did nothing, *Permanent
// when repeating cannot help and nothing was done, ErrGone when the ticket is not
// there any more, an error that matches ErrNotSent when the request cannot have
// arrived; any other leaves it in doubt whether the call took effect.
type Tracker interface {
	Traits() Traits
	// Create makes a ticket that carries the draft's marker.
	Create(ctx context.Context, d Draft) (Issue, error)
	// Get reads a ticket with its comments.
	Get(ctx context.Context, r Ref) (Issue, error)
	// Update writes the named fields of the draft, and no others.
	Update(ctx context.Context, r Ref, d Draft, fields []string) error
	// Comment adds a comment and returns its id where the tracker gives one.
	Comment(ctx context.Context, r Ref, text Text) (string, error)
	// Close closes the ticket and says why in the tracker's own words where it has
	// some; one that is closed already is no error, and keeps its reason.
	Close(ctx context.Context, r Ref, proof Text, why Ending) error
	// Reopen opens the ticket; one that is open already is no error.
	Reopen(ctx context.Context, r Ref, why Text) error
	// FindByMarker looks for a ticket with the marker, created not before since.
	FindByMarker(ctx context.Context, project, marker string, since time.Time) (Issue, bool, error)
	// Changes lists tickets that changed at or after since, those among refs at
	// the least. An issue may come more than once.
	Changes(ctx context.Context, project string, since time.Time, refs []Ref) ([]Issue, error)
}

// RetryAfter is a refusal that names a time to wait. Nothing was done.
type RetryAfter struct {
	After time.Duration
	By    string // who refused
	Why   string
}

func (e *RetryAfter) Error() string {
	if e.Why != "" {
		return fmt.Sprintf("%s: %s: waiting %s", e.By, e.Why, e.After)
	}
	return fmt.Sprintf("%s asks to wait %s", e.By, e.After)
}

// Permanent is a refusal that repeating does not cure. Nothing was done.
type Permanent struct {
	Reason string // one line: what was refused and the tracker's word for it
	Hint   string // what a person can do about it
}

func (e *Permanent) Error() string {
	if e.Hint == "" {
		return e.Reason
	}
	return e.Reason + ": " + e.Hint
}

// UnknownPerson says that a tracker does not know the assignee. Nothing was done;
// the ticket goes on without one.
type UnknownPerson struct {
	Who  string
	Hint string // what a person can do about it
}

func (e *UnknownPerson) Error() string { return fmt.Sprintf("%q is unknown there: %s", e.Who, e.Hint) }

// ErrGone says that the ticket is not in the tracker any more.
var ErrGone = errors.New("the ticket is gone")

// ErrNotSent says that a request cannot have arrived.
var ErrNotSent = errors.New("not sent")

// undone says whether a call that returned err cannot have taken effect.
func undone(err error) bool {
	var wait *RetryAfter
	var permanent *Permanent
	var person *UnknownPerson
	return errors.As(err, &person) || errors.As(err, &wait) || errors.As(err, &permanent) || errors.Is(err, ErrGone) || errors.Is(err, ErrNotSent)
}
