package finding

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// asff is the part of an ASFF finding that is read ("AWS Security Finding
// Format (ASFF)", Security Hub user guide). Everything else stays in Raw.
type asff struct {
	ID             string `json:"Id"`
	ProductArn     string
	Region         string
	GeneratorID    string `json:"GeneratorId"`
	AwsAccountID   string `json:"AwsAccountId"`
	Types          []string
	LastObservedAt string
	CreatedAt      string
	UpdatedAt      string
	Severity       asffSeverity
	Title          string
	Description    string
	Remediation    struct {
		Recommendation struct {
			URL string `json:"Url"`
		}
	}
	ProductFields asffProductFields
	Resources     []asffResource
	Compliance    struct {
		Status        string
		StatusReasons []struct{ ReasonCode string }
		// SecurityControlId stands here with consolidated findings on or off.
		SecurityControlID   string `json:"SecurityControlId"`
		AssociatedStandards []struct {
			StandardsID string `json:"StandardsId"`
		}
	}
	WorkflowState string // deprecated, still the only one in old findings
	Workflow      struct{ Status string }
	RecordState   string
	Note          struct{ UpdatedBy string }
	Provider      struct {
		Severity asffSeverity
		Types    []string
	} `json:"FindingProviderFields"`
}

type asffSeverity struct {
	Label      string
	Normalized *float64
}

// asffProductFields are the product's own fields that are read. The first five
// are Security Hub's without consolidated findings.
type asffProductFields struct {
	ControlID           string
	RuleID              string
	StandardsControlArn string
	StandardsArn        string
	StandardsGuideArn   string
	ArchivalReason      string
	ConfigRuleName      string
	GuardDutyArchived   string
	InspectorStatus     string
}

// UnmarshalJSONFrom reads the few members wanted of what may be a hundred. A
// product writes what it likes here: a value that is no string is passed over.
func (p *asffProductFields) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadValue()
		if err != nil {
			return err
		}
		var to *string
		switch string(name) {
		case `"ControlId"`:
			to = &p.ControlID
		case `"RuleId"`:
			to = &p.RuleID
		case `"StandardsControlArn"`:
			to = &p.StandardsControlArn
		case `"StandardsArn"`:
			to = &p.StandardsArn
		case `"StandardsGuideArn"`:
			to = &p.StandardsGuideArn
		case `"ArchivalReasons:0/ReasonCode"`:
			to = &p.ArchivalReason
		case `"aws/config/ConfigRuleName"`:
			to = &p.ConfigRuleName
		case `"aws/guardduty/service/archived"`:
			to = &p.GuardDutyArchived
		case `"aws/inspector/FindingStatus"`:
			to = &p.InspectorStatus
		}
		if to == nil || d.PeekKind() != '"' {
			if err := d.SkipValue(); err != nil {
				return err
			}
			continue
		}
		value, err := d.ReadToken()
		if err != nil {
			return err
		}
		*to = value.String()
	}
	_, err := d.ReadToken()
	return err
}

type asffResource struct {
	Type      string
	ID        string `json:"Id"`
	Partition string
	Region    string
	Tags      tagMap
	Details   struct {
		// An instance's Id may be its resource id (dbinstance:db-…) instead of
		// its name.
		AwsRdsDbInstance struct {
			DBInstanceIdentifier string
		}
	}
}

// tagMap reads tags as ASFF has them; AWS's own sample has a value that is no
// string, which is kept as written.
type tagMap map[string]string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *tagMap) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return d.SkipValue()
	}
	var values map[string]jsontext.Value
	if err := json.UnmarshalDecode(d, &values); err != nil {
		return err
	}
	if len(values) == 0 {
		return nil
	}
	*t = make(tagMap, len(values))
	for name, v := range values {
		text := string(v)
		if v.Kind() == '"' {
			if b, err := jsontext.AppendUnquote(nil, v); err == nil {
				text = string(b)
			}
		}
		(*t)[clean(name, 256)] = clean(text, 512)
	}
	return nil
}

// readASFF reads one ASFF finding.
func readASFF(raw []byte, c *claim) error {
	var a asff
	if err := json.Unmarshal(raw, &a, lenient); err != nil {
		c.id = a.ID
		return err
	}
	p := &a.ProductFields
	*c = claim{
		id: a.ID, productARN: a.ProductArn, account: a.AwsAccountID, region: a.Region,
		controlID: a.Compliance.SecurityControlID, types: a.Types, configRule: p.ConfigRuleName,
		title: a.Title, description: a.Description,
		status: a.Compliance.Status, statusField: "Compliance.Status",
		recordState: a.RecordState, archival: p.ArchivalReason,
		workflow: a.Workflow.Status, noteBy: a.Note.UpdatedBy,
		check:       a.GeneratorID,
		generators:  []string{a.GeneratorID, p.StandardsControlArn, a.ID},
		remediation: []string{a.Remediation.Recommendation.URL},
		ended:       p.GuardDutyArchived == "true" || p.InspectorStatus == "CLOSED",
	}
	if own := p.ControlID + p.RuleID; own != "" && p.StandardsControlArn == "" {
		c.generators = append(c.generators, p.StandardsArn+p.StandardsGuideArn+"/"+own)
	}
	if len(c.types) == 0 {
		c.types = a.Provider.Types
	}
	if c.workflow == "" {
		c.workflow = oldWorkflow(a.WorkflowState)
	}
	severity := a.Severity
	if severity.Label == "" && severity.Normalized == nil {
		severity = a.Provider.Severity
	}
	var err error
	if c.severity, err = severity.label(); err != nil {
		return err
	}
	for _, r := range a.Compliance.StatusReasons {
		c.reasons = append(c.reasons, r.ReasonCode)
	}
	for _, s := range a.Compliance.AssociatedStandards {
		c.standards = append(c.standards, s.StandardsID)
	}
	for _, s := range [...]string{p.StandardsArn, p.StandardsGuideArn} {
		if s != "" {
			c.standards = append(c.standards, s)
		}
	}
	c.resources = make([]thing, len(a.Resources))
	for i := range a.Resources {
		r := &a.Resources[i]
		c.resources[i] = thing{kind: r.Type, id: r.ID, region: r.Region, partition: r.Partition, tags: r.Tags}
		if name := r.Details.AwsRdsDbInstance.DBInstanceIdentifier; name != "" && r.Type == "AwsRdsDbInstance" {
			if head, _, ok := strings.Cut(r.ID, ":dbinstance:"); ok {
				c.resources[i].id = head + ":db:" + name
			}
		}
	}
	observed, err := asffTime("LastObservedAt", a.LastObservedAt)
	if err != nil {
		return err
	}
	if c.updated, err = asffTime("UpdatedAt", a.UpdatedAt); err != nil {
		return err
	}
	if c.created, err = asffTime("CreatedAt", a.CreatedAt); err != nil {
		return err
	}
	c.observed = []moment{observed, c.updated}
	return nil
}

// label reads Severity: the label, else the number ("ASFF: Severity").
func (s asffSeverity) label() (Severity, error) {
	switch label := Severity(strings.ToUpper(s.Label)); label {
	case Informational, Low, Medium, High, Critical:
		return label, nil
	case "":
	default:
		return "", wrong("Severity.Label", "%q; expected INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL", clean(s.Label, 32))
	}
	switch n := s.Normalized; {
	case n == nil:
		return "", nil
	case *n < 0 || *n > 100:
		return "", wrong("Severity.Normalized", "%g; expected 0 to 100", *n)
	case *n < 1:
		return Informational, nil
	case *n < 40:
		return Low, nil
	case *n < 70:
		return Medium, nil
	case *n < 90:
		return High, nil
	}
	return Critical, nil
}

// oldWorkflow reads the deprecated WorkflowState.
func oldWorkflow(s string) string {
	switch s {
	case "ASSIGNED", "IN_PROGRESS", "DEFERRED":
		return string(Notified)
	}
	return s
}

func asffTime(field, s string) (moment, error) {
	m := moment{field: field}
	if s == "" {
		return m, nil
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return m, wrong(field, "%q is no time; expected RFC 3339, as 2026-01-31T09:00:00Z", clean(s, 64))
	}
	m.at = at.UTC()
	return m, nil
}
