package controlstate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"golang.org/x/sync/errgroup"

	"zesei/internal/awscloud"
	"zesei/internal/control"
)

// Target is one account and Region.
type Target struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// Status is how an item stands.
type Status struct {
	Enabled   bool      `json:"enabled"`
	Reason    string    `json:"reason,omitempty"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// Problem is what could not be read or changed, and why.
type Problem struct {
	Target
	Policy   string        `json:"policy,omitempty"` // name of a configuration policy
	Standard string        `json:"standard,omitempty"`
	Control  string        `json:"control,omitempty"`
	Kind     awscloud.Kind `json:"kind"`
	Why      string        `json:"why"`
}

func (p Problem) String() string {
	s := p.Account + " " + p.Region
	if p.Policy != "" {
		s += " configuration policy " + p.Policy
	}
	for _, part := range []string{p.Standard, p.Control} {
		if part != "" {
			s += " " + part
		}
	}
	return s + ": " + p.Why
}

// Live is how controls stand.
type Live struct {
	Items    map[Item]Status
	Problems []Problem

	arns map[[2]string]string // Region and standard to the standard's ARN
}

// Clients gives the way into Security Hub of an account and Region; session names
// a write and is empty for reading.
type Clients func(ctx context.Context, t Target, session string) (*hub.Client, error)

// most is how many controls one call takes (API reference,
// BatchGetStandardsControlAssociations and BatchUpdateStandardsControlAssociations).
const most = 100

// atOnce bounds how many accounts and Regions are worked side by side; the rate
// of each is bounded by awscloud.
const atOnce = 8

// Read asks how the controls of the enabled standards stand. standards narrows it
// to some, by our ids. What cannot be read is a Problem; the error is the
// context's.
func Read(ctx context.Context, clients Clients, targets []Target, standards []string) (*Live, error) {
	out := &Live{Items: map[Item]Status{}, arns: map[[2]string]string{}}
	var mu sync.Mutex
	each, inner := errgroup.WithContext(ctx)
	each.SetLimit(atOnce)
	for _, t := range targets {
		each.Go(func() error {
			r := reader{target: t, items: map[Item]Status{}, arns: map[[2]string]string{}}
			r.read(inner, clients, standards)
			mu.Lock()
			defer mu.Unlock()
			for k, v := range r.items {
				out.Items[k] = v
			}
			for k, v := range r.arns {
				out.arns[k] = v
			}
			out.Problems = append(out.Problems, r.problems...)
			return inner.Err()
		})
	}
	err := each.Wait()
	sortProblems(out.Problems)
	return out, err
}

func sortProblems(list []Problem) {
	slices.SortFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Standard, b.Standard), control.Compare(a.Control, b.Control), cmp.Compare(a.Why, b.Why))
	})
}

type reader struct {
	target   Target
	client   *hub.Client
	items    map[Item]Status
	arns     map[[2]string]string
	problems []Problem
}

func (r *reader) problem(standard, control string, err error, doing string) {
	r.problems = append(r.problems, Problem{Target: r.target, Standard: standard, Control: control, Kind: awscloud.Classify(err), Why: fmt.Sprintf("%s: %v", doing, err)})
}

func (r *reader) read(ctx context.Context, clients Clients, standards []string) {
	var err error
	if r.client, err = clients(ctx, r.target, ""); err != nil {
		r.problem("", "", err, "reaching the account")
		return
	}
	pages := hub.NewGetEnabledStandardsPaginator(r.client, &hub.GetEnabledStandardsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			r.problem("", "", err, "asking for the enabled standards")
			return
		}
		for _, s := range page.StandardsSubscriptions {
			id, ok := control.StandardByARN(aws.ToString(s.StandardsArn))
			if !ok || len(standards) > 0 && !slices.Contains(standards, id) {
				continue
			}
			if s.StandardsControlsUpdatable == types.StandardsControlsUpdatableNotReadyForUpdates {
				r.problems = append(r.problems, Problem{Target: r.target, Standard: id, Kind: awscloud.Conflict, Why: "the standard is not ready for updates (" + string(s.StandardsStatus) + "): try again later"})
				continue
			}
			r.arns[[2]string{r.target.Region, id}] = aws.ToString(s.StandardsArn)
			r.standard(ctx, id, aws.ToString(s.StandardsArn))
		}
	}
}

// standard reads the controls of one standard.
func (r *reader) standard(ctx context.Context, id, arn string) {
	var ids []types.StandardsControlAssociationId
	pages := hub.NewListSecurityControlDefinitionsPaginator(r.client, &hub.ListSecurityControlDefinitionsInput{StandardsArn: aws.String(arn), MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			r.problem(id, "", err, "asking for the controls of the standard")
			return
		}
		for _, d := range page.SecurityControlDefinitions {
			if d.CurrentRegionAvailability == types.RegionAvailabilityStatusAvailable || d.CurrentRegionAvailability == "" {
				ids = append(ids, types.StandardsControlAssociationId{SecurityControlId: d.SecurityControlId, StandardsArn: aws.String(arn)})
			}
		}
	}
	for chunk := range slices.Chunk(ids, most) {
		found, problems := look(ctx, r.client, r.target, id, chunk)
		r.problems = append(r.problems, problems...)
		for k, v := range found {
			r.items[k] = v
		}
	}
}

// look asks how some controls of one standard stand. A control that is not in
// the standard here is left out.
func look(ctx context.Context, client *hub.Client, t Target, standard string, ids []types.StandardsControlAssociationId) (map[Item]Status, []Problem) {
	out, err := client.BatchGetStandardsControlAssociations(ctx, &hub.BatchGetStandardsControlAssociationsInput{StandardsControlAssociationIds: ids})
	if err != nil {
		return nil, []Problem{{Target: t, Standard: standard, Kind: awscloud.Classify(err), Why: fmt.Sprintf("asking how the controls stand: %v", err)}}
	}
	items := map[Item]Status{}
	for _, d := range out.StandardsControlAssociationDetails {
		items[Item{t.Account, t.Region, standard, aws.ToString(d.SecurityControlId)}] = Status{
			Enabled: d.AssociationStatus == types.AssociationStatusEnabled, Reason: aws.ToString(d.UpdatedReason), UpdatedAt: aws.ToTime(d.UpdatedAt).UTC(),
		}
	}
	var problems []Problem
	for _, u := range out.UnprocessedAssociations {
		if u.ErrorCode == types.UnprocessedErrorCodeNotFound || u.ErrorCode == types.UnprocessedErrorCodeResourceNotFound {
			continue
		}
		problems = append(problems, Problem{Target: t, Standard: standard, Control: aws.ToString(u.StandardsControlAssociationId.SecurityControlId), Kind: kindOf(u.ErrorCode),
			Why: fmt.Sprintf("asking how it stands: %s (%s)", aws.ToString(u.ErrorReason), u.ErrorCode)})
	}
	return items, problems
}

func kindOf(code types.UnprocessedErrorCode) awscloud.Kind {
	switch code {
	case types.UnprocessedErrorCodeAccessDenied:
		return awscloud.Denied
	case types.UnprocessedErrorCodeLimitExceeded:
		return awscloud.Throttled
	case types.UnprocessedErrorCodeNotFound, types.UnprocessedErrorCodeResourceNotFound:
		return awscloud.NotFound
	}
	return awscloud.Invalid
}
