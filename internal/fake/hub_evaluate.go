package fake

import (
	"maps"
	"slices"
)

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
