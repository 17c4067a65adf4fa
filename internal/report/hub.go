package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/event"
	"zesei/internal/finding"
)

// Decoder reads one document: *finding.Decoder.
type Decoder interface {
	Decode(item event.Item, receivedAt time.Time) ([]finding.Finding, error)
}

// perFilter is how many values one filter attribute takes, pageSize how many
// findings a call gives at most (API reference, GetFindings).
const (
	perFilter = 20
	pageSize  = 100
)

// Filters are the filters that together give the findings which a query wants:
// FAILED, NEW or NOTIFIED, ACTIVE. WorkflowState, which older programs filter
// by, is deprecated and says less than WorkflowStatus.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFindingFilters.html
func Filters(q Query) []types.AwsSecurityFindingFilters {
	var out []types.AwsSecurityFindingFilters
	for _, controls := range chunks(q.Controls) {
		for _, accounts := range chunks(q.Accounts) {
			out = append(out, types.AwsSecurityFindingFilters{
				ComplianceStatus:            equals("FAILED"),
				WorkflowStatus:              equals("NEW", "NOTIFIED"),
				RecordState:                 equals("ACTIVE"),
				ComplianceSecurityControlId: equals(controls...),
				AwsAccountId:                equals(accounts...),
			})
		}
	}
	return out
}

func equals(values ...string) []types.StringFilter {
	var out []types.StringFilter
	for _, v := range values {
		out = append(out, types.StringFilter{Comparison: types.StringFilterComparisonEquals, Value: aws.String(v)})
	}
	return out
}

// chunks cuts a list into filters' lengths; an empty list is one empty chunk.
func chunks(all []string) [][]string {
	out := [][]string{}
	for len(all) > perFilter {
		out, all = append(out, all[:perFilter]), all[perFilter:]
	}
	return append(out, all)
}

// FromHub asks Security Hub. The error beside findings joins those that could
// not be read; the findings are good.
func FromHub(ctx context.Context, api securityhub.GetFindingsAPIClient, d Decoder, q Query, now time.Time) ([]finding.Finding, error) {
	var found []finding.Finding
	var unread []error
	for _, f := range Filters(q) {
		p := securityhub.NewGetFindingsPaginator(api, &securityhub.GetFindingsInput{Filters: &f, MaxResults: aws.Int32(pageSize)})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("asking Security Hub for findings: %w", err)
			}
			for i := range page.Findings {
				raw, err := document(&page.Findings[i])
				if err != nil {
					return nil, err
				}
				got, err := d.Decode(event.Item{Format: event.ASFF, Raw: raw}, now)
				if err != nil {
					unread = append(unread, err)
				}
				found = append(found, got...)
			}
		}
	}
	return found, errors.Join(unread...)
}

// document writes the part of a finding that is read back as ASFF, which the
// client has taken apart.
func document(f *types.AwsSecurityFinding) ([]byte, error) {
	doc := map[string]any{
		"Id": f.Id, "ProductArn": f.ProductArn, "Region": f.Region, "GeneratorId": f.GeneratorId, "AwsAccountId": f.AwsAccountId,
		"CreatedAt": f.CreatedAt, "UpdatedAt": f.UpdatedAt, "Title": f.Title, "Description": f.Description, "RecordState": f.RecordState,
	}
	set := func(name string, v any, ok bool) {
		if ok {
			doc[name] = v
		}
	}
	set("Types", f.Types, f.Types != nil)
	set("LastObservedAt", f.LastObservedAt, f.LastObservedAt != nil)
	set("ProductFields", f.ProductFields, f.ProductFields != nil)
	if s := f.Severity; s != nil {
		doc["Severity"] = map[string]any{"Label": s.Label}
	}
	if w := f.Workflow; w != nil {
		doc["Workflow"] = map[string]any{"Status": w.Status}
	}
	if c := f.Compliance; c != nil {
		m := map[string]any{"Status": c.Status}
		if c.SecurityControlId != nil {
			m["SecurityControlId"] = c.SecurityControlId
		}
		if c.AssociatedStandards != nil {
			m["AssociatedStandards"] = c.AssociatedStandards
		}
		doc["Compliance"] = m
	}
	var resources []any
	for _, r := range f.Resources {
		m := map[string]any{"Type": r.Type, "Id": r.Id, "Partition": r.Partition}
		if r.Region != nil {
			m["Region"] = r.Region
		}
		if r.Tags != nil {
			m["Tags"] = r.Tags
		}
		if r.Details != nil && r.Details.AwsRdsDbInstance != nil && r.Details.AwsRdsDbInstance.DBInstanceIdentifier != nil {
			m["Details"] = map[string]any{"AwsRdsDbInstance": map[string]any{"DBInstanceIdentifier": r.Details.AwsRdsDbInstance.DBInstanceIdentifier}}
		}
		resources = append(resources, m)
	}
	doc["Resources"] = resources
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("reading finding %s: %w", aws.ToString(f.Id), err)
	}
	return raw, nil
}
