package remedy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zesei/internal/awscloud"
	"zesei/internal/control"
	"zesei/internal/resource"
)

// Live reads a resource as it is now. *resource.NotFoundError means gone; every
// other error means unknown.
type Live interface {
	Read(ctx context.Context, ref resource.Ref) (resource.Resource, error)
}

// Checker evaluates a control on a resource.
type Checker interface {
	Evaluate(controlID string, r resource.Resource) (control.Verdict, error)
}

// Engine carries plans out. It keeps no state and is safe for concurrent use;
// one fix at a time per resource is its caller's lease to hold.
type Engine struct {
	Live    Live
	Checker Checker
	Clients Clients
	Now     func() time.Time
	// Sleep waits between readings of Verify; it returns early with the
	// context's error.
	Sleep func(context.Context, time.Duration) error
}

// Session names the role session of a fix's calls, by which zesei knows them
// when they come back as events.
func Session(fixID string) string { return awscloud.SessionPrefix + fixID }

// Apply carries the plan out, from where the record says it stands. It never
// repeats a step that may have been done without looking at the resource first,
// and sends nothing when the resource was changed by anybody else in what the
// plan depends on. The first fault stops it. It does not verify.
func (e *Engine) Apply(ctx context.Context, fixID string, p Plan, rec Recorder) Outcome {
	r, records, out := e.begin(ctx, p.Remedy, p.Steps, rec)
	if out != nil {
		return *out
	}
	if len(p.SuggestOnly) > 0 {
		return end(Outcome{State: Refused, Why: p.SuggestOnly[0]}, p.Steps, records)
	}
	if finished(p.Steps, records) {
		return end(Outcome{State: Applied}, p.Steps, records)
	}
	now, out := e.look(ctx, p.Ref, p.Steps, records)
	if out != nil {
		return *out
	}
	if err := unmanaged(p, now); err != nil {
		return end(failure(err), p.Steps, records)
	}
	var sent []Step
	for i, s := range p.Steps {
		if stateOf(records, i) != Planned {
			sent = append(sent, s)
		}
	}
	if err := r.Unchanged(p, sent, now); err != nil {
		return end(failure(err), p.Steps, records)
	}
	todo := func(i int) (Step, bool, error) {
		if stateOf(records, i) == Planned {
			return p.Steps[i], true, nil // exactly what was approved
		}
		return r.Rest(p.Steps[i], now)
	}
	return e.run(ctx, fixID, p.Ref, p.Steps, records, rec, todo)
}

// run carries out the steps that are not done: todo says what of a step is to be
// sent, and that nothing is where the resource shows it done.
func (e *Engine) run(ctx context.Context, fixID string, ref resource.Ref, steps []Step, records []StepRecord, rec Recorder, todo func(int) (Step, bool, error)) Outcome {
	s := sender{clients: e.Clients, ref: ref, session: Session(fixID), now: e.Now}
	// What AWS has confirmed is recorded even when the caller is shutting down.
	keep := context.WithoutCancel(ctx)
	for i := range steps {
		if stateOf(records, i) == Done {
			continue
		}
		step, more, err := todo(i)
		if err != nil {
			return end(failure(err), steps, records)
		}
		result := Result{At: e.Now(), Found: true}
		if more {
			if err := rec.Intended(ctx, i, step); err != nil {
				return end(failure(fmt.Errorf("record step %d as intended: %w", i+1, err)), steps, records)
			}
			records[i].State = Intended
			if result, err = s.send(ctx, step); err != nil {
				if k := awscloud.Classify(err); k == awscloud.NotFound {
					return end(Outcome{State: Gone, Kind: k, Err: err, Why: say("AWS says that it does not exist", "AWS によるとリソースが存在しません")}, steps, records)
				}
				return end(failure(err), steps, records)
			}
		}
		if err := rec.Done(keep, i, result); err != nil {
			return end(failure(fmt.Errorf("record step %d as done: %w", i+1, err)), steps, records)
		}
		records[i] = StepRecord{State: Done, Result: result}
	}
	return end(Outcome{State: Applied}, steps, records)
}

// begin finds the remedy and the record, which it fills up to one entry a step.
func (e *Engine) begin(ctx context.Context, name string, steps []Step, rec Recorder) (Remedy, []StepRecord, *Outcome) {
	r, ok := Named(name)
	if !ok {
		out := end(Outcome{State: Refused, Why: say("there is no remedy %q", "対処 %q は存在しません", name)}, steps, nil)
		return nil, nil, &out
	}
	recorded, err := rec.Steps(ctx)
	if err != nil {
		out := end(failure(fmt.Errorf("read the record of the fix: %w", err)), steps, nil)
		return nil, nil, &out
	}
	records := make([]StepRecord, len(steps))
	copy(records, recorded)
	return r, records, nil
}

// look reads the resource.
func (e *Engine) look(ctx context.Context, ref resource.Ref, steps []Step, records []StepRecord) (resource.Resource, *Outcome) {
	now, err := e.Live.Read(ctx, ref)
	if err == nil {
		return now, nil
	}
	out := failure(fmt.Errorf("read %s before changing it: %w", ref.ARN, err))
	if _, gone := errors.AsType[*resource.NotFoundError](err); gone {
		out = Outcome{State: Gone, Err: err, Why: say("AWS says that it does not exist", "AWS によるとリソースが存在しません")}
	}
	out = end(out, steps, records)
	return now, &out
}

// failure turns an error into the outcome that it means.
func failure(err error) Outcome {
	if c, ok := errors.AsType[*ChangedError](err); ok {
		return Outcome{State: Refused, Err: err, Why: Words{"the resource changed since the plan: " + c.What.EN, "プランの作成後にリソースが変更されています：" + c.What.JA}}
	}
	if r, ok := errors.AsType[*RefusedError](err); ok {
		return Outcome{State: Refused, Err: err, Why: r.Reason}
	}
	return Outcome{State: Stopped, Kind: awscloud.Classify(err), Err: err, Why: Words{err.Error(), err.Error()}}
}

func end(o Outcome, steps []Step, records []StepRecord) Outcome {
	o.tally(len(steps), records)
	return o
}

func finished(steps []Step, records []StepRecord) bool {
	for i := range steps {
		if stateOf(records, i) != Done {
			return false
		}
	}
	return true
}

// unmanaged refuses where the resource came under a stack since the plan, or its
// tags can no longer tell.
func unmanaged(p Plan, now resource.Resource) error {
	if p.With[optionManaged] == "approve" {
		return nil
	}
	if stack := stackOf(now); stack != "" {
		return changed("CloudFormation stack %s manages it now", "CloudFormation スタック %s が管理するようになっています", stack)
	}
	if now.TagsUnread {
		return changed("its tags can no longer be read", "タグを読み取れなくなっています")
	}
	return nil
}
