package finding

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"zesei/internal/event"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Catalogue is what a Decoder asks of the catalogue of controls.
type Catalogue interface {
	// Control finds a control by its own id, in any letter case.
	Control(id string) (ControlRef, bool)
	// Generator finds a control by a GeneratorId, a StandardsControlArn or the
	// Id of a finding, and sets Standard to the standard that made it.
	Generator(name string) (ControlRef, bool)
	// Standard gives our id (fsbp, cis-1.4) of a standard that AWS names by
	// StandardsArn, StandardsSubscriptionArn or StandardsId.
	Standard(name string) (id string, ok bool)
}

// The scopes of a control: what it is said of.
const (
	ScopeAccount       = "account"        // the account, all Regions' reports joined
	ScopeAccountRegion = "account-region" // the account in one Region
	ScopeResource      = "resource"       // each resource of its types
)

// ControlRef is what a Decoder needs to know of a control.
type ControlRef struct {
	ID            string   // in canonical case
	Scope         string   // account, account-region or resource
	Global        bool     // the resource belongs to no Region
	ResourceTypes []string // CloudFormation's or AWS Config's names
	Standard      string   // our id of the standard, where the finding's names one
}

// ErrNotFinding is in the error of Decode for an item that is no finding: a
// CloudTrail record or an event of another kind. It is not a dead letter where
// something else reads such items.
var ErrNotFinding = errors.New("not a finding")

// ErrForged is in the error of Decode for a finding that contradicts itself or
// its envelope about whose it is.
var ErrForged = errors.New("the finding contradicts itself")

// Error says why an item or one finding of it is a dead letter.
type Error struct {
	Source string // the item's
	Item   int64  // the item's index, 1-based
	ID     string // the finding's id, where it could be read
	Field  string // the field at fault, in the words of its format; may be empty
	Reason string // what is wrong and what was expected
	Kind   error  // ErrNotFinding, ErrForged, the reader's error, or nil
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Source != "" {
		fmt.Fprintf(&b, "%s: ", e.Source)
	}
	if e.Item > 0 {
		fmt.Fprintf(&b, "item %d: ", e.Item)
	}
	if e.ID != "" {
		fmt.Fprintf(&b, "finding %s: ", e.ID)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, "%s: ", e.Field)
	}
	return b.String() + e.Reason
}

// Unwrap gives the kind, for errors.Is.
func (e *Error) Unwrap() error { return e.Kind }

// Decoder turns items into findings. It holds no state between calls and is
// safe for concurrent use where its Catalogue is.
type Decoder struct {
	controls Catalogue
	trusted  func(envelope, finding string) bool
}

// Option sets how a Decoder works.
type Option func(*Decoder)

// Trusted sets who may bring whose findings: it is asked with the account of an
// envelope and that of a finding where the two differ, and says whether the
// first is the second's delegated administrator. Without it nobody is.
func Trusted(ask func(envelopeAccount, findingAccount string) bool) Option {
	return func(d *Decoder) { d.trusted = ask }
}

// NewDecoder returns a Decoder that knows the controls of a catalogue.
func NewDecoder(cat Catalogue, opts ...Option) *Decoder {
	d := &Decoder{controls: cat, trusted: func(string, string) bool { return false }}
	for _, o := range opts {
		o(d)
	}
	return d
}

// Decode reads the findings in an item: one, or those of an event. receivedAt
// is when the item came in; no statement is taken to be later than five minutes
// after it.
//
// The error is why the item, or a finding of it, is a dead letter: an *Error,
// or several joined. Findings that are returned beside an error are good and to
// be used. Nothing returned refers to the item's memory.
//
// A bare document (no envelope) is trusted about its account: who may hand in
// files decides that.
func (d *Decoder) Decode(item event.Item, receivedAt time.Time) ([]Finding, error) {
	c := &call{Decoder: d, item: item, latest: receivedAt.Add(maxAhead)}
	if item.Err != nil {
		return nil, c.dead("", strings.TrimPrefix(item.Err.Error(), item.Source+": "), item.Err)
	}
	switch item.Format {
	case event.ASFF:
		return c.one(bytes.Clone(item.Raw), readASFF)
	case event.OCSF:
		return c.one(bytes.Clone(item.Raw), readOCSF)
	case event.Dome9:
		return c.one(bytes.Clone(item.Raw), readDome9)
	case event.ImportedEvent, event.CustomAction:
		return c.event(readASFF)
	case event.ImportedV2:
		return c.event(readOCSF)
	case event.CloudTrailItem:
		return nil, c.dead("", "a CloudTrail record is an event, not a finding", ErrNotFinding)
	case event.OtherEvent:
		var head struct {
			DetailType string `json:"detail-type"`
		}
		_ = json.Unmarshal(item.Raw, &head, lenient)
		return nil, c.dead("detail-type", fmt.Sprintf("%q holds no finding", clean(head.DetailType, 128)), ErrNotFinding)
	}
	return nil, c.dead("", "an unknown format; expected ASFF, OCSF or an event that holds them", nil)
}

// maxAhead is how far a source's clock may run before ours.
const maxAhead = 5 * time.Minute

// lenient reads what sources really send: of a repeated name the last counts,
// bytes that are not UTF-8 become U+FFFD.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// call is one call of Decode.
type call struct {
	*Decoder
	item    event.Item
	account string    // of the envelope; empty without one
	sent    time.Time // the envelope's time
	latest  time.Time // no statement is later
}

// claim reader: the document into what it claims.
type reader func(raw []byte, into *claim) error

func (c *call) one(raw []byte, read reader) ([]Finding, error) {
	f, err := c.decode(raw, read)
	if err != nil {
		return nil, err
	}
	return []Finding{f}, nil
}

// event reads the findings of one of Security Hub's EventBridge events.
func (c *call) event(read reader) ([]Finding, error) {
	var envelope struct {
		DetailType string    `json:"detail-type"`
		Source     string    `json:"source"`
		Account    string    `json:"account"`
		Time       time.Time `json:"time"`
		Detail     struct {
			Findings []jsontext.Value `json:"findings"`
		} `json:"detail"`
	}
	if err := json.Unmarshal(c.item.Raw, &envelope, lenient); err != nil {
		return nil, c.jsonError(err)
	}
	switch {
	case envelope.Source != "aws.securityhub":
		// Only AWS can put events whose source begins with "aws.".
		return nil, c.dead("source", fmt.Sprintf("%q sends a %q event; expected aws.securityhub", clean(envelope.Source, 64), clean(envelope.DetailType, 64)), ErrForged)
	case !isAccount(envelope.Account):
		return nil, c.dead("account", fmt.Sprintf("%q in the envelope; expected 12 digits", clean(envelope.Account, 32)), nil)
	case len(envelope.Detail.Findings) == 0:
		return nil, c.dead("detail.findings", "empty; expected at least one finding", nil)
	}
	c.account, c.sent = envelope.Account, envelope.Time
	findings := make([]Finding, 0, len(envelope.Detail.Findings))
	var faults []error
	for _, raw := range envelope.Detail.Findings {
		f, err := c.decode(raw, read)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		findings = append(findings, f)
	}
	if len(faults) == 1 {
		return findings, faults[0]
	}
	return findings, errors.Join(faults...)
}

// decode reads one finding. The Finding keeps raw.
func (c *call) decode(raw []byte, read reader) (Finding, error) {
	var said claim
	if err := read(raw, &said); err != nil {
		var fault *Error
		if !errors.As(err, &fault) {
			fault = c.jsonError(err)
		}
		return Finding{}, c.place(fault, &said)
	}
	f, fault := c.finding(&said)
	if fault != nil {
		return Finding{}, c.place(fault, &said)
	}
	f.Raw = raw
	return f, nil
}

func (c *call) place(e *Error, said *claim) *Error {
	e.Source, e.Item, e.ID = c.item.Source, c.item.Index, clean(said.id, maxName)
	return e
}

func (c *call) dead(field, reason string, kind error) *Error {
	return &Error{Source: c.item.Source, Item: c.item.Index, Field: field, Reason: reason, Kind: kind}
}

// jsonError names the member in which a document is not what its format says.
func (c *call) jsonError(err error) *Error {
	e := c.dead("", "cannot be read: "+err.Error(), nil)
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		e.Field = strings.ReplaceAll(strings.TrimPrefix(string(semantic.JSONPointer), "/"), "/", ".")
		e.Reason = fmt.Sprintf("a JSON %s, which this field does not take", semantic.JSONKind)
		if semantic.Err != nil {
			e.Reason = semantic.Err.Error()
		}
	}
	return e
}

func wrong(field, reason string, args ...any) *Error {
	return &Error{Field: field, Reason: fmt.Sprintf(reason, args...)}
}

func forged(field, reason string, args ...any) *Error {
	e := wrong(field, reason, args...)
	e.Kind = ErrForged
	return e
}
