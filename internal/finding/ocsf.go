package finding

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Classes of OCSF's findings category that are told apart; all others (2002
// vulnerability, 2006 data security, …) state that something happened or is
// there, as the detection finding does (schema.ocsf.io, category Findings).
const ocsfCompliance = 2003

// ocsf is the part of an OCSF finding that is read, as Security Hub V2 writes
// it in "Findings Imported V2" events and GetFindingsV2, and Prowler in files.
type ocsf struct {
	ClassUID   int     `json:"class_uid"`
	ActivityID int     `json:"activity_id"`
	StatusID   int     `json:"status_id"`
	StatusCode string  `json:"status_code"` // Prowler: PASS, FAIL, MANUAL
	Severity   string  `json:"severity"`
	SeverityID int     `json:"severity_id"`
	Message    string  `json:"message"`
	Comment    string  `json:"comment"`
	Time       instant `json:"time"`
	TimeDT     instant `json:"time_dt"`
	Cloud      struct {
		Account struct {
			UID string `json:"uid"`
		} `json:"account"`
		Partition string `json:"cloud_partition"`
		Region    string `json:"region"`
	} `json:"cloud"`
	Compliance struct {
		Control     string   `json:"control"`
		Status      string   `json:"status"`
		StatusID    int      `json:"status_id"`
		Standards   []string `json:"standards"`
		Assessments []struct {
			Name  string `json:"name"`
			Meets *bool  `json:"meets_criteria"`
		} `json:"assessments"`
	} `json:"compliance"`
	Info struct {
		UID        string   `json:"uid"`
		Title      string   `json:"title"`
		Desc       string   `json:"desc"`
		Types      []string `json:"types"`
		ProductUID string   `json:"product_uid"`
		Analytic   struct {
			UID  string `json:"uid"`
			Name string `json:"name"`
		} `json:"analytic"`
		LastSeen   instant `json:"last_seen_time"`
		LastSeenDT instant `json:"last_seen_time_dt"`
		Modified   instant `json:"modified_time"`
		ModifiedDT instant `json:"modified_time_dt"`
		Created    instant `json:"created_time"`
		CreatedDT  instant `json:"created_time_dt"`
	} `json:"finding_info"`
	Metadata struct {
		EventCode string `json:"event_code"`
		Product   struct {
			Name string `json:"name"`
			UID  string `json:"uid"`
		} `json:"product"`
	} `json:"metadata"`
	Remediation struct {
		References []string `json:"references"`
	} `json:"remediation"`
	Resources []struct {
		UID       string   `json:"uid"`
		Name      string   `json:"name"`
		Type      string   `json:"type"`
		Region    string   `json:"region"`
		Partition string   `json:"cloud_partition"`
		Tags      ocsfTags `json:"tags"`
	} `json:"resources"`
}

// instant is a time of OCSF: milliseconds since 1970 (Prowler: seconds), or text
// in the _dt attributes.
type instant struct{ time.Time }

// UnmarshalJSONFrom implements json.UnmarshalerFrom. What is no time is left
// unset: OCSF states each time twice, and one of the two suffices.
func (i *instant) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	switch v.Kind() {
	case '0':
		n, err := strconv.ParseInt(string(v), 10, 64)
		switch {
		case err != nil || n <= 0:
		case n < 1e11: // in milliseconds this would be before 1973
			i.Time = time.Unix(n, 0).UTC()
		default:
			i.Time = time.UnixMilli(n).UTC()
		}
	case '"':
		if at, err := time.Parse(time.RFC3339Nano, string(v[1:len(v)-1])); err == nil {
			i.Time = at.UTC()
		}
	}
	return nil
}

// ocsfTags reads tags as key_value_object: {name, value}, in older versions of
// the schema {key, value}.
type ocsfTags map[string]string

// UnmarshalJSONFrom implements json.UnmarshalerFrom. Tags of another shape are
// passed over.
func (t *ocsfTags) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	var list []struct{ Name, Key, Value string }
	if v.Kind() != '[' || json.Unmarshal(v, &list, lenient, json.MatchCaseInsensitiveNames(true)) != nil || len(list) == 0 {
		return nil
	}
	*t = make(ocsfTags, len(list))
	for _, one := range list {
		if one.Name == "" {
			one.Name = one.Key
		}
		(*t)[clean(one.Name, 256)] = clean(one.Value, 512)
	}
	return nil
}

// readOCSF reads one OCSF finding into ASFF's words.
func readOCSF(raw []byte, c *claim) error {
	var o ocsf
	if err := json.Unmarshal(raw, &o, lenient); err != nil {
		c.id = o.Info.UID
		return err
	}
	*c = claim{
		id: o.Info.UID, account: o.Cloud.Account.UID, region: o.Cloud.Region,
		partition: o.Cloud.Partition, controlID: o.Compliance.Control, types: o.Info.Types,
		title: o.Info.Title, description: o.Info.Desc,
		generators: []string{o.Info.UID},
		standards:  o.Compliance.Standards, remediation: o.Remediation.References,
		updated: firstOf("finding_info.modified_time", o.Info.Modified, o.Info.ModifiedDT, o.Time, o.TimeDT),
		created: firstOf("finding_info.created_time", o.Info.Created, o.Info.CreatedDT),
	}
	c.observed = []moment{firstOf("finding_info.last_seen_time", o.Info.LastSeen, o.Info.LastSeenDT), c.updated}
	for _, name := range [...]string{o.Metadata.EventCode, o.Info.Analytic.UID, o.Info.Analytic.Name, o.Compliance.Control} {
		if c.check == "" {
			c.check = name
		}
	}
	product := o.Metadata.Product.UID
	if strings.HasPrefix(product, "arn:") {
		c.productARN = product
	} else if c.product = product; product == "" {
		c.product = o.Metadata.Product.Name
	}
	var err error
	if c.severity, err = o.severity(); err != nil {
		return err
	}
	c.recordState, c.workflow = o.states()
	c.ended = o.ActivityID == 3 || o.StatusID == 4
	if err := o.compliance(c); err != nil {
		return err
	}
	c.resources = make([]thing, len(o.Resources))
	for i, r := range o.Resources {
		if r.UID == "" {
			r.UID = r.Name
		}
		c.resources[i] = thing{kind: r.Type, id: r.UID, region: r.Region, partition: r.Partition, tags: r.Tags}
		if c.partition == "" {
			c.partition = r.Partition
		}
	}
	return nil
}

func firstOf(field string, all ...instant) moment {
	for _, i := range all {
		if !i.IsZero() {
			return moment{field, i.Time}
		}
	}
	return moment{field: field}
}

// severity reads severity_id, else the word, which is written "Critical".
func (o *ocsf) severity() (Severity, error) {
	switch o.SeverityID {
	case 1:
		return Informational, nil
	case 2:
		return Low, nil
	case 3:
		return Medium, nil
	case 4:
		return High, nil
	case 5, 6: // Fatal is above Critical, which is where ASFF ends
		return Critical, nil
	}
	switch s := Severity(strings.ToUpper(o.Severity)); s {
	case Informational, Low, Medium, High, Critical:
		return s, nil
	case "FATAL":
		return Critical, nil
	case "", "UNKNOWN", "OTHER":
		return "", nil
	}
	return "", wrong("severity", "%q; expected Informational, Low, Medium, High or Critical", clean(o.Severity, 32))
}

// states reads status_id (1 New, 2 In Progress, 3 Suppressed, 4 Resolved,
// 5 Archived, 6 Deleted) and activity_id (3 Close) as RecordState and
// Workflow.Status.
func (o *ocsf) states() (record, flow string) {
	record, flow = string(Active), string(New)
	if o.ActivityID == 3 {
		record = string(Archived)
	}
	switch o.StatusID {
	case 2:
		flow = string(Notified)
	case 3:
		flow = string(Suppressed)
	case 4:
		flow = string(Resolved)
	case 5, 6:
		record = string(Archived)
	}
	return record, flow
}

// compliance reads what the finding states about a control, if anything.
func (o *ocsf) compliance(c *claim) error {
	if o.ClassUID != ocsfCompliance {
		// Prowler writes its checks as detection findings with a status code.
		c.statusField = "status_code"
		switch strings.ToUpper(o.StatusCode) {
		case "":
		case "PASS":
			c.status = string(Passed)
		case "FAIL":
			c.status = string(Failed)
		default:
			if !strings.HasPrefix(c.productARN, "arn:") {
				return wrong(c.statusField, "%q; expected PASS or FAIL", clean(o.StatusCode, 32))
			}
		}
		return nil
	}
	c.statusField = "compliance.status"
	switch o.Compliance.StatusID {
	case 1:
		c.status = string(Passed)
	case 2:
		c.status = string(Warning)
	case 3:
		c.status = string(Failed)
	default:
		switch strings.ToUpper(o.Compliance.Status) {
		case "PASS", "PASSED":
			c.status = string(Passed)
		case "WARNING":
			c.status = string(Warning)
		case "FAIL", "FAILED":
			c.status = string(Failed)
		case "UNKNOWN", "NOT_AVAILABLE", "NOT AVAILABLE":
			c.status = string(NotAvailable)
		default:
			return wrong(c.statusField, "%q; expected Pass, Fail, Warning or Unknown", clean(o.Compliance.Status, 32))
		}
	}
	for _, a := range o.Compliance.Assessments {
		if a.Name != "" && (a.Meets == nil || !*a.Meets) {
			c.reasons = append(c.reasons, a.Name)
		}
	}
	return nil
}
