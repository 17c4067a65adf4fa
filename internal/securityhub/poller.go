package securityhub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/awscloud"
	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/store"
)

// Poller asks Security Hub for findings (GetFindings), in as few calls as show
// every change:
//
//   - each poll asks for what was updated since the last one, oldest first;
//   - suppressing a finding in the console (BatchUpdateFindings) does not move its
//     UpdatedAt: once an hour the suppressed findings are asked for, and those that
//     we know as suppressed and that are not among them, by Id;
//   - once a day all findings are read, and those of open cases that were not
//     among them are asked for by Id. What Security Hub no longer knows closes no
//     case: our own check looks at the resource.
//
// How far it came is kept in the store after each commit, so that a poll that
// ends early goes on where it was.
type Poller struct {
	DB *store.DB
	// Client gives the client of a Region.
	Client func(ctx context.Context, region string) (*hub.Client, error)
	// Take commits a page of findings, as GetFindings printed it.
	Take func(ctx context.Context, page []byte) error
	// Account tells the cursors of different accounts apart.
	Account string
	// Regions are asked one after another; with one only, it is taken for the
	// aggregation Region, whose findings may be of any.
	Regions []string
	// Products are the values of ProductName that are wanted; none means all.
	Products []string
	// CanRead says whether our own check can look at a control in an account.
	CanRead func(account, control string) bool
	Now     func() time.Time
	Log     *slog.Logger
}

const (
	// Overlap is asked for again in each poll: linked Regions and products
	// deliver late.
	Overlap = 30 * time.Minute
	// FullEvery and SuppressedEvery are the times between the wider looks.
	FullEvery       = 24 * time.Hour
	SuppressedEvery = time.Hour
	// perPage and perFilter are limits of GetFindings (API reference).
	perPage   = 100
	perFilter = 20
	// pages are committed together: a transaction takes 500 findings.
	pages = casework.BatchSize / perPage
	// maxTogether bounds the bytes of pages that are committed together.
	maxTogether = 8 << 20
	// unseenPage is how many findings are looked up at once to be asked for.
	unseenPage = 50 * perFilter
)

// Polled says what a poll did in one Region.
type Polled struct {
	Region   string `json:"region"`
	Full     bool   `json:"full"`
	Calls    int    `json:"calls"`
	Findings int    `json:"findings"`
	// Unknown are findings of open cases that Security Hub no longer knows.
	Unknown int `json:"unknown,omitempty"`
	// Err is why the poll ended early.
	Err error `json:"-"`
}

// progress is how far the polls of a Region came.
type progress struct {
	Cursor     time.Time `json:"cursor"`     // UpdatedAt of the newest finding taken
	Polled     time.Time `json:"polled"`     // when the last poll ended
	Suppressed time.Time `json:"suppressed"` // when the suppressed were last asked for
	Full       time.Time `json:"full"`       // when the last full pass began
	Passing    time.Time `json:"passing"`    // when the full pass that goes on began; zero: none
	Reached    time.Time `json:"reached"`    // UpdatedAt that it has reached
}

// Due is when the next poll is due, given the time between two.
func (p *Poller) Due(ctx context.Context, every time.Duration) (time.Time, error) {
	var due time.Time
	for i, region := range p.Regions {
		g, err := p.load(ctx, region)
		if err != nil {
			return due, err
		}
		if at := g.Polled.Add(every); i == 0 || at.Before(due) {
			due = at
		}
	}
	return due, nil
}

// Poll asks each Region once. all asks for the suppressed too, however lately
// they were asked for. A Region that fails does not stop the next; the error is
// of the store or the context.
func (p *Poller) Poll(ctx context.Context, all bool) ([]Polled, error) {
	var out []Polled
	for _, region := range p.Regions {
		r := run{Poller: p, region: region, Polled: Polled{Region: region}}
		r.Err = r.poll(ctx, all)
		if r.Err != nil {
			r.Err = fmt.Errorf("asking Security Hub in %s %s: %w", p.Account, region, r.Err)
		}
		out = append(out, r.Polled)
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
	}
	return out, nil
}

// run is one poll of one Region.
type run struct {
	*Poller
	Polled
	region string
	client *hub.Client
	at     progress
}

func (r *run) poll(ctx context.Context, all bool) (err error) {
	if r.at, err = r.load(ctx, r.region); err != nil {
		return err
	}
	if r.client, err = r.Poller.Client(ctx, r.region); err != nil {
		return err
	}
	now := r.Now().UTC()
	switch {
	case !r.at.Passing.IsZero() || now.Sub(r.at.Full) >= FullEvery:
		err = r.full(ctx, now)
	default:
		if err = r.sweep(ctx, r.since(r.at.Cursor.Add(-Overlap)), &r.at.Cursor); err == nil && (all || now.Sub(r.at.Suppressed) >= SuppressedEvery) {
			err = r.suppressed(ctx, now)
		}
	}
	if err != nil {
		return err
	}
	r.at.Polled = now
	return r.save(ctx)
}

// full reads all findings, or goes on where an earlier pass ended early.
func (r *run) full(ctx context.Context, now time.Time) error {
	r.Full = true
	if r.at.Passing.IsZero() || now.Sub(r.at.Passing) >= FullEvery {
		r.at.Passing, r.at.Reached = now, time.Time{}
	}
	filters := &types.AwsSecurityFindingFilters{}
	if !r.at.Reached.IsZero() {
		filters = r.since(r.at.Reached)
	}
	if err := r.sweep(ctx, filters, &r.at.Reached); err != nil {
		return err
	}
	unknown, err := r.ask(ctx, r.at.Passing, false)
	if err != nil {
		return err
	}
	r.Unknown = len(unknown)
	if err := r.look(ctx, unknown); err != nil {
		return err
	}
	if r.at.Reached.After(r.at.Cursor) {
		r.at.Cursor = r.at.Reached
	}
	r.at.Full, r.at.Suppressed, r.at.Passing, r.at.Reached = r.at.Passing, now, time.Time{}, time.Time{}
	return nil
}

// suppressed asks for the suppressed findings, and for those that are so no
// longer.
func (r *run) suppressed(ctx context.Context, now time.Time) error {
	filters := &types.AwsSecurityFindingFilters{WorkflowStatus: equals(string(types.WorkflowStatusSuppressed)), RecordState: equals(string(types.RecordStateActive))}
	if err := r.sweep(ctx, filters, nil); err != nil {
		return err
	}
	if _, err := r.ask(ctx, now, true); err != nil {
		return err
	}
	r.at.Suppressed = now
	return nil
}

// since is the filter of what was updated from a time on. The end lies ahead of
// any clock.
func (r *run) since(t time.Time) *types.AwsSecurityFindingFilters {
	return &types.AwsSecurityFindingFilters{UpdatedAt: []types.DateFilter{{Start: stamp(t), End: stamp(r.Now().Add(24 * time.Hour))}}}
}

func stamp(t time.Time) *string { return aws.String(t.UTC().Format("2006-01-02T15:04:05.000Z")) }

func equals(values ...string) []types.StringFilter {
	out := make([]types.StringFilter, len(values))
	for i, v := range values {
		out[i] = types.StringFilter{Comparison: types.StringFilterComparisonEquals, Value: aws.String(v)}
	}
	return out
}

// sweep reads the findings that pass the filters, oldest update first, and moves
// reached with each commit.
func (r *run) sweep(ctx context.Context, filters *types.AwsSecurityFindingFilters, reached *time.Time) error {
	if len(r.Products) > 0 {
		filters.ProductName = equals(r.Products...)
	}
	in := &hub.GetFindingsInput{Filters: filters, MaxResults: aws.Int32(perPage),
		SortCriteria: []types.SortCriterion{{Field: aws.String("UpdatedAt"), SortOrder: types.SortOrderAscending}}}
	for {
		var bodies [][]byte
		newest, size := time.Time{}, 0
		for len(bodies) < pages && size < maxTogether {
			out, body, err := r.get(ctx, in)
			if err != nil {
				return err
			}
			size += len(body)
			for _, f := range out.Findings {
				if t, err := time.Parse(time.RFC3339, aws.ToString(f.UpdatedAt)); err == nil && t.After(newest) {
					newest = t
				}
			}
			bodies = append(bodies, body)
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		if err := r.take(ctx, bodies); err != nil {
			return err
		}
		if reached != nil && newest.After(*reached) {
			// A finding that claims to be of the future must not hide the present.
			if most := r.Now().UTC(); newest.After(most) {
				newest = most
			}
			*reached = newest
			if err := r.save(ctx); err != nil {
				return err
			}
		}
		if in.NextToken == nil {
			return nil
		}
	}
}

// ask asks by Id for findings of open cases that were not seen since a time, and
// returns those that Security Hub does not know.
func (r *run) ask(ctx context.Context, since time.Time, suppressed bool) (unknown []store.SourceFinding, err error) {
	var regions []string
	if len(r.Regions) > 1 {
		regions = []string{r.region}
	}
	var after [16]byte
	for {
		list, err := store.SourcesUnseen(ctx, r.DB.View(), regions, since, suppressed, after, unseenPage)
		if err != nil || len(list) == 0 {
			return unknown, err
		}
		after = list[len(list)-1].Hash
		for part := range slices.Chunk(list, perFilter) {
			absent, err := r.askFor(ctx, part)
			unknown = append(unknown, absent...)
			if err != nil {
				return unknown, err
			}
		}
	}
}

// askFor asks for up to perFilter findings and takes what there is.
func (r *run) askFor(ctx context.Context, list []store.SourceFinding) (unknown []store.SourceFinding, err error) {
	ids := make([]string, len(list))
	for i, f := range list {
		ids[i] = f.ID
	}
	known := map[string]bool{}
	in := &hub.GetFindingsInput{Filters: &types.AwsSecurityFindingFilters{Id: equals(ids...)}, MaxResults: aws.Int32(perPage)}
	var bodies [][]byte
	for {
		out, body, err := r.get(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, f := range out.Findings {
			known[aws.ToString(f.Id)] = true
		}
		bodies = append(bodies, body)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if err := r.take(ctx, bodies); err != nil {
		return nil, err
	}
	for _, f := range list {
		if !known[f.ID] {
			unknown = append(unknown, f)
		}
	}
	return unknown, nil
}

// look has our own check look at the resources whose findings are unknown.
func (r *run) look(ctx context.Context, unknown []store.SourceFinding) error {
	if len(unknown) == 0 {
		return nil
	}
	r.Log.Info("Security Hub no longer knows findings of open cases: they stay open until a check passes", "region", r.region, "findings", len(unknown))
	ids := make([]int64, len(unknown))
	for i, f := range unknown {
		ids[i] = f.Case
	}
	files, err := store.CasesByID(ctx, r.DB.View(), ids)
	if err != nil {
		return err
	}
	var wants []job.Want
	for _, f := range files {
		if r.CanRead != nil && r.CanRead(f.Key.Account, f.Key.Control) {
			wants = append(wants, job.Want{Kind: casework.JobRecheck, Subject: casework.TargetOf(f).String()})
		}
	}
	return r.DB.Update(ctx, func(tx *store.Tx) error { return job.Enqueue(ctx, tx, r.Now(), wants...) })
}

// get makes one call and returns the answer's own bytes too: they are read like
// any file that GetFindings printed.
func (r *run) get(ctx context.Context, in *hub.GetFindingsInput) (*hub.GetFindingsOutput, []byte, error) {
	var t tee
	r.Calls++
	out, err := r.client.GetFindings(ctx, in, func(o *hub.Options) { o.APIOptions = append(o.APIOptions, t.add) })
	if err != nil {
		return nil, nil, err
	}
	r.Findings += len(out.Findings)
	return out, t.body, nil
}

func (r *run) take(ctx context.Context, bodies [][]byte) error {
	var all []byte
	for _, b := range bodies {
		all = append(append(all, b...), '\n')
	}
	return r.Poller.Take(ctx, all)
}

func (p *Poller) meta(region string) string { return "securityhub " + p.Account + " " + region }

func (p *Poller) load(ctx context.Context, region string) (g progress, err error) {
	v, err := store.Meta(ctx, p.DB.View(), p.meta(region))
	if err != nil || v == "" {
		return g, err
	}
	if err := json.Unmarshal([]byte(v), &g); err != nil {
		p.Log.Warn("how far Security Hub was read cannot be told: it is read from the beginning", "region", region, "error", err)
		return progress{}, nil
	}
	return g, nil
}

func (r *run) save(ctx context.Context) error {
	v, err := json.Marshal(r.at)
	if err != nil {
		return err
	}
	return r.DB.Update(ctx, func(tx *store.Tx) error { return store.SetMeta(ctx, tx, r.meta(r.region), string(v)) })
}

// Home is the Region where all findings can be read: that of the finding
// aggregator, else the given one.
func Home(ctx context.Context, client *hub.Client, region string) (string, error) {
	out, err := client.ListFindingAggregators(ctx, &hub.ListFindingAggregatorsInput{})
	if err != nil {
		return region, err
	}
	for _, a := range out.FindingAggregators {
		if home := regionOf(aws.ToString(a.FindingAggregatorArn)); home != "" {
			return home, nil
		}
	}
	return region, nil
}

// Refused says, in one line for a person, that an account does not let us read
// Security Hub: there is none, or it is not allowed. ok is false for any other
// error.
func Refused(err error) (why string, ok bool) {
	var no *awscloud.NoAccessError
	switch {
	case err == nil:
		return "", false
	case errors.As(err, &no):
		return no.Error(), true
	case NotEnabled(err):
		return "Security Hub is not enabled there", true
	case awscloud.Classify(err) == awscloud.Denied:
		return fmt.Sprintf("AWS refuses (%s): allow securityhub:GetFindings", cmp.Or(awscloud.Code(err), "access denied")), true
	}
	return "", false
}

// NotEnabled says that Security Hub is not enabled in the account and Region.
func NotEnabled(err error) bool { return awscloud.Code(err) == "InvalidAccessException" }
