// Package finding holds what a source says about a resource: one Finding is one
// statement that a resource fails (or passes) a control, or that something
// happened, in the words of the AWS Security Finding Format (ASFF).
//
// A finding is a claim. It may cause a case to open and a live read to be made;
// it never supplies the parameters of a change.
//
// The package turns ASFF and OCSF documents into Findings (Decoder) and works
// out which problem each one is about (Key), so that one control broken by one
// resource is one case however many standards, sources, formats or re-imports
// report it. It does no I/O and decides nothing.
package finding

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"
)

// Kind tells a state (a control broken by a resource until it is mended) from an
// incident (something that happened).
type Kind string

// The kinds of a problem.
const (
	State    Kind = "state"
	Incident Kind = "incident"
)

// Status is ASFF's Compliance.Status.
type Status string

// The values of Compliance.Status. An empty Status belongs to a finding that
// makes no statement about compliance (an incident).
const (
	Passed       Status = "PASSED"
	Failed       Status = "FAILED"
	Warning      Status = "WARNING"       // cannot tell
	NotAvailable Status = "NOT_AVAILABLE" // cannot tell, or the resource is gone
)

// RecordState is ASFF's RecordState.
type RecordState string

// The values of RecordState.
const (
	Active   RecordState = "ACTIVE"
	Archived RecordState = "ARCHIVED"
)

// Workflow is ASFF's Workflow.Status: an input and an output of zesei, never the
// truth about a case.
type Workflow string

// The values of Workflow.Status.
const (
	New        Workflow = "NEW"
	Notified   Workflow = "NOTIFIED"
	Resolved   Workflow = "RESOLVED"
	Suppressed Workflow = "SUPPRESSED"
)

// Severity is ASFF's Severity.Label.
type Severity string

// The values of Severity, from the least.
const (
	Informational Severity = "INFORMATIONAL"
	Low           Severity = "LOW"
	Medium        Severity = "MEDIUM"
	High          Severity = "HIGH"
	Critical      Severity = "CRITICAL"
)

// Rank orders severities: 0 for INFORMATIONAL (and anything unknown) to 4 for
// CRITICAL.
func (s Severity) Rank() int {
	switch s {
	case Low:
		return 1
	case Medium:
		return 2
	case High:
		return 3
	case Critical:
		return 4
	}
	return 0
}

// Source names who speaks: the product and its own id of the finding. Order of
// statements is kept per source.
type Source struct {
	ProductARN string // e.g. arn:aws:securityhub:ap-northeast-1::product/aws/securityhub
	ID         string // the finding's Id in that product
}

// Hash identifies the source in the store: 16 bytes of SHA-256. Ids compare
// without case, as AWS prints the same id in two cases.
func (s Source) Hash() [16]byte { return short(strings.ToLower(s.ProductARN), strings.ToLower(s.ID)) }

// IsSecurityHub says whether the source is Security Hub's own checks, the only
// product that speaks for a Security Hub control.
func (s Source) IsSecurityHub() bool {
	p, ok := parseProduct(s.ProductARN)
	return ok && p.isSecurityHub()
}

// LiveCheck is the product part of the source of zesei's own checks.
const LiveCheck = "zesei/check"

// Key identifies the problem that a case is about.
//
// A state is (partition, account, region, control, resource as canonical ARN).
// An incident is (partition, account, region, rule, discriminator), so that all
// of its resources stand in one case.
type Key struct {
	Kind      Kind   `json:"kind"`
	Partition string `json:"partition"` // aws, aws-cn, aws-us-gov
	Account   string `json:"account"`   // 12 digits
	Region    string `json:"region"`    // a Region, or "global"
	Control   string `json:"control"`   // EC2.19, guardduty/…, <product>/<generator>
	Resource  string `json:"resource"`  // canonical ARN
	// Discriminator tells incidents of one rule apart: GuardDuty finding ARN,
	// Health event ARN, else the rule's key and window. Empty for a state.
	Discriminator string `json:"discriminator,omitempty"`
}

// Hash is the unique key of the case in the store: 16 bytes of SHA-256 over the
// parts that make the identity. Control and ARN are expected in canonical case.
func (k Key) Hash() [16]byte {
	if k.Kind == Incident {
		return short(string(k.Kind), k.Partition, k.Account, k.Region, k.Control, k.Discriminator)
	}
	return short(string(k.Kind), k.Partition, k.Account, k.Region, k.Control, k.Resource)
}

// Subject is one problem that a finding speaks about, with the resource as the
// source describes it. A control finding with several resources of the control's
// types has several subjects; an incident has one.
type Subject struct {
	Key          Key
	ResourceType string            // CloudFormation type name, e.g. AWS::EC2::SecurityGroup
	Tags         map[string]string // as the source says; they may forbid a fix, never permit one
	Others       []string          // further resources of an incident, as ARNs
}

// Finding is one statement by one source.
type Finding struct {
	Source      Source
	Subjects    []Subject
	Account     string
	Region      string
	Title       string
	Description string
	// Severity as the source says, empty where it does not. On a statement that is not FAILED Security
	// Hub writes INFORMATIONAL: a case never takes that over.
	Severity       Severity
	Status         Status
	StatusReasons  []string // Compliance.StatusReasons[].ReasonCode
	RecordState    RecordState
	ArchivalReason string // ProductFields ArchivalReasons:0/ReasonCode
	Workflow       Workflow
	Standards      []string // policy ids: fsbp, cis-1.4, …
	// ObservedAt orders the statements of a source: LastObservedAt, else
	// UpdatedAt, else the event's time, clamped to receipt + 5 minutes.
	ObservedAt     time.Time
	UpdatedAt      time.Time
	CreatedAt      time.Time
	RemediationURL string // https, AWS documentation host; else empty
	NoteUpdatedBy  string // who wrote the note: tells our own edits
	Actor          *Actor // who did it, where an event says so
	// Recheck names controls to evaluate on the live resource at once.
	Recheck []string
	// Closes is set on an incident statement that ends the incident (a Health
	// event closed, an archived GuardDuty finding).
	Closes bool
	// Quiet is how long after its last statement an incident that demands no
	// response ends by itself; 0 means the configured default.
	Quiet time.Duration
	// Due is a date that an event itself sets (a scheduled change); zero: none.
	Due time.Time
	// Notice marks a happening that is told once and opens no case.
	Notice bool
	// ContentHash covers everything above that can change a decision, and
	// nothing that moves on every import (UpdatedAt, LastObservedAt,
	// ProcessedAt): an unchanged finding has an unchanged hash.
	ContentHash [16]byte
	Raw         json.RawMessage // the document as received
}

// Actor is who did something, as CloudTrail tells it.
type Actor struct {
	Principal string    `json:"principal"` // ARN
	Name      string    `json:"name,omitempty"`
	Address   string    `json:"address,omitempty"` // source address
	UserAgent string    `json:"user_agent,omitempty"`
	Event     string    `json:"event,omitempty"`    // event name
	EventID   string    `json:"event_id,omitempty"` // CloudTrail eventID
	At        time.Time `json:"at"`
}

func short(parts ...string) [16]byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	var out [16]byte
	copy(out[:], h.Sum(nil))
	return out
}
