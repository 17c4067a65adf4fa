package fake

import (
	"encoding/json"
	"fmt"
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
