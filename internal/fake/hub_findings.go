package fake

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func getFindings(c *call) (any, error) {
	var in struct {
		Filters      map[string]json.RawMessage
		SortCriteria []struct{ Field, SortOrder string }
		NextToken    string
		MaxResults   *int
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	filters, err := readFilters(in.Filters)
	if err != nil {
		return nil, err
	}
	size := 100
	if in.MaxResults != nil {
		if size = *in.MaxResults; size < 1 || size > 100 {
			return nil, invalidInput("MaxResults must be between 1 and 100, got %d", size)
		}
	}
	start, err := readToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	var found []*finding
	now := c.now()
	for _, h := range c.visible() {
		for _, f := range h.findings {
			if f.holds(filters, now) {
				found = append(found, f)
			}
		}
	}
	for i := len(in.SortCriteria) - 1; i >= 0; i-- {
		by := in.SortCriteria[i]
		path := orText(attributes[by.Field], by.Field)
		slices.SortStableFunc(found, func(a, b *finding) int {
			n := strings.Compare(strings.Join(valuesAt(a.body, path), "|"), strings.Join(valuesAt(b.body, path), "|"))
			if by.SortOrder == "desc" {
				return -n
			}
			return n
		})
	}
	out := map[string]any{}
	page := []map[string]any{}
	for i := start; i < len(found) && i < start+size; i++ {
		page = append(page, found[i].body)
	}
	if start+size < len(found) {
		out["NextToken"] = writeToken(start + size)
	}
	out["Findings"] = page
	return out, nil
}

func readToken(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	b, err := base64.StdEncoding.DecodeString(token)
	n, convErr := strconv.Atoi(strings.TrimPrefix(string(b), "from:"))
	if err != nil || convErr != nil || n < 0 {
		return 0, invalidInput("NextToken is not valid")
	}
	return n, nil
}

func writeToken(n int) string {
	return base64.StdEncoding.EncodeToString([]byte("from:" + strconv.Itoa(n)))
}

// restPage cuts a page by the query parameters MaxResults and NextToken.
func restPage[T any](c *call, name string, all []T, size int) (any, error) {
	q := c.http.URL.Query()
	if m := q.Get("MaxResults"); m != "" {
		n, err := strconv.Atoi(m)
		if err != nil || n < 1 || n > 100 {
			return nil, invalidInput("MaxResults must be between 1 and 100, got %s", m)
		}
		size = n
	}
	start, err := readToken(q.Get("NextToken"))
	if err != nil {
		return nil, err
	}
	start = min(start, len(all))
	end := min(start+size, len(all))
	out := map[string]any{name: all[start:end]}
	if end < len(all) {
		out["NextToken"] = writeToken(end)
	}
	return out, nil
}

// find looks a finding up among those that the call sees.
func (c *call) find(id, product string) *finding {
	for _, h := range c.visible() {
		if f := h.byKey[product+"|"+id]; f != nil {
			return f
		}
	}
	return nil
}

var workflowStatuses = []string{"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"}

// batchUpdateFindings sets the customer's fields. UpdatedAt stays; ProcessedAt
// moves; each finding is published again.
func batchUpdateFindings(c *call) (any, error) {
	var in map[string]json.RawMessage
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	var ids []struct{ Id, ProductArn string }
	if err := json.Unmarshal(in["FindingIdentifiers"], &ids); err != nil || len(ids) == 0 {
		return nil, invalidInput("FindingIdentifiers is required")
	}
	if len(ids) > 100 {
		return nil, invalidInput("FindingIdentifiers: at most 100 are allowed, %d were given", len(ids))
	}
	set := map[string]any{}
	for _, name := range []string{"Confidence", "Criticality", "Note", "RelatedFindings", "Severity", "Types", "UserDefinedFields", "VerificationState", "Workflow"} {
		raw, ok := in[name]
		if !ok {
			continue
		}
		v, err := decode(raw)
		if err != nil {
			return nil, invalidInput("%s: %v", name, err)
		}
		set[name] = v
	}
	if len(set) == 0 {
		return nil, invalidInput("At least one finding field to update is required")
	}
	if err := c.checkUpdate(set); err != nil {
		return nil, err
	}
	processed, unprocessed := []any{}, []any{}
	for i, id := range ids {
		ref := map[string]any{"Id": id.Id, "ProductArn": id.ProductArn}
		f := c.find(id.Id, id.ProductArn)
		if f == nil || i < c.partial {
			code, message := "FindingNotFound", "Finding Not Found"
			if f != nil {
				code, message = "ConcurrentUpdateError", "Another request is updating the finding"
			}
			unprocessed = append(unprocessed, map[string]any{"FindingIdentifier": ref, "ErrorCode": code, "ErrorMessage": message})
			continue
		}
		c.edit(f, set)
		c.cloud.publish(f)
		processed = append(processed, ref)
		c.resources = append(c.resources, trailResource{Name: id.Id})
	}
	return map[string]any{"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}, nil
}

func (c *call) checkUpdate(set map[string]any) error {
	if w, ok := set["Workflow"].(map[string]any); ok {
		if s, _ := w["Status"].(string); !slices.Contains(workflowStatuses, s) {
			return invalidInput("Workflow.Status: '%s' is not one of %s", s, strings.Join(workflowStatuses, ", "))
		}
	}
	if n, ok := set["Note"].(map[string]any); ok {
		text, _ := n["Text"].(string)
		by, _ := n["UpdatedBy"].(string)
		if text == "" || by == "" || len([]rune(text)) > 512 {
			return invalidInput("Note: Text of 1 to 512 characters and UpdatedBy are required")
		}
		n["UpdatedAt"] = c.now().Format(asffTime)
	}
	return nil
}

func (c *call) edit(f *finding, set map[string]any) {
	body := maps.Clone(f.body)
	if f.byCustomer == nil {
		f.byCustomer = map[string]bool{}
	}
	for name, v := range set {
		f.byCustomer[name] = true
		if m, ok := v.(map[string]any); ok && name != "Note" && name != "UserDefinedFields" {
			if have, isMap := body[name].(map[string]any); isMap { // Severity keeps what is not named
				merged := maps.Clone(have)
				maps.Copy(merged, m)
				v = merged
			}
		}
		body[name] = v
	}
	body["ProcessedAt"] = c.now().Format(asffTime)
	f.body = body
}

// decode reads JSON and keeps numbers as they are written.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	return v, nil
}

// publish sends "Security Hub Findings - Imported" to the event buses that get
// it: the finding's own account and Region, its administrator, and their home
// Regions. Held: mu.
func (c *Cloud) publish(f *finding) {
	owner, region := f.text("AwsAccountId"), f.text("Region")
	type bus struct{ account, region string }
	buses := []bus{{owner, region}}
	accounts := []string{owner}
	if a := c.accounts[owner]; a != nil && a.hubAdmin != "" {
		accounts = append(accounts, a.hubAdmin)
		buses = append(buses, bus{a.hubAdmin, region})
	}
	for _, id := range accounts {
		a := c.accounts[id]
		if a != nil && a.aggregator != nil && a.aggregator.home != region && slices.Contains(a.linkedRegions(a.aggregator.home), region) {
			buses = append(buses, bus{id, a.aggregator.home})
		}
	}
	for _, b := range buses {
		c.emit(b.account, b.region, "aws.securityhub", "Security Hub Findings - Imported",
			[]string{f.text("ProductArn") + "/" + f.text("Id")}, map[string]any{"findings": []any{f.body}})
	}
}
