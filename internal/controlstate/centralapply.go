package controlstate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/awscloud"
	"zesei/internal/store"
)

// policyItem is under what a change of a configuration policy is recorded: the
// administrator, its home Region and, in the standard's place, policy:ID.
func policyItem(administrator, home, policy, id string) Item {
	return Item{administrator, home, policyPrefix + policy, id}
}

const policyPrefix = "policy:"

// Ours says, for FromPolicy, whether zesei disabled a control in the
// configuration policy that governs an account; byUs are the changes of
// store.DisabledByUs.
func (c *Central) Ours(byUs []store.ControlChange) func(Item) bool {
	ours := map[Item]bool{}
	for _, r := range byUs {
		ours[Item{r.Account, r.Region, r.Standard, r.Control}] = true
	}
	return func(it Item) bool {
		p := c.governs[it.Account]
		return p != nil && ours[policyItem(c.Administrator, c.Home, p.ID, it.Control)]
	}
}

// record of a change before it.
type priorInPolicy struct {
	Enabled   bool      `json:"enabled"`
	Policy    string    `json:"policy"` // name
	AllowList bool      `json:"allow_list"`
	UpdatedAt time.Time `json:"updated_at"`
	Content   string    `json:"content"` // hash
	Accounts  []string  `json:"accounts"`
}

func (p *CentralPlan) rows() ([]store.ControlChange, error) {
	var rows []store.ControlChange
	for _, one := range p.Policies {
		for _, c := range one.Changes {
			prior, err := json.Marshal(priorInPolicy{!c.Enable, one.Name, one.AllowList, one.UpdatedAt, one.Content, one.Accounts})
			if err != nil {
				return nil, err
			}
			it := policyItem(p.Administrator, p.Home, one.ID, c.Control)
			rows = append(rows, store.ControlChange{N: len(rows), Account: it.Account, Region: it.Region, Standard: it.Standard, Control: it.Control,
				Prior: prior, To: c.To(), Reason: c.Reason, Rule: c.Rule, State: store.ChangePlanned})
		}
	}
	return rows, nil
}

// ApplyCentral records the plan with its prior state and its actor, and updates
// one configuration policy after another: each is read again and left alone if it
// or the accounts that it governs are no longer those of the plan, replaced whole
// with nothing but its list of controls changed, and read back. The error is as
// with Apply.
func (a *Applier) ApplyCentral(ctx context.Context, p *CentralPlan, actor string) (*Summary, error) {
	c := p.central
	out := &Summary{Plan: p.Hash(), Actor: actor, // what has not arrived is asked for again at the end
		Problems: slices.DeleteFunc(slices.Clone(p.Problems), func(x Problem) bool { return slices.Contains(c.failing, x) }),
		Notes:    slices.DeleteFunc(slices.Clone(p.Notes), func(x string) bool { return slices.Contains(c.pending, x) })}
	rows, err := p.rows()
	if err != nil {
		return out, err
	}
	run, err := a.begin(ctx, out.Plan, actor, rows)
	if err != nil {
		return out, err
	}
	out.Run = run.ID
	again, stands := map[Item]bool{}, map[Item]bool{}
	for _, r := range rows {
		again[Item{r.Account, r.Region, r.Standard, r.Control}] = true
	}
	for _, one := range c.Policies {
		if !one.changeable {
			continue
		}
		for id, on := range one.Enabled {
			stands[policyItem(p.Administrator, p.Home, one.ID, id)] = on
		}
	}
	out.Resumed, err = a.settle(ctx, run.ID, again, func(it Item) (on, looked bool) { on, looked = stands[it]; return on, looked })
	if err != nil {
		return out, err
	}
	w := &centralWorker{Applier: a, plan: p, run: run.ID, actor: actor, out: out, failing: c.failing, pending: c.pending}
	err = w.work(ctx)
	out.Problems, out.Notes = append(out.Problems, w.failing...), append(out.Notes, w.pending...)
	out.Left = len(rows) - out.Done - out.Failed
	sortProblems(out.Problems)
	if end := a.end(context.WithoutCancel(ctx), run.ID, out); err == nil {
		err = end
	}
	return out, err
}

// centralWorker updates the policies of a plan.
type centralWorker struct {
	*Applier
	plan       *CentralPlan
	run, actor string
	out        *Summary
	reads      *hub.Client
	writes     *hub.Client

	failing []Problem // as in Central
	pending []string
}

func (w *centralWorker) work(ctx context.Context) error {
	if w.plan.Count() == 0 {
		return nil
	}
	target := Target{w.plan.Administrator, w.plan.Home}
	var now []types.ConfigurationPolicyAssociationSummary
	var err error
	doing := "asking which accounts the policy governs"
	if w.reads, err = w.Clients(ctx, target, ""); err == nil {
		now, err = associationsOf(ctx, w.reads)
	}
	if err == nil {
		doing = "reaching the administrator to change it"
		w.writes, err = w.Clients(ctx, target, awscloud.SessionPrefix+w.run)
	}
	first := 0
	for i := range w.plan.Policies {
		one := &w.plan.Policies[i]
		at := make([]int, len(one.Changes))
		for j := range at {
			at[j] = first + j
		}
		first += len(at)
		fault := err
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if fault == nil && !slices.Equal(one.Accounts, accountsOf(now, one.ID)) {
			fault, doing = errPlanIsOld, "not updated"
		}
		if fault != nil {
			if e := w.failed(ctx, one, at, store.ChangeFailed, awscloud.Classify(fault), fmt.Sprintf("%s: %v", doing, fault)); e != nil {
				return e
			}
			continue
		}
		if e := w.update(ctx, one, at); e != nil {
			return e
		}
	}
	if w.out.Done > 0 {
		w.arrived(ctx)
	}
	return nil
}

// errPlanIsOld says that a policy or whom it governs has changed since the plan.
var errPlanIsOld = errors.New("it has changed since the plan: plan again")

func accountsOf(all []types.ConfigurationPolicyAssociationSummary, policy string) []string {
	var out []string
	for _, s := range all {
		if aws.ToString(s.ConfigurationPolicyId) == policy {
			out = append(out, aws.ToString(s.TargetId))
		}
	}
	slices.Sort(out)
	return out
}

// update changes one policy.
func (w *centralWorker) update(ctx context.Context, one *PolicyPlan, at []int) error {
	want := one.policy.with(one.Changes)
	sent := false
	for try := 1; ; try++ {
		is, err := w.read(ctx, one)
		switch {
		case err != nil:
		case sent && switches(is) == switches(want):
			return w.made(ctx, one, at, is, "the answer was lost; found done")
		case content(is) != one.Content:
			return w.failed(ctx, one, at, store.ChangeFailed, awscloud.Conflict, fmt.Sprintf("not updated: %v", errPlanIsOld))
		default:
			if err = w.keep(ctx, at, store.ChangeSent, ""); err != nil {
				return err
			}
			sent = true
			if err = w.send(ctx, one, want); err == nil {
				return w.verify(ctx, one, at, want)
			}
		}
		if ctx.Err() != nil {
			return ctx.Err() // recorded as it is; the next run looks
		}
		kind := awscloud.Classify(err)
		if try == tries || kind != awscloud.InDoubt && kind != awscloud.Throttled && kind != awscloud.Unsent {
			state := store.ChangeFailed
			if sent && kind == awscloud.InDoubt {
				state = store.ChangeSent // the next run looks
			}
			return w.failed(ctx, one, at, state, kind, fmt.Sprintf("not updated: %v", err))
		}
		if err := w.Sleep(ctx, time.Second<<try); err != nil {
			return err
		}
	}
}

func (w *centralWorker) read(ctx context.Context, one *PolicyPlan) (types.SecurityHubPolicy, error) {
	out, err := w.reads.GetConfigurationPolicy(ctx, &hub.GetConfigurationPolicyInput{Identifier: aws.String(one.ID)})
	if err != nil {
		return types.SecurityHubPolicy{}, err
	}
	var is ConfigurationPolicy
	err = is.take(out.ConfigurationPolicy, aws.ToTime(out.UpdatedAt), "", "")
	return is.body, err
}

func (w *centralWorker) send(ctx context.Context, one *PolicyPlan, want types.SecurityHubPolicy) error {
	in := &hub.UpdateConfigurationPolicyInput{Identifier: aws.String(one.ID), Name: aws.String(one.Name), UpdatedReason: aws.String(w.reason(one)),
		ConfigurationPolicy: &types.PolicyMemberSecurityHub{Value: want}}
	if d := one.policy.description; d != "" {
		in.Description = aws.String(d)
	}
	_, err := w.writes.UpdateConfigurationPolicy(ctx, in)
	return err
}

// reason is shown beside the update: the run, under which each control's own
// reason is recorded, and who made it.
func (w *centralWorker) reason(one *PolicyPlan) string {
	var on, off []string
	for _, c := range one.Changes {
		if c.Enable {
			on = append(on, c.Control)
		} else {
			off = append(off, c.Control)
		}
	}
	s := "zesei " + w.run + " (" + w.actor + ")"
	if len(off) > 0 {
		s += ": disabled " + few(off)
	}
	if len(on) > 0 {
		s += ": enabled " + few(on)
	}
	return s
}

// verify reads a policy back until it says what was sent.
func (w *centralWorker) verify(ctx context.Context, one *PolicyPlan, at []int, want types.SecurityHubPolicy) error {
	why := ""
	for try := 1; ; try++ {
		is, err := w.read(ctx, one)
		if err == nil && switches(is) == switches(want) {
			return w.made(ctx, one, at, is, "")
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		kind := awscloud.Classify(err)
		why = "updated, but reading it back it does not say so: look at it, and plan again"
		if err != nil {
			why = fmt.Sprintf("updated, but it cannot be read back: %v", err)
		} else {
			kind = awscloud.Conflict
		}
		if try == tries {
			return w.failed(ctx, one, at, store.ChangeSent, kind, why) // the next run looks
		}
		if err := w.Sleep(ctx, time.Second<<try); err != nil {
			return err
		}
	}
}

// made records the changes of a policy, and says so if more than they changed.
func (w *centralWorker) made(ctx context.Context, one *PolicyPlan, at []int, is types.SecurityHubPolicy, why string) error {
	w.out.Done += len(at)
	if parameters(is) != parameters(one.policy.body) {
		w.out.Problems = append(w.out.Problems, Problem{Target: Target{w.plan.Administrator, w.plan.Home}, Policy: one.Name, Kind: awscloud.Conflict,
			Why: "its custom parameters are not what they were before the update: look at them"})
	}
	return w.keep(ctx, at, store.ChangeDone, why)
}

func (w *centralWorker) failed(ctx context.Context, one *PolicyPlan, at []int, state string, kind awscloud.Kind, why string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.out.Failed += len(at)
	ids := make([]string, len(one.Changes))
	for i, c := range one.Changes {
		ids[i] = c.Control
	}
	p := Problem{Target: Target{w.plan.Administrator, w.plan.Home}, Policy: one.Name, Kind: kind, Why: why + "; not switched: " + few(ids)}
	w.out.Problems = append(w.out.Problems, p)
	w.Log.Error("a configuration policy is not as it is wanted", "account", p.Account, "region", p.Region, "policy", one.Name, "error", why)
	return w.keep(ctx, at, state, why)
}

func (w *centralWorker) keep(ctx context.Context, at []int, state, why string) error {
	return w.DB.Update(ctx, func(tx *store.Tx) error { return store.SetControlChange(ctx, tx, w.run, at, state, why, w.Now()) })
}

// arrived asks again where what the policies say has not arrived.
func (w *centralWorker) arrived(ctx context.Context) {
	all, err := associationsOf(ctx, w.reads)
	if err != nil {
		w.failing = append(w.failing, Problem{Target: Target{w.plan.Administrator, w.plan.Home}, Kind: awscloud.Classify(err),
			Why: fmt.Sprintf("asking whether the accounts have taken the policies up: %v", err)})
		return
	}
	w.failing, w.pending = w.plan.central.unreached(all)
}
