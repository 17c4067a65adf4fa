package casework

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/control"
	"zesei/internal/detect"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// Kinds of the jobs that follow from a change, with their subjects.
const (
	JobMessage  = "message"  // id of a message row
	JobRecheck  = "recheck"  // a Target
	JobPlan     = "fix.plan" // a Target
	JobApply    = "fix.apply"
	JobVerify   = "fix.verify"
	JobHub      = "hub"       // account|region
	JobTick     = "case.tick" // id of a case
	JobRedecide = "policy"    // hash of the policy
	// JobException puts an exception on the cases that it covers, warns of its end
	// and ends it; its subject is the exception's id.
	JobException = "exception"
)

// Policy is what casework asks of a policy.
type Policy interface {
	Decide(policy.Input) policy.Decision
	Problem(finding.Status) bool
	Hash() string
}

// Directory knows accounts and owners.
type Directory interface {
	Account(id string) policy.Account
	// Owner names the owner of a resource of an account, and why. creator is who
	// made it, "" where that is not known.
	Owner(account string, tags map[string]string, creator string) (owner, why string)
	// Above is where a breach is told to those above an owner; none: nowhere.
	Above(owner string) []string
	// Zone is the time zone in which an owner's deadlines are seen; nil: the
	// policy's.
	Zone(owner string) *time.Location
	// Channels are where an owner is told: "slack:#shop-sec", "webhook". None
	// means that nobody is told. Those that page people stand among them; Carries
	// says what they are for.
	Channels(owner string) []string
}

// Rules are what decides, as one immutable snapshot: a changed policy is a new
// snapshot, taken up by Use.
type Rules struct {
	Policy    Policy
	Directory Directory
	Catalogue *control.Catalogue
	// Detect are the detection rules; nil: none.
	Detect *detect.Engine
	// CanRead says whether our own check can read resources for a control in an
	// account; nil: never.
	CanRead func(account, control string) bool
	// Hub names the account and Region where Security Hub is told of a finding;
	// nil or ok false: it is not told.
	Hub func(account, region string) (hubAccount, hubRegion string, ok bool)

	// Creator says whether who made a resource could tell its owner, so that
	// CloudTrail is asked when a case opens; nil: never.
	Creator func(account string, tags map[string]string) bool

	// Tracker is where an owner's tickets live; nil or ok false: nowhere.
	Tracker           func(owner string) (tracker, project string, ok bool)
	TicketsPerControl bool // one ticket a control and owner; otherwise one a case

	GroupWait    time.Duration                               // a message waits for cases to join; CRITICAL does not
	GroupWindow  time.Duration                               // cases of one owner and control join a message that long
	ImportWindow time.Duration                               // how long the first import of an account, standard or control is quiet
	DigestAt     func(owner string, now time.Time) time.Time // when the next digest goes out
	// Attention bounds the new messages that an owner gets one by one on a channel
	// that people read; a zero Per is no bound. What comes above it is summed up in
	// a message that goes out at OverflowAt, which must then be set.
	Attention  Limit
	OverflowAt func(owner string, now time.Time) time.Time
	// Readers are who reads a list (digest, reminder) of an owner on a channel;
	// nil: the owner there. See Reader.
	Readers func(owner, channel string) []Reader
	// Ladder gives the reminders of an owner's cases; nil: nobody is reminded.
	Ladder func(owner string) casefile.Ladder
	// ThenSuppress: a case that is only worth knowing is suppressed once the
	// summary in which it stands has been delivered.
	ThenSuppress bool
	Quiet        time.Duration  // incidents end by themselves: 7 days
	Zone         *time.Location // in which days are counted; nil: UTC
	Limits       Limits
	// Exceptions bound accepted risks.
	Exceptions ExceptionRules
	// Threads says whether a wish about one case is told in the thread of a message
	// of the case in a channel, where approvers are called; nil: nobody is told of it.
	Threads func(channel string) bool
}

// Limits bound how many fixes are applied; a zero N means no limit.
type Limits struct{ All, PerAccount Limit }

// Limit is a number within a time.
type Limit struct {
	N   int
	Per time.Duration
}

// Grace is how long the successor of a finding that consolidation archived is
// waited for.
const Grace = 48 * time.Hour

// MessageCases is how many cases one message holds at most.
const MessageCases = 500

// Work carries out casework on a store.
type Work struct {
	DB  *store.DB
	Now func() time.Time
	Log *slog.Logger
	// Rand gives the ids of fixes and exceptions.
	Rand io.Reader
	// Committed is called after each commit that asked for jobs; nil is fine.
	Committed func()

	rules  atomic.Pointer[Rules]
	mu     sync.Mutex
	firsts map[[2]string]time.Time
}

// New returns casework on a store with its first rules.
func New(db *store.DB, rules *Rules, now func() time.Time, log *slog.Logger) *Work {
	w := &Work{DB: db, Now: now, Log: log, Rand: rand.Reader, firsts: map[[2]string]time.Time{}}
	w.Use(rules)
	return w
}

// Rules are the rules in force.
func (w *Work) Rules() *Rules { return w.rules.Load() }

// Use puts rules in force for everything that comes after.
func (w *Work) Use(r *Rules) { w.rules.Store(r) }

// Counts say what became of cases.
type Counts struct {
	Opened   int `json:"opened"`
	Reopened int `json:"reopened"`
	Updated  int `json:"updated"`
	Closed   int `json:"closed"`
}

func (c *Counts) add(w casefile.Wants) {
	switch {
	case w.Opened:
		c.Opened++
	case w.Reopened:
		c.Reopened++
	case w.Closed:
		c.Closed++
	case w.Updated:
		c.Updated++
	}
}

// Add adds other counts.
func (c *Counts) Add(o Counts) {
	c.Opened += o.Opened
	c.Reopened += o.Reopened
	c.Updated += o.Updated
	c.Closed += o.Closed
}

// Result is what Take did with a batch.
type Result struct {
	Findings  int // statements heard, unchanged ones included
	Unchanged int
	Events    int // looked at by the detection rules
	Detected  int // matches of detection rules
	Dead      int
	Cases     Counts
	Touched   []int64 // cases that changed
}

func (w *Work) committed() {
	if w.Committed != nil {
		w.Committed()
	}
}

// firstTime is when something was first seen, remembered over transactions that
// committed.
func (w *Work) firstTime(ctx context.Context, tx *store.Tx, kind, name string, now time.Time) (time.Time, error) {
	w.mu.Lock()
	at, ok := w.firsts[[2]string{kind, name}]
	w.mu.Unlock()
	if ok {
		return at, nil
	}
	at, err := store.First(ctx, tx, kind, name, now)
	if err == nil && at.Before(now) { // an older row is committed; a new one may yet be rolled back
		w.mu.Lock()
		w.firsts[[2]string{kind, name}] = at
		w.mu.Unlock()
	}
	return at, err
}
