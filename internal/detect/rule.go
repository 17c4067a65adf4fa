package detect

import (
	"time"

	"zesei/internal/finding"
)

// Pack is a file of rules that belong together.
type Pack struct {
	ID    string  `yaml:"pack"`
	Title Text    `yaml:"title"`
	Rules []*Rule `yaml:"rules"`
}

// Rule says what must not happen, or what must be looked at when it does.
type Rule struct {
	ID       string   `yaml:"id"`
	Title    Text     `yaml:"title"`
	Severity Severity `yaml:"severity"`
	// Event or Log is set: an EventBridge pattern, or a CloudWatch Logs filter
	// on the CloudTrail record.
	Event     Pattern    `yaml:"event"`
	Log       Filter     `yaml:"log"`
	Threshold *Threshold `yaml:"threshold"`
	// Resource is where the resource stands in the event; the first that the
	// event has counts. None: the account.
	Resource Places `yaml:"resource"`
	// Recheck names controls to evaluate on the live resource at once: ids, or
	// paths in the event under which their ids stand.
	Recheck []string `yaml:"recheck"`
	Opens   Opens    `yaml:"opens"`
	// Key tells incidents of the rule apart. Without it an incident is one a
	// resource and a notice one an event.
	Key    Template `yaml:"key"`
	Closes Pattern  `yaml:"closes"` // ends the incident of the same key
	Quiet  Span     `yaml:"quiet"`  // after which an incident ends by itself
	// Control is the name under which a hit is kept; <pack>.<id> without it.
	Control Template `yaml:"control"`
	// Product is the AWS product whose statement the event is (guardduty): the
	// finding then has the same source as the one that Security Hub imports.
	Product string  `yaml:"product"`
	Account Path    `yaml:"account"` // whose it is, where not the event's
	Region  Region  `yaml:"region"`  // where, where not the event's; or global
	Due     Path    `yaml:"due"`     // a date by which something must be done
	Text    Path    `yaml:"text"`    // a description
	Status  *Status `yaml:"status"`  // of a state
	// ConfigRule is the path of an AWS Config rule's name: the statement then is
	// about the controls behind that rule's identifier.
	ConfigRule Path     `yaml:"config_rule"`
	Examples   Examples `yaml:"examples"`

	Pack string `yaml:"-"`
}

// Name is the rule's name everywhere: <pack>.<id>.
func (r *Rule) Name() string { return r.Pack + "." + r.ID }

// Text is one thing said in each language.
type Text struct {
	EN string `yaml:"en" json:"en"`
	JA string `yaml:"ja" json:"ja"`
}

// In returns the text in a language ("ja" or "en"; anything else is English).
func (t Text) In(language string) string {
	if language == "ja" && t.JA != "" {
		return t.JA
	}
	return t.EN
}

// Opens says what a match leads to.
type Opens string

// The values of Opens.
const (
	OpensIncident Opens = "incident" // a case that lasts until closed, ended or quiet
	OpensNotice   Opens = "notice"   // told once, no case
	OpensNothing  Opens = "nothing"  // a recheck only
	OpensState    Opens = "state"    // says that a resource holds a control, or does not
)

// Threshold wants Count events within Within before the rule speaks, counted
// for each account and Region, and for each value of Per where that is set.
type Threshold struct {
	Count  int  `yaml:"count"`
	Within Span `yaml:"within"`
	Per    Per  `yaml:"per"`
}

// Region is a path under which a Region stands, or global for what belongs to
// none.
type Region struct {
	Path
	Global bool
}

// Place is where a resource stands in an event.
type Place struct {
	// Type is a CloudFormation type name, or a path under which one stands.
	Type string `yaml:"type"`
	ID   Paths  `yaml:"id"` // the first that the event has counts
}

// Places are several, in order of preference.
type Places []Place

// Status reads the status of a state from the event. A value that is in no list
// makes the rule say nothing.
type Status struct {
	From     Path     `yaml:"from"`
	Failed   []string `yaml:"failed"`
	Passed   []string `yaml:"passed"`
	Archived []string `yaml:"archived"`
}

func (s *Status) of(value string) (finding.Status, finding.RecordState, bool) {
	for _, group := range []struct {
		values []string
		status finding.Status
		record finding.RecordState
	}{
		{s.Failed, finding.Failed, finding.Active},
		{s.Passed, finding.Passed, finding.Active},
		{s.Archived, finding.NotAvailable, finding.Archived},
	} {
		for _, v := range group.values {
			if v == value {
				return group.status, group.record, true
			}
		}
	}
	return "", "", false
}

// Span is a length of time as a duration.
type Span struct{ time.Duration }
