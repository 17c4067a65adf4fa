package policy

import (
	"zesei/internal/calendar"
)

// File is policy.yaml as it is written. Every key is optional; a key that is not
// here is an error.
type File struct {
	Standards     []string                 `yaml:"standards" jsonschema_description:"ids of the enabled standards; responses are asked once for each that holds the control"`
	Problem       []string                 `yaml:"problem" jsonschema:"enum=FAILED,enum=WARNING,enum=NOT_AVAILABLE" jsonschema_description:"Compliance.Status values that open a case (default: FAILED)"`
	Unused        []string                 `yaml:"unused" jsonschema_description:"controls of services that are not used at all; rules see control.unused"`
	Deadlines     map[string]calendar.Span `yaml:"deadlines" jsonschema_description:"by severity, for cases that are tracked"`
	Calendar      CalendarFile             `yaml:"calendar" jsonschema_description:"japan, weekends or none; or holidays, days, end_of_day and timezone"`
	Backlog       calendar.Span            `yaml:"backlog" jsonschema_description:"deadlines of a first import are spread over this span"`
	Notify        NotifyFile               `yaml:"notify" jsonschema_description:"what becomes of cases that are only told"`
	Responses     []ResponseFile           `yaml:"responses" jsonschema_description:"the first rule that matches answers for a standard; the strongest answer wins"`
	Unclassified  *UnclassifiedFile        `yaml:"unclassified" jsonschema_description:"the answer for a control of no class, asked before responses"`
	Controls      Overrides                `yaml:"controls" jsonschema_description:"by control id (or pattern), asked before everything else"`
	Fix           []FixFile                `yaml:"fix" jsonschema_description:"how far a fix may go; the first rule that matches counts, and without a match no fix is made"`
	FixForbidTags []string                 `yaml:"fix_forbid_tags" jsonschema_description:"key or key=value tags of a resource that forbid any fix (default: zesei:fix=off)"`
	IaCTags       []string                 `yaml:"iac_tags" jsonschema_description:"key or key=value tags that mark a resource as managed by infrastructure as code; added to aws:cloudformation:stack-id"`
	Limits        LimitsFile               `yaml:"limits" jsonschema_description:"how many fixes may be applied"`
	Exceptions    ExceptionsFile           `yaml:"exceptions" jsonschema_description:"accepted risks"`
	Reminders     []Reminder               `yaml:"reminders" jsonschema_description:"when a tracked case is brought to mind: half; N days before; on the day; weekly after"`
	EscalateAfter calendar.Span            `yaml:"escalate_after" jsonschema_description:"how long after the deadline the case is escalated"`
	Quiet         calendar.Span            `yaml:"quiet" jsonschema_description:"an incident that demands no response ends after this long without news (default: 7 days)"`
	QuietHours    QuietHours               `yaml:"quiet_hours" jsonschema_description:"no message but CRITICAL goes out then"`
	GroupWait     calendar.Span            `yaml:"group_wait" jsonschema_description:"how long a message waits for more cases of its owner and control (default: 30s; CRITICAL never waits)"`
	Attention     Rate                     `yaml:"attention" jsonschema_description:"messages that an owner gets one by one; the rest is ranked and summarised (default: no limit)"`
	Tickets       TicketsFile              `yaml:"tickets" jsonschema_description:"how tickets follow cases"`
}

// CalendarFile says which days are business days.
type CalendarFile struct {
	Holidays string `yaml:"holidays" jsonschema:"enum=japan,enum=weekends,enum=none"`
	Days     string `yaml:"days" jsonschema_description:"a company's own days: a YAML list or an iCalendar file"`
	EndOfDay string `yaml:"end_of_day" jsonschema_description:"when the business day ends (default: 18:00)"`
	Timezone string `yaml:"timezone" jsonschema_description:"the zone of deadlines where the owner has none"`
}

// NotifyFile says how cases of the response notify are told.
type NotifyFile struct {
	In   string `yaml:"in" jsonschema:"enum=daily,enum=weekly,enum=monthly"`
	Then string `yaml:"then" jsonschema:"enum=suppress,enum=keep" jsonschema_description:"suppress: SUPPRESSED in Security Hub once the summary was delivered"`
}

// ResponseFile is a rule of responses. Every condition that is written must hold.
type ResponseFile struct {
	When     When          `yaml:"when" jsonschema_description:"a CEL condition over control, finding, standard, account, owner and resource"`
	Standard []string      `yaml:"standard"`
	Controls []string      `yaml:"controls" jsonschema_description:"control ids or patterns"`
	Class    []string      `yaml:"class"`
	Severity []string      `yaml:"severity"`
	Accounts []string      `yaml:"accounts" jsonschema_description:"account ids or names; owner:x, env:x, ou:x"`
	Owner    []string      `yaml:"owner" jsonschema_description:"owners whose cases this is about"`
	Do       string        `yaml:"do" jsonschema:"required,enum=track,enum=notify,enum=suppress,enum=disable"`
	Reason   string        `yaml:"reason" jsonschema_description:"shown to people and kept in the audit chain"`
	Due      calendar.Span `yaml:"due" jsonschema_description:"instead of the deadline by severity"`
	To       string        `yaml:"to" jsonschema_description:"the owner who gets the case instead"`
	Urgent   bool          `yaml:"urgent" jsonschema_description:"also pages people (PagerDuty)"`
}

// UnclassifiedFile answers for controls that nobody classified.
type UnclassifiedFile struct {
	Do     string `yaml:"do" jsonschema:"required,enum=track,enum=notify,enum=suppress"`
	Owner  string `yaml:"owner" jsonschema_description:"who gets such cases"`
	Reason string `yaml:"reason"`
}

// OverrideFile is what is said of one control.
type OverrideFile struct {
	Do       string        `yaml:"do" jsonschema:"enum=track,enum=notify,enum=suppress,enum=disable"`
	Due      calendar.Span `yaml:"due"`
	Class    string        `yaml:"class" jsonschema_description:"instead of the catalogue's"`
	Reason   string        `yaml:"reason"`
	Severity string        `yaml:"severity" jsonschema_description:"instead of the finding's"`
	To       string        `yaml:"to" jsonschema_description:"the owner who gets the case instead"`
}

// FixFile is a rule of fix. Every condition that is written must hold.
type FixFile struct {
	Ruleset   string            `yaml:"ruleset" jsonschema_description:"a standard: the rule is about its controls only"`
	Controls  []string          `yaml:"controls"`
	Accounts  []string          `yaml:"accounts" jsonschema_description:"account ids or names; owner:x, env:x, ou:x"`
	Resources ResourceFile      `yaml:"resources"`
	Remedies  []string          `yaml:"remedies" jsonschema_description:"remedies to use instead of the control's own"`
	Mode      string            `yaml:"mode" jsonschema:"required,enum=off,enum=suggest,enum=approve,enum=auto"`
	Managed   string            `yaml:"managed" jsonschema:"enum=suggest,enum=approve" jsonschema_description:"how far a fix may go on what infrastructure as code manages (default: suggest)"`
	With      map[string]string `yaml:"with" jsonschema_description:"options of the remedy"`
	After     calendar.Span     `yaml:"after" jsonschema_description:"wait this long before an automatic fix"`
	Comment   string            `yaml:"comment"`
}

// ResourceFile selects resources. A filter on tags can only make a fix go less
// far: what anybody who may tag can set never permits one.
type ResourceFile struct {
	Name []string          `yaml:"name"`
	ARN  []string          `yaml:"arn"`
	Type []string          `yaml:"type" jsonschema_description:"CloudFormation type names"`
	Tags map[string]string `yaml:"tags" jsonschema_description:"tag keys and patterns of their values"`
}

// LimitsFile bounds what is applied.
type LimitsFile struct {
	Fixes      Rate `yaml:"fixes"`
	PerAccount Rate `yaml:"per_account"`
}

// ExceptionsFile bounds accepted risks.
type ExceptionsFile struct {
	Max  calendar.Span `yaml:"max" jsonschema_description:"the longest that an exception may last (default: 180 days)"`
	Warn calendar.Span `yaml:"warn" jsonschema_description:"how long before its end people are told, though not in the first half of its time (default: 7 days)"`
}

// TicketsFile says how tickets follow cases.
type TicketsFile struct {
	ClosedEarly string `yaml:"closed_early" jsonschema:"enum=reopen,enum=request" jsonschema_description:"a ticket closed while the resource still fails is opened again, or becomes a request for an exception"`
	Per         string `yaml:"per" jsonschema:"enum=case,enum=control" jsonschema_description:"one ticket a case, or one a control and owner"`
}
