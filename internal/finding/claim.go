package finding

import "time"

// claim is what a document says, in ASFF's words whatever its format, before
// anything of it is believed.
type claim struct {
	id         string
	productARN string // empty where the product has another kind of name:
	product    string
	account    string
	region     string
	regionless bool     // the source knows no Region for it
	partition  string   // empty where the format has none
	controlID  string   // Compliance.SecurityControlId
	generators []string // what may name a Security Hub control, best first
	check      string   // what names the check of any other product
	types      []string
	configRule string // AWS Config's rule name

	title, description string
	severity           Severity
	status             string // Compliance.Status; empty for none
	statusField        string
	reasons            []string
	recordState        string
	archival           string
	workflow           string
	standards          []string // in AWS's words
	observed           []moment // the first that is set counts
	updated, created   moment
	remediation        []string // addresses
	noteBy             string
	resources          []thing
	ended              bool // the source says that the incident is over
}

// thing is a resource as a document describes it.
type thing struct {
	kind, id, region, partition string
	tags                        map[string]string
}

// moment is a time with the field that says it.
type moment struct {
	field string
	at    time.Time
}
