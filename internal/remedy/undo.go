package remedy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
)

// Undo applies the plan's inverse: what it removed comes back with descriptions
// and tags, what it added goes. It opens what the control forbids again, so its
// caller has asked a person. Each call is looked for before it is sent, so undo
// also serves a plan of which only some steps were done, and carries on after a
// crash from its own record. Where somebody else has changed since what undo
// would write over, it is refused.
func (e *Engine) Undo(ctx context.Context, fixID string, p Plan, rec Recorder) Outcome {
	r, records, out := e.begin(ctx, p.Remedy, p.Inverse, rec)
	if out != nil {
		return *out
	}
	if finished(p.Inverse, records) {
		return end(Outcome{State: Applied}, p.Inverse, records)
	}
	now, out := e.look(ctx, p.Ref, p.Inverse, records)
	if out != nil {
		return *out
	}
	if err := r.Reversible(p, now); err != nil {
		return end(failure(err), p.Inverse, records)
	}
	if err := e.unversioned(ctx, fixID, p); err != nil {
		return end(failure(err), p.Inverse, records)
	}
	todo := func(i int) (Step, bool, error) { return r.Rest(p.Inverse[i], now) }
	return e.run(ctx, fixID, p.Ref, p.Inverse, records, rec, todo)
}

// unversioned refuses to suspend versioning where objects have versions, or
// where a first page of 1,000 cannot show that none has.
func (e *Engine) unversioned(ctx context.Context, fixID string, p Plan) error {
	if p.Remedy != (bucketVersioning{}).About().Name {
		return nil
	}
	api, err := e.Clients.S3(ctx, p.Ref, Session(fixID))
	if err != nil {
		return err
	}
	out, err := api.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{
		Bucket: aws.String(p.ResourceID), ExpectedBucketOwner: aws.String(p.Ref.Account), MaxKeys: aws.Int32(1000),
	})
	if err != nil {
		return fmt.Errorf("look for object versions in %s: %w", p.ResourceID, err)
	}
	versioned := aws.ToBool(out.IsTruncated) || len(out.DeleteMarkers) > 0
	for _, v := range out.Versions {
		if id := aws.ToString(v.VersionId); id != "" && id != "null" {
			versioned = true
		}
	}
	if versioned {
		return refuse("versions", "objects of %s have, or may have, versions: versioning stays enabled", "%s のオブジェクトにバージョンがある（または、ないと確認できない）ため、バージョニングは有効のままにします", p.ResourceID)
	}
	return nil
}

// Repair gives back kept access that the fix took away: parts that a revoked
// entry should have left and that nothing lets through now, and entries that no
// step named but that AWS says a step removed. It never restores what a control
// of the plan forbids, nor what somebody else took away. The record is that of
// the plan's own steps; rec is for the calls of the repair. It returns the
// entries that it found lost.
func (e *Engine) Repair(ctx context.Context, fixID string, p Plan, applied []StepRecord, rec Recorder) ([]traffic.Rule, Outcome) {
	now, out := e.look(ctx, p.Ref, nil, nil)
	if out != nil {
		return nil, *out
	}
	lost, err := lostAccess(p, applied, now)
	if err != nil {
		return nil, failure(err)
	}
	if len(lost) == 0 {
		return nil, Outcome{State: Applied}
	}
	steps := groupSteps(p.ResourceID, lost[0].Egress, []traffic.Op{{Add: lost}}, false)
	_, records, out := e.begin(ctx, p.Remedy, steps, rec)
	if out != nil {
		return lost, *out
	}
	// What is lost was read just now, so what an earlier repair has recorded of
	// its own steps says nothing of these.
	for i := range records {
		records[i] = StepRecord{}
	}
	todo := func(i int) (Step, bool, error) { return steps[i], true, nil }
	return lost, e.run(ctx, fixID, p.Ref, steps, records, rec, todo)
}

// lostAccess works out what of the kept entries the plan's own steps took away.
func lostAccess(p Plan, applied []StepRecord, now resource.Resource) ([]traffic.Rule, error) {
	if p.Remedy != (securityGroup{}).About().Name {
		return nil, nil
	}
	ban, err := banOf(p.Controls, p.Params)
	if err != nil {
		return nil, err
	}
	rules, err := groupRules(now)
	if err != nil {
		return nil, err
	}
	revoked, err := revokedBy(p, applied)
	if err != nil {
		return nil, err
	}
	universe := slices.Concat(rules, p.Post.Keep, p.Post.Untouched)
	open := traffic.Of(rules, universe)
	var lost []traffic.Rule
	for _, k := range slices.Concat(p.Post.Keep, p.Post.Untouched) {
		mine := traffic.Of([]traffic.Rule{k}, universe)
		taken := slices.ContainsFunc(revoked, func(r traffic.Rule) bool {
			if k.ID != "" {
				return r.ID == k.ID
			}
			return !traffic.Of([]traffic.Rule{r}, universe).And(mine).Empty()
		})
		if taken && !mine.Within(open) && !ban.Breaks(k) {
			lost = append(lost, k)
		}
	}
	return lost, nil
}

// revokedBy are the prior entries that a sent step revoked, or that AWS named in
// its answer to one.
func revokedBy(p Plan, applied []StepRecord) ([]traffic.Rule, error) {
	var prior []traffic.Rule
	if err := json.Unmarshal(p.Prior, &prior); err != nil {
		return nil, fmt.Errorf("read the prior state of the plan: %w", err)
	}
	ids := map[string]bool{}
	for i, s := range p.Steps {
		if stateOf(applied, i) == Planned {
			continue
		}
		call, adds, _, err := readGroupStep(s)
		if err != nil {
			return nil, err
		}
		if adds {
			continue
		}
		for _, id := range slices.Concat(call.SecurityGroupRuleIDs, applied[i].Result.RuleIDs) {
			ids[id] = true
		}
	}
	var out []traffic.Rule
	for _, r := range prior {
		if ids[r.ID] {
			out = append(out, r)
		}
	}
	return out, nil
}
