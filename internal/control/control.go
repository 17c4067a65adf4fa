package control

import "strings"

// Severities as Security Hub rates controls (ASFF Severity.Label).
const (
	Informational = "INFORMATIONAL"
	Low           = "LOW"
	Medium        = "MEDIUM"
	High          = "HIGH"
	Critical      = "CRITICAL"
)

// Classes: what a control is about, in the words of the user's policy.
const (
	Essential           = "essential"
	Availability        = "availability"
	Logging             = "logging"
	EncryptionInTransit = "encryption-in-transit"
	EncryptionAtRest    = "encryption-at-rest"
	Other               = "other"
)

// Scopes: what a control is said of.
const (
	// ScopeAccount is a fact about the whole account: the case's Region is
	// "global", its resource the account, and every Region's report joins it.
	ScopeAccount = "account"
	// ScopeAccountRegion is a fact about the account in one Region: the case's
	// resource is the account, its Region the finding's.
	ScopeAccountRegion = "account-region"
	// ScopeResource is a fact about one resource, in that resource's Region
	// ("global" where Global is set).
	ScopeResource = "resource"
)

// Text is one thing said in each language that zesei speaks.
type Text struct{ EN, JA string }

// In returns the text in a language ("ja" or "en"; anything else is English).
func (t Text) In(language string) string {
	if language == "ja" && t.JA != "" {
		return t.JA
	}
	return t.EN
}

// StandardID is the name that one standard gives to a control where it is not
// the control's own id: PCI.EC2.5 in pci-dss-3.2.1, 4.1 in cis-1.2.
type StandardID struct{ Standard, ID string }

// Control is one rule of the catalogue.
type Control struct {
	ID       string // as Security Hub spells it: S3.8, Autoscaling.5, Opensearch.1
	Service  string // the part of ID before the dot
	Title    Text   // the state that is right, in our own words
	Severity string // INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL
	Class    string // essential, availability, logging, encryption-in-transit, encryption-at-rest or other
	Scope    string // account, account-region or resource
	// Global is set where the resource belongs to no Region: IAM, CloudFront,
	// Route 53, Global Accelerator, WAF Classic for CloudFront, and everything
	// of scope account.
	Global bool
	// ResourceTypes are CloudFormation's names of what the control looks at;
	// ConfigTypes are AWS Config's names of the same, in the same order. They
	// differ for a few services (AWS::CertificateManager::Certificate,
	// AWS::ACM::Certificate). Covers accepts either.
	ResourceTypes []string
	ConfigTypes   []string
	// Standards maps the id of each standard that holds the control to its
	// requirement numbers there; the list is empty where the numbers are not
	// known. For a retired control it is what held when it was retired.
	Standards  map[string][]string
	ConfigRule string // managed or custom AWS Config rule behind the control; "" unknown or none
	Schedule   string // change, periodic or change+periodic
	Parameters string // the rule's parameters and their defaults; "" none known
	// Retired is set when AWS has withdrawn the control. RetiredOn is the date
	// (2006-01-02) where known; with Retired unset it is the announced date.
	Retired   bool
	RetiredOn string
	// LegacyGeneratorIDs are the GeneratorId values of findings made while
	// consolidated control findings are off. Standards whose form AWS does not
	// document are left out here; ByGenerator still reads them.
	LegacyGeneratorIDs []string
	StandardIDs        []StandardID
	APIs               []string // AWS API calls that put the control right, as service:Operation; unverified guidance
	Remedy             string   // name of our remedy; "" none
	Fail               string   // CEL expression that holds when a resource fails; "" not checked by us
}

// Active reports whether the control is neither withdrawn nor announced to be.
func (c *Control) Active() bool { return !c.Retired && c.RetiredOn == "" }

// RemediationURL is AWS's own guidance for the control, the address that
// consolidated findings carry in Remediation.Recommendation.Url.
func (c *Control) RemediationURL() string {
	return "https://docs.aws.amazon.com/console/securityhub/" + c.ID + "/remediation"
}

// Covers reports whether a resource type, in CloudFormation's or AWS Config's
// spelling and in any letter case, is one that the control looks at.
func (c *Control) Covers(resourceType string) bool {
	for _, list := range [][]string{c.ResourceTypes, c.ConfigTypes} {
		for _, t := range list {
			if strings.EqualFold(t, resourceType) {
				return true
			}
		}
	}
	return false
}

// record is a control as the generator writes it: constants only, so that the
// linker lays it out and the program starts without work.
type record struct {
	id, en, ja              string
	severity, class, scope  string
	global                  bool
	types, configTypes      []string
	standards               []membership
	standardIDs             []StandardID
	rule, schedule, params  string
	retired                 bool
	retiredOn, remedy, fail string
	apis                    []string
}

// membership is one standard that holds a control, with its numbers there.
type membership struct {
	standard string
	numbers  []string
}

func (r *record) control() *Control {
	service, _, _ := strings.Cut(r.id, ".")
	c := &Control{
		ID: r.id, Service: service, Title: Text{EN: r.en, JA: r.ja},
		Severity: r.severity, Class: r.class, Scope: r.scope,
		Global:        r.global || r.scope == ScopeAccount,
		ResourceTypes: r.types, ConfigTypes: r.configTypes,
		Standards:  make(map[string][]string, len(r.standards)),
		ConfigRule: r.rule, Schedule: r.schedule, Parameters: r.params,
		Retired: r.retired, RetiredOn: r.retiredOn,
		StandardIDs: r.standardIDs, APIs: r.apis, Remedy: r.remedy, Fail: r.fail,
	}
	if c.ConfigTypes == nil {
		c.ConfigTypes = r.types
	}
	for _, m := range r.standards {
		c.Standards[m.standard] = m.numbers
	}
	return c
}
