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
	enabled := func(it Item) (on, looked bool) { on, looked = stands[it]; return on, looked }
	if idle, err := a.idle(ctx, rows, enabled); idle || err != nil {
		out.Problems, out.Notes = append([]Problem{}, p.Problems...), p.Notes
		return out, err
	}
	run, err := a.begin(ctx, out.Plan, actor, rows)
	if err != nil {
		return out, err
	}
	out.Run = run.ID
	out.Resumed, err = a.settle(ctx, run.ID, again, enabled)
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
