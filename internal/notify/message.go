package notify

import (
	"time"

	"zesei/internal/finding"
)

// Via names the kind of channel that a message goes out by.
type Via string

// The kinds of channel.
const (
	Slack     Via = "slack"
	Webhook   Via = "webhook"
	Email     Via = "email"
	Teams     Via = "teams"
	SNS       Via = "sns"
	PagerDuty Via = "pagerduty"
)

// Threads says whether the channel can carry details and replies under a
// message. Without threads a message is one part that holds every case.
func (v Via) Threads() bool { return v == Slack }

// Kind says what a message is about.
type Kind string

// The kinds of message.
const (
	Cases         Kind = "cases"          // one control broken by one resource or more
	ImportSummary Kind = "import-summary" // what a first import found, instead of a message per case
	Digest        Kind = "digest"         // many controls in one list
	Reminder      Kind = "reminder"       // what is due soon or past its deadline, to its owner
	Escalation    Kind = "escalation"     // what is past its deadline, to those above its owner
	Overflow      Kind = "overflow"       // what came above the owner's attention budget, ranked by control
	Notice        Kind = "notice"         // happenings of one rule, told once; their cases have no life
)

// Message is what must be said now to one owner.
type Message struct {
	Key string // our idempotency key, constant for the row
	// Owner is whose the cases are; several, separated by commas, where one
	// person is told for several owners: then each case names its own.
	Owner string
	Via   Via
	// Target is, by Via: Slack: channel id, #name or user id; email: addresses,
	// separated by commas; Teams: the owner whose workflow it is; SNS: the ARN of
	// the topic; any other: its configured name.
	Target   string
	Kind     Kind
	Language string         // ja or en; anything else reads as en
	Zone     *time.Location // of every time in the message; nil is UTC
	Control  Control        // empty in a digest and in an import summary
	Cases    []Case
	Import   *Import
	Trouble  *Trouble // of a message of kind Failure
	// Exceptions are those of a message of kind Ending.
	Exceptions []Exception
	Mention    []string // Slack user ids (U…, W…) or user group ids (S…)
	// Interactive says that buttons can be pressed under the message and that the
	// app hears who mentions it in the thread: Slack, where it is set up so.
	Interactive bool
	Asked       []Asked // wishes that a risk be accepted; told in threads only
}

// Control is what a message says of a control.
type Control struct {
	ID          string           `json:"id,omitempty"`
	TitleJA     string           `json:"title_ja,omitempty"`
	TitleEN     string           `json:"title_en,omitempty"`
	Severity    finding.Severity `json:"severity,omitempty"`
	Remediation string           `json:"remediation,omitempty"` // https URL on an AWS documentation host; any other is left out
}

// State is the life of a case, as far as a message tells it.
type State string

// The states of a case.
const (
	Open       State = "open"
	Accepted   State = "accepted"
	Suppressed State = "suppressed"
	Moved      State = "moved" // open, and another owner's now: Reason names it
	Closed     State = "closed"
)

// Case is one case as a message shows it.
type Case struct {
	Key          string           `json:"key"` // short id that `zesei case show` takes
	Control      string           `json:"control,omitempty"`
	AccountID    string           `json:"account"`
	AccountName  string           `json:"account_name,omitempty"`
	Region       string           `json:"region"`
	Resource     string           `json:"resource"` // ARN
	ResourceName string           `json:"resource_name,omitempty"`
	ResourceType string           `json:"resource_type,omitempty"`
	Severity     finding.Severity `json:"severity"`
	Title        string           `json:"title,omitempty"` // in the message's language
	State        State            `json:"state"`
	// Reason of a closed case: fixed, gone, archived, control disabled,
	// duplicate, handled, false positive, ended; another is shown as it is. Of
	// any other state: free text.
	Reason   string    `json:"reason,omitempty"`
	Proof    string    `json:"proof,omitempty"`    // what showed that it is fixed
	ClosedAt time.Time `json:"closed_at,omitzero"` // of a closed case
	// Until is when the exception ends that holds on an accepted case, AcceptedBy
	// who approved it.
	Until       time.Time `json:"until,omitzero"`
	AcceptedBy  string    `json:"accepted_by,omitempty"`
	Due         time.Time `json:"due,omitzero"`      // zero: no deadline
	DueWhy      string    `json:"due_why,omitempty"` // how the date came about, where it is not what one would count
	Overdue     bool      `json:"overdue"`
	Recurrences int       `json:"recurrences"`
	By          string    `json:"by,omitempty"`         // who did it, where CloudTrail says
	Address     string    `json:"address,omitempty"`    // from where, as CloudTrail has it
	Agent       string    `json:"user_agent,omitempty"` // with what program
	Owner       string    `json:"owner,omitempty"`      // where the message has several
	// Doubtful: the source cannot tell whether the control holds (WARNING,
	// NOT_AVAILABLE).
	Doubtful bool   `json:"doubtful,omitempty"`
	Assignee string `json:"assignee,omitempty"` // who works on it, in words
	Fix      *Fix   `json:"fix,omitempty"`
}

// FixState is how far a fix is.
type FixState string

// The states of a fix.
const (
	FixSuggested FixState = "suggested" // shown only
	FixWaiting   FixState = "waiting"   // for an approval
	FixApplied   FixState = "applied"   // not verified yet
	FixVerified  FixState = "verified"
	FixHeld      FixState = "held" // verification could not tell: a person must look
	FixFailed    FixState = "failed"
	FixUndone    FixState = "undone"
)

// Fix is what a message says of a case's fix.
type Fix struct {
	ID      string   `json:"id,omitempty"` // what `zesei fix approve` takes
	Mode    string   `json:"mode,omitempty"`
	Plan    string   `json:"-"` // hash of the plan; the id stands for it where parts are compared
	State   FixState `json:"state"`
	Summary string   `json:"summary,omitempty"` // the plan in one sentence
	Steps   []string `json:"steps,omitempty"`   // the plan in words, a step each
	Why     string   `json:"why,omitempty"`     // why it is only suggested, held or failed
}

// Import is what a first import found for one owner.
type Import struct {
	Accounts     []Account       `json:"accounts"`
	MoreAccounts int             `json:"more_accounts,omitempty"` // accounts not in Accounts
	Total        int             `json:"total"`
	Severities   []SeverityCount `json:"severities"`             // from CRITICAL down, zeros included
	Controls     []ControlCount  `json:"controls"`               // most cases first
	MoreControls int             `json:"more_controls"`          // controls not in Controls
	DueFrom      time.Time       `json:"due_from,omitzero"`      // earliest deadline
	DueTo        time.Time       `json:"due_to,omitzero"`        // latest deadline
	AtOnce       int             `json:"told_at_once,omitempty"` // CRITICAL cases with a message of their own
}

// Account names an account.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// SeverityCount is a number of cases of one severity.
type SeverityCount struct {
	Severity finding.Severity `json:"severity"`
	Cases    int              `json:"cases"`
}

// ControlCount is a number of cases of one control.
type ControlCount struct {
	ID       string           `json:"id"`
	Title    string           `json:"title,omitempty"` // in the message's language
	Severity finding.Severity `json:"severity"`
	Cases    int              `json:"cases"`
}
