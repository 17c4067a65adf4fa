package controlstate

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"golang.org/x/sync/errgroup"

	"zesei/internal/awscloud"
	"zesei/internal/store"
)

// Applier makes the changes of a plan.
type Applier struct {
	DB      *store.DB
	Clients Clients
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error
	Log     *slog.Logger
}

// Summary is what came of a run. Each change of the plan is in one of the
// numbers, and each that is not Done has a Problem.
type Summary struct {
	Run      string    `json:"run"`  // "": there was nothing to do, and nothing was recorded
	Plan     string    `json:"plan"` // hash
	Actor    string    `json:"actor"`
	Done     int       `json:"done"`
	Failed   int       `json:"failed"`
	Left     int       `json:"left"` // not sent, because the run was cut off
	Problems []Problem `json:"problems"`
	// Notes are what a reader should know that is no failure.
	Notes []string `json:"notes,omitempty"`
	// Resumed is how many changes of earlier runs, whose end was not recorded,
	// turned out to have been made.
	Resumed int `json:"resumed,omitempty"`
}

// OK says that everything is as the plan wanted it, and that everything could be
// read.
func (s *Summary) OK() bool { return s.Failed+s.Left+len(s.Problems) == 0 }

// tries of a batch that was throttled or whose end is in doubt.
const tries = 4

// Apply records the plan with its prior state and its actor, and makes its
// changes in batches, each recorded before it is sent and when it is done. What
// fails in one account holds up no other. The error is of the store or the
// context; what was done until then is recorded, and the next plan shows what is
// left.
func (a *Applier) Apply(ctx context.Context, p *Plan, actor string) (*Summary, error) {
	out := &Summary{Plan: p.Hash(), Actor: actor, Problems: slices.Clone(p.Problems)}
	rows, err := p.rows()
	if err != nil {
		return out, err
	}
	enabled := func(it Item) (on, looked bool) {
		st, ok := p.live[it]
		return st.Enabled, ok
	}
	if idle, err := a.idle(ctx, rows, enabled); idle || err != nil {
		return out, err
	}
	run, err := a.begin(ctx, out.Plan, actor, rows)
	if err != nil {
		return out, err
	}
	out.Run = run.ID
	again := map[Item]bool{}
	for _, c := range p.Changes {
		again[c.Item] = true
	}
	out.Resumed, err = a.settle(ctx, run.ID, again, enabled)
	if err != nil {
		return out, err
	}
	byTarget := map[Target][]int{}
	for i, c := range p.Changes {
		t := Target{c.Account, c.Region}
		byTarget[t] = append(byTarget[t], i)
	}
	var mu sync.Mutex
	each, inner := errgroup.WithContext(ctx)
	each.SetLimit(atOnce)
	for t, at := range byTarget {
		each.Go(func() error {
			w := &worker{Applier: a, plan: p, run: run.ID, target: t}
			err := w.work(inner, at)
			mu.Lock()
			defer mu.Unlock()
			out.Done += w.done
			out.Failed += w.failed
			out.Problems = append(out.Problems, w.problems...)
			return err
		})
	}
	err = each.Wait()
	out.Left = len(p.Changes) - out.Done - out.Failed
	sortProblems(out.Problems)
	if end := a.end(context.WithoutCancel(ctx), run.ID, out); err == nil {
		err = end
	}
	return out, err
}

// worker makes the changes of one account and Region, one batch after another.
type worker struct {
	*Applier
	plan     *Plan
	run      string
	target   Target
	client   *hub.Client
	done     int
	failed   int
	problems []Problem
}

func (w *worker) work(ctx context.Context, at []int) error {
	var err error
	w.client, err = w.Clients(ctx, w.target, awscloud.SessionPrefix+w.run)
	if err != nil {
		return w.fail(ctx, at, Problem{Target: w.target, Kind: awscloud.Classify(err), Why: fmt.Sprintf("reaching the account: %v; %d changes not made", err, len(at))})
	}
	for chunk := range slices.Chunk(at, most) {
		if err := w.batch(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

// batch sends some changes until each is done or has failed.
func (w *worker) batch(ctx context.Context, at []int) error {
	if err := w.keep(ctx, at, store.ChangeSent, ""); err != nil {
		return err
	}
	for try := 1; len(at) > 0; try++ {
		again, err := w.send(ctx, at, try == tries)
		if err != nil || len(again) == 0 {
			return err
		}
		at = again
		if err := w.Sleep(ctx, time.Second<<try); err != nil {
			return err
		}
	}
	return nil
}

// send sends once and returns what is to be sent again.
func (w *worker) send(ctx context.Context, at []int, last bool) (again []int, err error) {
	in := &hub.BatchUpdateStandardsControlAssociationsInput{}
	for _, i := range at {
		c := w.plan.Changes[i]
		u := types.StandardsControlAssociationUpdate{SecurityControlId: aws.String(c.Control), StandardsArn: aws.String(w.arn(c)), AssociationStatus: types.AssociationStatusEnabled}
		if !c.Enable {
			u.AssociationStatus = types.AssociationStatusDisabled
		}
		if c.Reason != "" {
			u.UpdatedReason = aws.String(c.Reason)
		}
		in.StandardsControlAssociationUpdates = append(in.StandardsControlAssociationUpdates, u)
	}
	out, err := w.client.BatchUpdateStandardsControlAssociations(ctx, in)
	if err != nil {
		return w.refused(ctx, at, err, last)
	}
	bad := map[string]types.UnprocessedStandardsControlAssociationUpdate{}
	for _, u := range out.UnprocessedAssociationUpdates {
		if x := u.StandardsControlAssociationUpdate; x != nil {
			bad[aws.ToString(x.StandardsArn)+"|"+aws.ToString(x.SecurityControlId)] = u
		}
	}
	var done []int
	for _, i := range at {
		c := w.plan.Changes[i]
		u, isBad := bad[w.arn(c)+"|"+c.Control]
		switch {
		case !isBad:
			done = append(done, i)
		case u.ErrorCode == types.UnprocessedErrorCodeLimitExceeded && !last:
			again = append(again, i)
		default:
			err := w.fail(ctx, []int{i}, Problem{Target: w.target, Standard: c.Standard, Control: c.Control, Kind: kindOf(u.ErrorCode), Why: fmt.Sprintf("not %s: %s (%s)", c.To(), aws.ToString(u.ErrorReason), u.ErrorCode)})
			if err != nil {
				return nil, err
			}
		}
	}
	w.done += len(done)
	return again, w.keep(ctx, done, store.ChangeDone, "")
}

// refused settles a batch whose call did not succeed: one in doubt is looked at
// before it is sent again, a throttled one waits, anything else has failed.
func (w *worker) refused(ctx context.Context, at []int, err error, last bool) ([]int, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err() // recorded as sent; the next run looks
	}
	kind := awscloud.Classify(err)
	if kind == awscloud.InDoubt {
		made, left := w.looked(ctx, at)
		w.done += len(made)
		if err := w.keep(ctx, made, store.ChangeDone, "the answer was lost; found done"); err != nil {
			return nil, err
		}
		at = left
	}
	if !last && (kind == awscloud.InDoubt || kind == awscloud.Throttled || kind == awscloud.Unsent) {
		return at, nil
	}
	hint := ""
	if kind == awscloud.Denied && strings.Contains(err.Error(), "central configuration policy") {
		hint = "; " + goCentral
	}
	for _, i := range at {
		c := w.plan.Changes[i]
		if err := w.fail(ctx, []int{i}, Problem{Target: w.target, Standard: c.Standard, Control: c.Control, Kind: kind, Why: fmt.Sprintf("not %s: %v%s", c.To(), err, hint)}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// looked tells changes that stand already from those that do not, or that cannot
// be told.
func (w *worker) looked(ctx context.Context, at []int) (made, left []int) {
	byStandard := map[string][]types.StandardsControlAssociationId{}
	for _, i := range at {
		c := w.plan.Changes[i]
		byStandard[c.Standard] = append(byStandard[c.Standard], types.StandardsControlAssociationId{SecurityControlId: aws.String(c.Control), StandardsArn: aws.String(w.arn(c))})
	}
	stands := map[Item]Status{}
	reads, err := w.Clients(ctx, w.target, "") // the role that writes need not be able to read
	if err != nil {
		return nil, at
	}
	for standard, ids := range byStandard {
		found, _ := look(ctx, reads, w.target, standard, ids)
		for k, v := range found {
			stands[k] = v
		}
	}
	for _, i := range at {
		c := w.plan.Changes[i]
		if st, ok := stands[c.Item]; ok && st.Enabled == c.Enable {
			made = append(made, i)
		} else {
			left = append(left, i)
		}
	}
	return made, left
}

func (w *worker) arn(c Change) string { return w.plan.arns[[2]string{c.Region, c.Standard}] }

// fail records changes that were not made, for one reason.
func (w *worker) fail(ctx context.Context, at []int, p Problem) error {
	w.failed += len(at)
	w.problems = append(w.problems, p)
	w.Log.Error("a control is not as it is wanted", "account", p.Account, "region", p.Region, "standard", p.Standard, "control", p.Control, "error", p.Why)
	return w.keep(ctx, at, store.ChangeFailed, p.Why)
}

func (w *worker) keep(ctx context.Context, at []int, state, why string) error {
	if len(at) == 0 {
		return nil
	}
	return w.DB.Update(ctx, func(tx *store.Tx) error { return store.SetControlChange(ctx, tx, w.run, at, state, why, w.Now()) })
}
