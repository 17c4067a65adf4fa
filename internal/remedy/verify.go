package remedy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zesei/internal/awscloud"
	"zesei/internal/control"
	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
)

// VerdictState is the answer of a verification.
type VerdictState string

// The answers.
const (
	Passed  VerdictState = "passed"
	Failed  VerdictState = "failed"
	Unknown VerdictState = "unknown" // for a person; never undone by itself
)

// Verdict is what a fresh read says after a plan was applied.
type Verdict struct {
	State VerdictState `json:"state"`
	// Gone is set where AWS says that the resource does not exist; State is
	// then Passed: there is nothing left that could fail.
	Gone bool  `json:"gone,omitempty"`
	Why  Words `json:"why,omitzero"`
	// Controls holds the verdict on every control that was asked, all from the
	// same read.
	Controls map[string]control.Verdict `json:"controls,omitempty"`
	// Missing are entries that should stand and do not: Repair gives back those
	// of them that the fix took away.
	Missing []traffic.Rule `json:"missing,omitempty"`
	Reads   int            `json:"reads"`
	At      time.Time      `json:"at"` // of the read that decided
	// Resource is that read, for other decisions from the same facts.
	Resource resource.Resource `json:"-"`
}

// waits are the pauses between reads, a minute together: AWS shows most changes
// within seconds.
var waits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 30 * time.Second}

// Verify reads the resource again and evaluates the plan's controls and also
// every control in open (those of the same type with an open case), all on one
// read. Passed and failed speak of what the plan promised to make pass. A read
// that fails, that leaves a control unknown, or that does not show the plan's own
// calls yet, is repeated with growing pauses for a minute; what is unclear then
// is unknown.
func (e *Engine) Verify(ctx context.Context, p Plan, open []string) Verdict {
	var v Verdict
	for i := 0; ; i++ {
		var final bool
		v, final = e.verifyOnce(ctx, p, open)
		v.Reads, v.At = i+1, e.Now()
		if final || i == len(waits) {
			return v
		}
		if err := e.Sleep(ctx, waits[i]); err != nil {
			return v
		}
	}
}

// verifyOnce judges one read; final is false where another read may tell more.
func (e *Engine) verifyOnce(ctx context.Context, p Plan, open []string) (v Verdict, final bool) {
	now, err := e.Live.Read(ctx, p.Ref)
	if _, gone := errors.AsType[*resource.NotFoundError](err); gone {
		return Verdict{State: Passed, Gone: true, Why: say("AWS says that it does not exist", "AWS によるとリソースが存在しません")}, true
	}
	if err != nil {
		why := fmt.Sprintf("read %s: %v", p.Ref.ARN, err)
		return Verdict{State: Unknown, Why: Words{why, why}}, awscloud.Classify(err) == awscloud.Denied
	}
	v = Verdict{State: Passed, Controls: map[string]control.Verdict{}, Resource: now}
	for _, id := range slices.Concat(p.Post.Pass, p.Controls, open) {
		if _, done := v.Controls[id]; done {
			continue
		}
		one, err := e.Checker.Evaluate(id, now)
		if err != nil {
			one = control.Verdict{Status: control.Unknown, Why: err.Error()}
		}
		v.Controls[id] = one
	}
	shown, err := shows(p, now)
	if err != nil {
		v.State, v.Why = Unknown, Words{err.Error(), err.Error()}
		return v, false
	}
	v.Missing = missing(p, now)
	for _, id := range p.Post.Pass {
		switch one := v.Controls[id]; one.Status {
		case control.Passed:
		case control.Failed:
			v.State, v.Why = Failed, say("%s still fails: %s", "%s はまだ不合格です：%s", id, one.Why)
		default:
			if v.State != Failed {
				v.State, v.Why = Unknown, say("%s cannot be judged: %s", "%s を判定できません：%s", id, one.Why)
			}
		}
	}
	// Where no control speaks for the plan, what it shows is the whole proof.
	if !shown && (v.State == Failed || len(p.Post.Pass) == 0) {
		v.State, v.Why = Unknown, say("the read still shows the state from before the fix", "読み取り結果がまだ修復前の状態を示しています")
	}
	return v, shown && v.State != Unknown
}

// shows says whether a read shows every step of the plan.
func shows(p Plan, now resource.Resource) (bool, error) {
	r, ok := Named(p.Remedy)
	if !ok {
		return false, fmt.Errorf("there is no remedy %q", p.Remedy)
	}
	for _, s := range p.Steps {
		if _, more, err := r.Rest(s, now); err != nil || more {
			return false, err
		}
	}
	return true, nil
}

// missing are the entries of a group that should stand and do not.
func missing(p Plan, now resource.Resource) []traffic.Rule {
	want := slices.Concat(p.Post.Keep, p.Post.Untouched)
	if len(want) == 0 {
		return nil
	}
	rules, err := groupRules(now)
	if err != nil {
		return nil // shows has said so
	}
	var out []traffic.Rule
	for _, w := range want {
		if !slices.ContainsFunc(rules, w.Same) {
			out = append(out, w)
		}
	}
	return out
}
