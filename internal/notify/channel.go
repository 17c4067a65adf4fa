package notify

import (
	"context"
	"fmt"
	"time"
)

// Channel carries actions out.
//
// Deliver calls record with what is told so far before each new post is sent
// and after each one is done; record must have committed when it returns. An
// error of record ends the delivery. Deliver returns what is told, also with an
// error; the caller stores it and calls Decide and Deliver again.
//
// Errors: *RetryAfter when the service named a time, *Permanent when repeating
// cannot help, any other when it may.
type Channel interface {
	Deliver(ctx context.Context, actions Actions, told Told, record func(Told) error) (Told, error)
}

// RetryAfter is a refusal that names a time to wait.
type RetryAfter struct {
	After time.Duration
	By    string // who refused
}

func (e *RetryAfter) Error() string {
	return fmt.Sprintf("%s asks to wait %s", e.By, e.After)
}

// Permanent is a refusal that repeating does not cure.
type Permanent struct {
	Reason string // one line: what was refused and the service's word for it
	Hint   string // what a person can do about it
	HintJA string // the same in Japanese; "": only the hint in English is known
	Scope  Scope  // what it refuses
}

// Scope says how much a refusal is about.
type Scope string

// The scopes of a refusal.
const (
	WholeChannel Scope = ""        // the way itself: nothing goes out by it
	TargetOnly   Scope = "target"  // one channel or address: the service answers
	MessageOnly  Scope = "message" // one message: others to the same target go out
)

func (e *Permanent) Error() string {
	if e.Hint == "" {
		return e.Reason
	}
	return e.Reason + ": " + e.Hint
}
