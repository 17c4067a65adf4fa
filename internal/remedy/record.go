package remedy

import (
	"context"
	"time"

	"zesei/internal/awscloud"
)

// StepState is how far a step has come. A step that was recorded as intended and
// not as done is in doubt: it may have been carried out.
type StepState string

// The states of a step.
const (
	Planned  StepState = ""
	Intended StepState = "intended"
	Done     StepState = "done"
)

// Result is what AWS answered to a step.
type Result struct {
	At time.Time `json:"at"`
	// RuleIDs are the security group rules that AWS says it added or removed.
	RuleIDs []string `json:"rule_ids,omitempty"`
	// Found is set where the step's effect stood already: AWS said so, or a
	// look at the resource after a crash did.
	Found bool `json:"found,omitempty"`
}

// StepRecord is what was recorded of one step.
type StepRecord struct {
	State  StepState `json:"state"`
	Result Result    `json:"result,omitzero"`
}

// Recorder keeps the progress of one run of steps: of a plan's own, or of its
// undoing. When a method returns nil the record is durable.
type Recorder interface {
	// Steps returns what is recorded, by the step's index; a shorter list
	// leaves the rest planned.
	Steps(ctx context.Context) ([]StepRecord, error)
	// Intended is called before anything is sent, with the call as it will be
	// sent: after a crash that can be less than the plan's step.
	Intended(ctx context.Context, index int, step Step) error
	// Done is called when AWS has confirmed the step.
	Done(ctx context.Context, index int, result Result) error
}

// OutcomeState is how applying or undoing ended.
type OutcomeState string

// The ends of applying or undoing.
const (
	Applied OutcomeState = "applied" // every step is done; that says nothing of the controls yet
	Stopped OutcomeState = "stopped" // a fault came between; Retry says whether it may pass
	Refused OutcomeState = "refused" // the resource is not what the plan was made for, or the plan may not be applied
	Gone    OutcomeState = "gone"    // AWS says that the resource does not exist
)

// Outcome says what was done and what was not. Steps are named by index.
type Outcome struct {
	State   OutcomeState  `json:"state"`
	Done    []int         `json:"done,omitempty"`
	Unknown []int         `json:"unknown,omitempty"` // sent or intended, not confirmed
	Left    []int         `json:"left,omitempty"`    // not begun
	Kind    awscloud.Kind `json:"kind,omitempty"`    // of the fault that stopped it
	Why     Words         `json:"why,omitzero"`
	Err     error         `json:"-"`
}

// Retry says whether carrying on later can help: the fault was a throttle, a lost
// answer or silence, not a refusal.
func (o Outcome) Retry() bool {
	if o.State != Stopped {
		return false
	}
	switch o.Kind {
	case awscloud.Throttled, awscloud.InDoubt, awscloud.Unsent, awscloud.Conflict, awscloud.Other:
		return true
	}
	return false
}

// tally sorts the steps of a run by their state.
func (o *Outcome) tally(n int, records []StepRecord) {
	o.Done, o.Unknown, o.Left = nil, nil, nil
	for i := range n {
		switch stateOf(records, i) {
		case Done:
			o.Done = append(o.Done, i)
		case Intended:
			o.Unknown = append(o.Unknown, i)
		default:
			o.Left = append(o.Left, i)
		}
	}
}

func stateOf(records []StepRecord, i int) StepState {
	if i < len(records) {
		return records[i].State
	}
	return Planned
}
