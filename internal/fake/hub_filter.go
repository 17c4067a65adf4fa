package fake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// attributes are the filter attributes of GetFindings that the twin knows, with
// the place of their value in ASFF; "[]" goes through an array.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFindingFilters.html
var attributes = map[string]string{
	"AwsAccountId":                       "AwsAccountId",
	"AwsAccountName":                     "AwsAccountName",
	"CompanyName":                        "CompanyName",
	"ComplianceAssociatedStandardsId":    "Compliance.AssociatedStandards[].StandardsId",
	"ComplianceSecurityControlId":        "Compliance.SecurityControlId",
	"ComplianceStatus":                   "Compliance.Status",
	"CreatedAt":                          "CreatedAt",
	"Description":                        "Description",
	"FindingProviderFieldsSeverityLabel": "FindingProviderFields.Severity.Label",
	"FirstObservedAt":                    "FirstObservedAt",
	"GeneratorId":                        "GeneratorId",
	"Id":                                 "Id",
	"LastObservedAt":                     "LastObservedAt",
	"NoteText":                           "Note.Text",
	"NoteUpdatedAt":                      "Note.UpdatedAt",
	"NoteUpdatedBy":                      "Note.UpdatedBy",
	"ProductArn":                         "ProductArn",
	"ProductName":                        "ProductName",
	"RecordState":                        "RecordState",
	"Region":                             "Region",
	"ResourceId":                         "Resources[].Id",
	"ResourcePartition":                  "Resources[].Partition",
	"ResourceRegion":                     "Resources[].Region",
	"ResourceType":                       "Resources[].Type",
	"SeverityLabel":                      "Severity.Label",
	"Title":                              "Title",
	"Type":                               "Types[]",
	"UpdatedAt":                          "UpdatedAt",
	"VerificationState":                  "VerificationState",
	"WorkflowState":                      "WorkflowState",
	"WorkflowStatus":                     "Workflow.Status",
}

// condition is one value of a filter attribute: a StringFilter or a DateFilter.
type condition struct {
	Value, Comparison string
	Start, End        string
	DateRange         *struct {
		Value int
		Unit  string
	}
}

func isDate(attribute string) bool { return strings.HasSuffix(attribute, "At") }

// readFilters checks what GetFindings checks: at most 10 attributes with 20
// values each, known attributes, known comparisons.
func readFilters(raw map[string]json.RawMessage) (map[string][]condition, error) {
	if len(raw) > 10 {
		return nil, invalidInput("Filters: at most 10 attributes are allowed, %d were given", len(raw))
	}
	all := map[string][]condition{}
	for name, v := range raw {
		if _, ok := attributes[name]; !ok {
			return nil, invalidInput("Filters: the attribute %s is not offered here", name)
		}
		var list []condition
		if err := json.Unmarshal(v, &list); err != nil {
			return nil, invalidInput("Filters.%s: %v", name, err)
		}
		if len(list) > 20 {
			return nil, invalidInput("Filters.%s: at most 20 values are allowed, %d were given", name, len(list))
		}
		for _, one := range list {
			if err := one.check(name); err != nil {
				return nil, err
			}
		}
		all[name] = list
	}
	return all, nil
}

func (one condition) check(name string) error {
	if isDate(name) {
		for _, t := range []string{one.Start, one.End} {
			if _, err := time.Parse(time.RFC3339, t); t != "" && err != nil {
				return invalidInput("Filters.%s: %s is not a timestamp", name, t)
			}
		}
		if one.DateRange != nil && (one.DateRange.Unit != "DAYS" || one.DateRange.Value < 1) {
			return invalidInput("Filters.%s: DateRange needs Unit DAYS and a Value above 0", name)
		}
		return nil
	}
	if !slices.Contains([]string{"EQUALS", "PREFIX", "NOT_EQUALS", "PREFIX_NOT_EQUALS"}, one.Comparison) {
		return invalidInput("Filters.%s: the comparison '%s' is not allowed", name, one.Comparison)
	}
	return nil
}

func invalidInput(format string, args ...any) *apiError {
	return fail(http.StatusBadRequest, "InvalidInputException", format, args...)
}

// holds says whether a finding passes all attributes.
func (f *finding) holds(filters map[string][]condition, now time.Time) bool {
	for name, list := range filters {
		values := valuesAt(f.body, attributes[name])
		if isDate(name) {
			if !datesHold(list, values, now) {
				return false
			}
		} else if !stringsHold(list, values) {
			return false
		}
	}
	return true
}

// stringsHold joins EQUALS and PREFIX by OR, NOT_EQUALS and PREFIX_NOT_EQUALS
// by AND, as StringFilter documents.
func stringsHold(list []condition, values []string) bool {
	wanted, found := false, false
	for _, one := range list {
		hit := slices.ContainsFunc(values, func(v string) bool {
			if strings.HasPrefix(one.Comparison, "PREFIX") {
				return strings.HasPrefix(v, one.Value)
			}
			return v == one.Value
		})
		if strings.HasSuffix(one.Comparison, "NOT_EQUALS") {
			if hit {
				return false
			}
			continue
		}
		wanted = true
		found = found || hit
	}
	return found || !wanted
}

func datesHold(list []condition, values []string, now time.Time) bool {
	if len(list) == 0 {
		return true
	}
	for _, v := range values {
		at, err := time.Parse(time.RFC3339, v)
		if err != nil {
			continue
		}
		for _, one := range list {
			if one.DateRange != nil {
				if !at.Before(now.AddDate(0, 0, -one.DateRange.Value)) && !at.After(now) {
					return true
				}
				continue
			}
			start, _ := time.Parse(time.RFC3339, one.Start)
			end, _ := time.Parse(time.RFC3339, one.End)
			if (one.Start == "" || !at.Before(start)) && (one.End == "" || !at.After(end)) {
				return true
			}
		}
	}
	return false
}

// valuesAt collects the texts at a path.
func valuesAt(v any, path string) []string {
	if path == "" {
		if s, ok := v.(string); ok {
			return []string{s}
		}
		return nil
	}
	head, rest, _ := strings.Cut(path, ".")
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	name, isArray := strings.CutSuffix(head, "[]")
	if !isArray {
		return valuesAt(m[name], rest)
	}
	items, _ := m[name].([]any)
	var all []string
	for _, item := range items {
		all = append(all, valuesAt(item, rest)...)
	}
	return all
}
