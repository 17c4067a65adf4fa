package fixwork

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/policy"
	"zesei/internal/recheck"
	"zesei/internal/remedy"
	"zesei/internal/resource"
	"zesei/internal/store"
)

// PlanJob plans for the open cases of the resource that the job names.
func (x *Fixes) PlanJob(ctx context.Context, j job.Job) error {
	t, err := casework.ParseTarget(j.Subject)
	if err != nil {
		return job.Permanent(err)
	}
	_, err = x.Plan(ctx, t, "")
	return err
}

// Plan reads the resource and makes a plan for its open cases, one a remedy. An
// empty least plans what the policy allows; suggest also plans, for a person to
// look at, where the policy says off.
func (x *Fixes) Plan(ctx context.Context, t casework.Target, least policy.FixMode) ([]store.Fix, error) {
	cases, err := store.CasesOfResource(ctx, x.DB.View(), t.ARN)
	if err != nil {
		return nil, err
	}
	cases = slices.DeleteFunc(cases, func(f *casefile.File) bool {
		return f.State != casefile.Open || f.Key.Kind != finding.State || f.Key.Account != t.Account || f.Key.Region != t.Region || !x.Recheck.Checker.Has(f.Key.Control)
	})
	if len(cases) == 0 {
		return nil, nil
	}
	at := x.Now().UTC()
	live, err := x.Recheck.Reader.Read(ctx, recheck.Ref(t))
	var gone *resource.NotFoundError
	if errors.As(err, &gone) {
		_, err = x.Work.Check(ctx, t, nil, x.each(cases, casefile.Verdict{Gone: true, At: at}))
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s to plan its fix: %w", t.ARN, err)
	}
	failing, err := x.failing(ctx, t, live, cases, at)
	if err != nil {
		return nil, err
	}
	var out []store.Fix
	for _, g := range x.groups(failing, live, least) {
		f, err := x.plan(ctx, t, live, g)
		if err != nil {
			return out, err
		}
		if f.ID != "" {
			out = append(out, f)
		}
	}
	return out, nil
}

// failing closes the cases whose control passes on the live resource, and
// returns those that fail.
func (x *Fixes) failing(ctx context.Context, t casework.Target, live resource.Resource, cases []*casefile.File, at time.Time) ([]*casefile.File, error) {
	var ids []string
	for _, f := range cases {
		ids = append(ids, f.Key.Control)
	}
	verdicts := x.Recheck.Evaluate(live, ids, at)
	var passed []casework.Verdict
	var out []*casefile.File
	for i, v := range verdicts {
		switch v.Status {
		case finding.Passed:
			passed = append(passed, v)
		case finding.Failed:
			out = append(out, cases[i])
		}
	}
	if len(passed) > 0 {
		if _, err := x.Work.Check(ctx, t, nil, passed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (x *Fixes) each(cases []*casefile.File, v casefile.Verdict) []casework.Verdict {
	var out []casework.Verdict
	for _, f := range cases {
		out = append(out, casework.Verdict{Control: f.Key.Control, Verdict: v})
	}
	return out
}

// group is what one plan serves: the cases of one remedy in one mode.
type group struct {
	remedy string
	mode   policy.FixMode
	fix    policy.Fix
	cases  []*casefile.File
	iac    string
	why    string
}

// groups sorts the failing cases by remedy. Of one remedy, the cases with the
// most permissive mode go first; the rest are planned again once these are done.
func (x *Fixes) groups(cases []*casefile.File, live resource.Resource, least policy.FixMode) []*group {
	rules := x.Work.Rules()
	byRemedy := map[string][]*group{}
	var order []string
	for _, f := range cases {
		in := rules.Input(f, x.Now())
		// The live resource's tags count, and nobody else's word for them.
		in.Resource.Tags, in.Resource.TagsUnread = live.Tags, live.TagsUnread
		d := rules.Policy.Decide(in)
		mode, why := x.mode(f, d.Fix, least)
		if mode == policy.FixOff {
			continue
		}
		names := d.Fix.Remedies
		if len(names) == 0 {
			names = []string{in.Control.Remedy}
		}
		for _, name := range names {
			if name == "" {
				continue
			}
			if byRemedy[name] == nil {
				order = append(order, name)
			}
			gs := byRemedy[name]
			i := slices.IndexFunc(gs, func(g *group) bool { return g.mode == mode })
			if i < 0 {
				gs = append(gs, &group{remedy: name, mode: mode, fix: d.Fix, iac: in.Account.IaC, why: why})
				i = len(gs) - 1
			}
			gs[i].cases = append(gs[i].cases, f)
			byRemedy[name] = gs
		}
	}
	var out []*group
	for _, name := range order {
		gs := byRemedy[name]
		slices.SortStableFunc(gs, func(a, b *group) int { return cmp.Compare(slices.Index(modes, a.mode), slices.Index(modes, b.mode)) })
		out = append(out, gs[0])
	}
	return out
}

// mode is how far the fix of a case may go now, and why.
func (x *Fixes) mode(f *casefile.File, fix policy.Fix, least policy.FixMode) (policy.FixMode, string) {
	mode, why := fix.Mode, fix.Why
	if f.Life.AutoBy != "" && mode != policy.FixOff {
		mode, why = policy.FixAuto, "agreed in "+f.Life.AutoBy
	}
	if f.Life.ApproveOnly && mode == policy.FixAuto {
		mode, why = policy.FixApprove, "a fix of this case was undone: a person approves the next"
	}
	if mode == policy.FixOff && least != "" {
		mode, why = least, "asked for by a person; the policy says: "+why
	}
	return mode, why
}

// plan makes and records one plan.
func (x *Fixes) plan(ctx context.Context, t casework.Target, live resource.Resource, g *group) (store.Fix, error) {
	now := x.Now().UTC()
	f := store.Fix{Mode: string(g.mode), Remedy: g.remedy, Account: t.Account, Region: t.Region, Resource: t.ARN, Why: g.why}
	var controls []string
	for _, c := range g.cases {
		controls = append(controls, c.Key.Control)
		f.Cases = append(f.Cases, c.ID)
	}
	p, err := remedy.Prepare(g.remedy, remedy.Request{Resource: live, Controls: controls, With: g.fix.With, Params: x.Params, IaC: g.iac})
	var refused *remedy.RefusedError
	switch {
	case errors.Is(err, remedy.ErrNothingToDo):
		return store.Fix{}, nil
	case errors.As(err, &refused):
		p = remedy.Plan{Remedy: g.remedy, Ref: recheck.Ref(t), Controls: controls}
		f.State, f.Why, f.EndedAt = store.FixRefused, refused.Reason.EN, now
	case err != nil:
		return store.Fix{}, err
	default:
		f.State, f.Mode, f.Why = state(p, g.mode, f.Why)
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return store.Fix{}, fmt.Errorf("writing the plan: %w", err)
	}
	f.Plan, f.PlanHash = raw, p.Hash()
	f.ApplyAfter, f.ExpiresAt = now, now.Add(ApprovalLasts)
	if f.State == store.FixReady {
		f.ApplyAfter = now.Add(g.fix.After)
		f.ExpiresAt = f.ApplyAfter.Add(applyWithin)
	}
	if f.State != store.FixReady && f.State != store.FixRefused { // an automatic fix does not wait for CloudTrail: VerifyJob asks
		if err := x.opened(ctx, p, g.cases); err != nil {
			return store.Fix{}, err
		}
	}
	return x.Work.Planned(ctx, f)
}

// state is where a fresh plan stands, what the plan itself permits considered.
func state(p remedy.Plan, mode policy.FixMode, why string) (string, string, string) {
	is := p.Limit(mode)
	if is != mode {
		for _, w := range slices.Concat(p.SuggestOnly, p.Wait) {
			why = w.EN
			break
		}
	}
	switch is {
	case policy.FixAuto:
		return store.FixReady, string(is), why
	case policy.FixApprove:
		return store.FixWaiting, string(is), why
	}
	return store.FixSuggested, string(is), why
}

// openerLimit bounds the question to CloudTrail.
const openerLimit = 10 * time.Second

// opened notes who opened the hole and since when, where CloudTrail can tell.
func (x *Fixes) opened(ctx context.Context, p remedy.Plan, cases []*casefile.File) error {
	var ids []int64
	for _, f := range cases {
		if f.Life.Actor == nil {
			ids = append(ids, f.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, openerLimit)
	defer cancel()
	actor, err := x.Engine.Opener(limited, p)
	if err != nil || actor.Principal == "" {
		x.Log.Debug("who opened it is not known", "resource", p.Ref.ARN, "error", err)
		return nil
	}
	return x.Work.SawActor(ctx, ids, &actor)
}
