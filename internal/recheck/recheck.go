// Package recheck looks at a resource as it is now and tells casework what each
// control says of it. The result enters casework like any other statement, and is
// the one that closes a case with proof.
//
// A read that is refused or fails is no verdict: where waiting may help the job
// is tried again, where it cannot the sources are left to decide.
package recheck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zesei/internal/awscloud"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
	"zesei/internal/store"
)

// Reader reads one resource: *live.Reader.
type Reader interface {
	Read(context.Context, resource.Ref) (resource.Resource, error)
}

// Checker evaluates a control on a resource: *control.Checker.
type Checker interface {
	Evaluate(controlID string, r resource.Resource) (control.Verdict, error)
	Has(controlID string) bool
	ForType(resourceType string) []string
}

// Recheck works recheck jobs.
type Recheck struct {
	DB      *store.DB
	Work    *casework.Work
	Reader  Reader
	Checker Checker
	Now     func() time.Time
	// Attempts is how often a read that fails is tried before the sources are
	// left to decide; 0: 6.
	Attempts int
}

// Job looks at the resource that the job names. Every control of the resource
// with a case, and those that the job's asker opened it for, are evaluated from
// the same read.
func (c *Recheck) Job(ctx context.Context, j job.Job) error {
	t, err := casework.ParseTarget(j.Subject)
	if err != nil {
		return job.Permanent(err)
	}
	controls, err := c.controls(ctx, t)
	if err != nil || len(controls) == 0 {
		return err
	}
	verdicts, err := c.Look(ctx, t, controls)
	if err != nil {
		attempts := c.Attempts
		if attempts == 0 {
			attempts = 6
		}
		if j.Attempt < attempts {
			return fmt.Errorf("looking at %s: %w", t.ARN, err)
		}
		verdicts = cannotRead(controls, err, c.Now())
	}
	_, err = c.Work.Check(ctx, t, nil, verdicts)
	return err
}

// LookJob looks at a resource that an event has changed: a control that it fails
// opens a case, in which the one who changed it is named.
func (c *Recheck) LookJob(ctx context.Context, j job.Job) error {
	l, err := casework.ParseLook(j.Subject)
	if err != nil {
		return job.Permanent(err)
	}
	controls := l.Controls
	standing, err := c.controls(ctx, l.Target)
	if err != nil {
		return err
	}
	for _, id := range standing {
		if !slices.Contains(controls, id) {
			controls = append(controls, id)
		}
	}
	verdicts, err := c.Look(ctx, l.Target, controls)
	if err != nil {
		return fmt.Errorf("looking at %s: %w", l.Target.ARN, err)
	}
	_, err = c.Work.Check(ctx, l.Target, l.Actor, verdicts)
	return err
}

// Controls of the resource that stand in a case and that we can check.
func (c *Recheck) controls(ctx context.Context, t casework.Target) ([]string, error) {
	cases, err := store.AllCasesOfResource(ctx, c.DB.View(), t.Account, t.ARN)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range cases {
		if f.Key.Region == t.Region && c.Checker.Has(f.Key.Control) && !slices.Contains(out, f.Key.Control) {
			out = append(out, f.Key.Control)
		}
	}
	return out, nil
}

// Look reads the resource once and evaluates controls on it. An error means that
// nothing can be said now and that trying again may help.
func (c *Recheck) Look(ctx context.Context, t casework.Target, controls []string) ([]casework.Verdict, error) {
	at := c.Now().UTC()
	r, err := c.Reader.Read(ctx, Ref(t))
	if err != nil {
		v, ok := verdictOf(err)
		if !ok {
			return nil, err
		}
		return each(controls, v, at), nil
	}
	return c.Evaluate(r, controls, at), nil
}

// Evaluate evaluates controls on a resource that was read at a time.
func (c *Recheck) Evaluate(r resource.Resource, controls []string, at time.Time) []casework.Verdict {
	out := make([]casework.Verdict, 0, len(controls))
	for _, id := range controls {
		v := casework.Verdict{Control: id, Verdict: casefile.Verdict{At: at}}
		verdict, err := c.Checker.Evaluate(id, r)
		switch {
		case err != nil:
			v.Why = err.Error()
		case verdict.Status == control.Passed:
			v.Status, v.Why = finding.Passed, verdict.In("en")
		case verdict.Status == control.Failed:
			v.Status, v.Why = finding.Failed, verdict.In("en")
		default:
			v.Why = verdict.In("en")
		}
		out = append(out, v)
	}
	return out
}

// verdictOf says what an error of a read means, where it means anything.
func verdictOf(err error) (casefile.Verdict, bool) {
	var gone *resource.NotFoundError
	if errors.As(err, &gone) {
		return casefile.Verdict{Gone: true, Why: gone.Error()}, true
	}
	var noAccess *awscloud.NoAccessError
	var unsupported *live.UnsupportedError
	if errors.As(err, &noAccess) || errors.As(err, &unsupported) {
		return casefile.Verdict{CannotRead: true, Why: err.Error()}, true
	}
	return casefile.Verdict{}, false
}

func cannotRead(controls []string, err error, at time.Time) []casework.Verdict {
	return each(controls, casefile.Verdict{CannotRead: true, Why: err.Error()}, at)
}

func each(controls []string, v casefile.Verdict, at time.Time) []casework.Verdict {
	v.At = at
	out := make([]casework.Verdict, len(controls))
	for i, id := range controls {
		out[i] = casework.Verdict{Control: id, Verdict: v}
	}
	return out
}

// Ref names the resource of a target for a live read.
func Ref(t casework.Target) resource.Ref {
	return resource.Ref{Partition: t.Partition, Account: t.Account, Region: t.Region, Type: t.Type, ARN: t.ARN}
}
