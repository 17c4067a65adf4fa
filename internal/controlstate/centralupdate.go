package controlstate

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/awscloud"
	"zesei/internal/store"
)

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
