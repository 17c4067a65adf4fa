package fake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// batchImportFindings takes findings from a product: unknown ones are created,
// known ones updated only by a later UpdatedAt.
func batchImportFindings(c *call) (any, error) {
	var in struct{ Findings []json.RawMessage }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if n := len(in.Findings); n < 1 || n > 100 {
		return nil, invalidInput("Findings: between 1 and 100 are allowed, %d were given", n)
	}
	failed := []any{}
	good := 0
	for i, raw := range in.Findings {
		v, err := decode(raw)
		body, ok := v.(map[string]any)
		if err == nil && !ok {
			err = fmt.Errorf("not an object")
		}
		f := &finding{body: body}
		if err == nil {
			err = c.checkImport(f)
		}
		if err == nil && i < c.partial {
			err = fmt.Errorf("the service could not take the finding")
		}
		if err != nil {
			failed = append(failed, map[string]any{"Id": f.text("Id"), "ErrorCode": "InvalidInput", "ErrorMessage": err.Error()})
			continue
		}
		good++
		c.cloud.importFinding(f.text("AwsAccountId"), c.regionName(), f.body)
	}
	return map[string]any{"SuccessCount": good, "FailedCount": len(failed), "FailedFindings": failed}, nil
}

func (c *call) checkImport(f *finding) error {
	for _, name := range []string{"AwsAccountId", "CreatedAt", "Description", "GeneratorId", "Id", "ProductArn", "SchemaVersion", "Title", "UpdatedAt"} {
		if f.text(name) == "" {
			return fmt.Errorf("finding.%s should be a non-empty string", name)
		}
	}
	if r, _ := f.body["Resources"].([]any); len(r) == 0 || len(r) > 32 {
		return fmt.Errorf("finding.Resources should have between 1 and 32 items")
	}
	if owner := f.text("AwsAccountId"); owner != c.account() {
		if a := c.cloud.accounts[owner]; a == nil || a.hubAdmin != c.account() {
			return fmt.Errorf("the account %s may not import findings of %s", c.account(), owner)
		}
	}
	for _, name := range []string{"CreatedAt", "UpdatedAt"} {
		if _, err := time.Parse(time.RFC3339, f.text(name)); err != nil {
			return fmt.Errorf("finding.%s is not a timestamp: %s", name, f.text(name))
		}
	}
	return nil
}

// PutFinding imports one finding (a JSON object of ASFF) as its product would,
// switches Security Hub on where it was off, and publishes the event. Account
// and Region are filled in where the JSON lacks them.
func (c *Cloud) PutFinding(account, region string, asff []byte) error {
	v, err := decode(asff)
	if err != nil {
		return fmt.Errorf("fake finding: %w", err)
	}
	body, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("fake finding: not a JSON object")
	}
	if f := (&finding{body: body}); f.text("Id") == "" || f.text("ProductArn") == "" {
		return fmt.Errorf("fake finding: Id and ProductArn are required")
	}
	c.locked(func() {
		c.hubOf(account, region)
		if body["AwsAccountId"] == nil {
			body["AwsAccountId"] = account
		}
		c.importFinding(account, region, body)
	})
	return nil
}

// importFinding creates or updates. Held: mu.
func (c *Cloud) importFinding(account, region string, body map[string]any) {
	h := c.hubOf(account, region)
	now := c.now().UTC().Format(asffTime)
	defaults := map[string]any{
		"RecordState": "ACTIVE", "WorkflowState": "NEW", "Workflow": map[string]any{"Status": "NEW"},
		"Region": region, "AwsAccountId": account, "UpdatedAt": now, "CreatedAt": now, "SchemaVersion": "2018-10-08",
	}
	for k, v := range defaults {
		if body[k] == nil {
			body[k] = v
		}
	}
	body["ProcessedAt"] = now
	next := &finding{body: body}
	had := h.byKey[next.key()]
	if had == nil {
		if next.text("Compliance", "Status") == "PASSED" && next.text("Workflow", "Status") == "NEW" {
			body["Workflow"] = map[string]any{"Status": "RESOLVED"}
		}
		h.add(next)
		c.publish(next)
		return
	}
	if !laterThan(next.text("UpdatedAt"), had.text("UpdatedAt")) {
		return
	}
	for _, name := range []string{"Note", "UserDefinedFields", "VerificationState", "Workflow"} {
		if v, ok := had.body[name]; ok {
			body[name] = v
		} else if name != "Workflow" {
			delete(body, name)
		}
	}
	for _, name := range []string{"Confidence", "Criticality", "RelatedFindings", "Severity", "Types"} {
		if had.byCustomer[name] {
			body[name] = had.body[name]
		}
	}
	moveWorkflow(had, next)
	had.body = body
	c.publish(had)
}

func laterThan(a, b string) bool {
	at, err := time.Parse(time.RFC3339, a)
	bt, err2 := time.Parse(time.RFC3339, b)
	return err == nil && (err2 != nil || at.After(bt))
}

// moveWorkflow applies the moves that Security Hub itself makes:
// https://docs.aws.amazon.com/securityhub/latest/userguide/findings-workflow-status.html
func moveWorkflow(had, next *finding) {
	workflow := had.text("Workflow", "Status")
	was, is := had.text("Compliance", "Status"), next.text("Compliance", "Status")
	to := workflow
	switch {
	case workflow == "SUPPRESSED":
	case is == "PASSED" && was != "PASSED":
		to = "RESOLVED"
	case !slices.Contains([]string{"NOTIFIED", "RESOLVED"}, workflow):
	case was == "PASSED" && slices.Contains([]string{"FAILED", "WARNING", "NOT_AVAILABLE"}, is):
		to = "NEW"
	case had.text("RecordState") == "ARCHIVED" && next.text("RecordState") == "ACTIVE":
		to = "NEW"
	}
	next.body["Workflow"] = map[string]any{"Status": to}
}

// Finding returns a finding as GetFindings would show it.
func (c *Cloud) Finding(account, region, id string) (json.RawMessage, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.region(account, region).hub.findings {
		if f.text("Id") == id {
			b, err := json.Marshal(f.body)
			return b, err == nil
		}
	}
	return nil, false
}

// Findings returns all findings of one account and Region.
func (c *Cloud) Findings(account, region string) []json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []json.RawMessage
	for _, f := range c.region(account, region).hub.findings {
		if b, err := json.Marshal(f.body); err == nil {
			all = append(all, b)
		}
	}
	return all
}

// Evaluation is what a check of a control says about one resource.
type Evaluation struct {
	// Control is the security control id ("EC2.19").
	Control string
	// ResourceType is ASFF's type ("AwsEc2SecurityGroup"), ResourceID its ARN.
	ResourceType, ResourceID string
	// Status is PASSED, FAILED, WARNING or NOT_AVAILABLE.
	Status string
	// Gone archives the finding: the resource was deleted.
	Gone bool
	// Reasons are codes for Compliance.StatusReasons.
	Reasons []string
}

// Evaluate lets Security Hub check a control: the one finding of control and
// resource is made or updated in place, with the moves of workflow status,
// severity and timestamps that Security Hub makes, and the event is published.
// It returns the finding's id.
func (c *Cloud) Evaluate(account, region string, e Evaluation) string {
	var id string
	c.locked(func() { id = c.evaluate(account, region, e) })
	return id
}

func (c *Cloud) evaluate(account, region string, e Evaluation) string {
	h := c.hubOf(account, region)
	now := c.now().UTC().Format(asffTime)
	control := c.catalog.control(e.Control)
	var had *finding
	for _, f := range h.findings {
		if f.text("Compliance", "SecurityControlId") == e.Control && slices.Contains(valuesAt(f.body, "Resources[].Id"), e.ResourceID) {
			had = f
		}
	}
	var body map[string]any
	if had == nil {
		body = c.controlFinding(account, region, control, e, now)
	} else {
		body = maps.Clone(had.body)
	}
	next := &finding{body: body}
	was := next.text("Compliance", "Status")
	compliance := map[string]any{}
	if m, ok := body["Compliance"].(map[string]any); ok {
		maps.Copy(compliance, m)
	}
	compliance["Status"] = e.Status
	delete(compliance, "StatusReasons")
	if len(e.Reasons) > 0 {
		reasons := []any{}
		for _, r := range e.Reasons {
			reasons = append(reasons, map[string]any{"ReasonCode": r, "Description": r})
		}
		compliance["StatusReasons"] = reasons
	}
	body["Compliance"] = compliance
	label := "INFORMATIONAL"
	if e.Status == "FAILED" {
		label = control.Severity
	}
	severity := map[string]any{"Label": label, "Normalized": severityNumbers[label], "Original": label}
	body["FindingProviderFields"] = map[string]any{"Severity": map[string]any{"Label": label, "Original": label}, "Types": body["Types"]}
	if had == nil || !had.byCustomer["Severity"] {
		body["Severity"] = severity
	}
	body["RecordState"] = "ACTIVE"
	if e.Gone {
		body["RecordState"] = "ARCHIVED"
	}
	if was != e.Status {
		body["FirstObservedAt"] = now
		if fields, ok := body["ProductFields"].(map[string]any); ok && had != nil {
			fields = maps.Clone(fields)
			fields["PreviousComplianceStatus"] = was
			body["ProductFields"] = fields
		}
	}
	body["LastObservedAt"], body["UpdatedAt"], body["ProcessedAt"] = now, now, now
	if had == nil {
		if e.Status == "PASSED" {
			body["Workflow"] = map[string]any{"Status": "RESOLVED"}
		}
		h.add(next)
		c.publish(next)
		return next.text("Id")
	}
	moveWorkflow(had, next)
	had.body = body
	c.publish(had)
	return had.text("Id")
}

var severityNumbers = map[string]int{"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90}

// controlFinding is a new finding of a control, in the consolidated shape.
func (c *Cloud) controlFinding(account, region string, control Control, e Evaluation, now string) map[string]any {
	standards := []any{}
	for _, key := range slices.Sorted(maps.Keys(control.Standards)) {
		if c.region(account, region).hub.subscriptions[key] {
			standards = append(standards, map[string]any{"StandardsId": standardPaths[key]})
		}
	}
	return map[string]any{
		"SchemaVersion": "2018-10-08",
		"Id":            c.arn("securityhub", region, account, "security-control/"+control.ID+"/finding/"+c.uuid()),
		"ProductArn":    c.arn("securityhub", region, "", "product/aws/securityhub"),
		"ProductName":   "Security Hub", "CompanyName": "AWS", "Region": region,
		"GeneratorId": "security-control/" + control.ID, "AwsAccountId": account, "AwsAccountName": c.accounts[account].Name,
		"Types":     []any{"Software and Configuration Checks/Industry and Regulatory Standards"},
		"CreatedAt": now, "FirstObservedAt": now, "Title": control.Title, "Description": control.Description,
		"Remediation": map[string]any{"Recommendation": map[string]any{
			"Text": "For information on how to correct this issue, consult the AWS Security Hub controls documentation.",
			"Url":  "https://docs.aws.amazon.com/console/securityhub/" + control.ID + "/remediation",
		}},
		"ProductFields": map[string]any{
			"RelatedAWSResources:0/type": "AWS::Config::ConfigRule", "aws/securityhub/ProductName": "Security Hub", "aws/securityhub/CompanyName": "AWS",
			"Resources:0/Id": e.ResourceID,
		},
		"Resources":     []any{map[string]any{"Type": e.ResourceType, "Id": e.ResourceID, "Partition": c.partition, "Region": region}},
		"Compliance":    map[string]any{"SecurityControlId": control.ID, "AssociatedStandards": standards},
		"WorkflowState": "NEW", "Workflow": map[string]any{"Status": "NEW"}, "RecordState": "ACTIVE",
	}
}
