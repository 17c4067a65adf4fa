package policy

import (
	"time"

	"zesei/internal/finding"
)

// Response is what the policy says must happen with a case.
type Response string

// The responses, from the strongest to the weakest: a case takes the strongest
// answer over its standards.
const (
	Track    Response = "track"    // until fixed, with a deadline
	Notify   Response = "notify"   // told in a summary
	Suppress Response = "suppress" // not handled, out of our score
	Disable  Response = "disable"  // the control is to be disabled; suppresses until `control apply` has done it
)

// FixMode says how far a fix may go by itself.
type FixMode string

// The fix modes, from the least to the most.
const (
	FixOff     FixMode = "off"     // no plan is made
	FixSuggest FixMode = "suggest" // a plan is shown, nobody can apply it from a message
	FixApprove FixMode = "approve" // applied after a person approved exactly this plan
	FixAuto    FixMode = "auto"    // applied by itself, within the limits
)

// Input is everything that a decision depends on. Nothing else is looked at: no
// clock, no database, no cloud.
type Input struct {
	Control   Control
	Severity  finding.Severity // of the last FAILED statement, else the catalogue's
	Status    finding.Status
	Source    string   // product: securityhub, guardduty, zesei/check, …
	Standards []string // of the finding (ids); only those the policy enables are asked
	Account   Account
	Owner     string
	Resource  Resource
	Now       time.Time // when the deadline starts
	// Backlog is set on a first import: deadlines are spread over the policy's
	// `backlog`, at the position that Spread (0 ≤ Spread < 1) gives.
	Backlog bool
	Spread  float64
	// Zone is the owner's; deadlines are seen from it. nil means the policy's.
	Zone *time.Location
}

// Control is what the policy may know of a control.
type Control struct {
	ID       string
	Class    string // "" when nobody classified it
	Severity finding.Severity
	Service  string
	Known    bool // in the catalogue
	Remedy   string
}

// Account is what the policy may know of an account.
type Account struct {
	ID          string
	Name        string
	Environment string
	OU          string
	Owner       string
	Tags        map[string]string
	// IaC: terraform, cloudformation, none, unknown.
	IaC   string
	Known bool // false: no row knows this account; no fix is allowed there
}

// Resource is what the policy may know of a resource.
type Resource struct {
	Type string // CloudFormation type name
	ID   string // canonical ARN
	Name string // last part of the ARN
	Tags map[string]string
	// TagsUnread makes every filter on tags fail closed.
	TagsUnread bool
	// IaC is what is known of this very resource: terraform or cloudformation
	// (a state or stack that was read holds it), none (one that was read does
	// not), or "" (nothing was read; the account's IaC counts).
	IaC string
}

// Decision is what must happen, and why.
type Decision struct {
	Response Response
	Class    string
	Due      time.Time // zero when there is no deadline
	DueWhy   string    // how the date came about
	DueWhyJA string    // the same in Japanese
	DueMoved bool      // days off moved the date, or were not counted
	Rule     string    // the rule that decided, e.g. "policy.yaml:14 responses[4]"
	Reason   string    // the rule's own `reason:`
	Why      []Step    // each rule asked, in order, over each standard
	Fix      Fix
	// Owner is set where a rule sends the case elsewhere, such as to the security
	// owner named in `unclassified:`; "" means the owner of the input.
	Owner string
	Hash  string // of the policy that decided
	// Urgent pages people as well.
	Urgent bool
	// Severity is the one that was decided by: the policy may set another than
	// the finding's.
	Severity finding.Severity
}

// Step is one rule that was asked.
type Step struct {
	Standard string // "" when asked once, without a standard
	Rule     string
	Matched  bool
	Why      string // why it matched or did not: "severity MEDIUM is not in [CRITICAL HIGH]"
	Response Response
}

// Fix is what the policy allows for a case's fix.
type Fix struct {
	Mode FixMode
	Rule string
	Why  string
	// With are options of the remedy: how, other_protocols, direction, kms_key …
	// The map belongs to the policy and is only read.
	With     map[string]string
	Remedies []string      // remedies to use; empty: the control's own
	After    time.Duration // wait this long before applying
	Comment  string
	Ruleset  string
	Asked    []Step // each fix rule that was asked, in order; Response is empty
}
