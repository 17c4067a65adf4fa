package fake

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// FaultKind names a kind of trouble.
type FaultKind string

// The kinds of trouble that can be ordered.
const (
	// Throttle refuses with the service's own throttling code.
	Throttle FaultKind = "throttle"
	// ServerError answers 500, or Fault.Status and Fault.Code.
	ServerError FaultKind = "server-error"
	// Deny refuses with the service's own code for missing permissions.
	Deny FaultKind = "deny"
	// Hang waits Fault.Delay, then cuts the connection; nothing has happened.
	Hang FaultKind = "hang"
	// LostAnswer lets the call take effect, then cuts the connection.
	LostAnswer FaultKind = "lost-answer"
	// Stale answers a read from the state before the last write: EC2, S3 and
	// Security Hub. Order it before the write.
	Stale FaultKind = "stale"
	// Partial makes Fault.Items items of a batch fail in an answer that is 200.
	Partial FaultKind = "partial"
	// Latency only waits Fault.Delay.
	Latency FaultKind = "latency"
)

// Fault is a rule: which calls it meets, and what happens to them.
type Fault struct {
	Kind FaultKind
	// Service, Operation, Account and Region pick the calls; empty is any.
	// Service is the name in the credential scope ("ec2", "securityhub").
	Service, Operation, Account, Region string
	// Skip lets so many matching calls pass first.
	Skip int
	// Times ends the rule after so many hits; 0 is never.
	Times int
	// Probability from 0 to 1 of hitting a matching call; 0 means always.
	Probability float64
	// Delay is waited before the call is handled.
	Delay time.Duration
	// RetryAfter is what a 429 of Slack or a webhook names; 0 means a second.
	RetryAfter time.Duration
	// Status and Code replace what ServerError answers.
	Status int
	Code   string
	// Items is how many items of a batch fail (Partial); 0 means one.
	Items int
}

// Wait lets the fault's delay pass, or the context end.
func (f Fault) Wait(ctx context.Context) {
	if f.Delay <= 0 {
		return
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Faults is the list of ordered faults. It is safe for concurrent use.
type Faults struct {
	mu     sync.Mutex
	random *rand.Rand
	rules  []*faultRule
}

type faultRule struct {
	Fault
	seen, hits int
}

func newFaults(seed uint64) *Faults {
	return &Faults{random: rand.New(rand.NewPCG(seed, 0x6661756c74))}
}

// Add orders a fault. Of several that match a call, the first one added hits.
// The function returned withdraws it.
func (f *Faults) Add(rule Fault) (withdraw func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	added := &faultRule{Fault: rule}
	f.rules = append(f.rules, added)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for i, r := range f.rules {
			if r == added {
				f.rules = append(f.rules[:i:i], f.rules[i+1:]...)
				return
			}
		}
	}
}

// Clear withdraws every fault.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// pick draws the fault, if any, that hits the call.
func (f *Faults) pick(k *call) Fault {
	isWrite := k.service.operations[k.operation].write
	return f.draw(func(r Fault) bool {
		if r.Kind == Stale && isWrite {
			return false
		}
		return (r.Service == "" || r.Service == k.service.name) && (r.Operation == "" || r.Operation == k.operation) &&
			(r.Account == "" || r.Account == k.who.Account) && (r.Region == "" || r.Region == k.scope.region)
	})
}

// Draw is for twins in other packages: the first rule that applies to the call
// (service, operation, account: a Slack channel may stand in the account's
// place) and hits, else a Fault without a kind.
func (f *Faults) Draw(service, operation, account string) Fault {
	return f.draw(func(r Fault) bool {
		return (r.Service == "" || r.Service == service) && (r.Operation == "" || r.Operation == operation) && (r.Account == "" || r.Account == account)
	})
}

// NewFaults returns an empty list whose draws repeat for the same seed.
func NewFaults(seed uint64) *Faults { return newFaults(seed) }

func (f *Faults) draw(applies func(Fault) bool) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if !applies(r.Fault) || r.Times > 0 && r.hits >= r.Times {
			continue
		}
		r.seen++
		if r.seen <= r.Skip || r.Probability > 0 && f.random.Float64() >= r.Probability {
			continue
		}
		r.hits++
		return r.Fault
	}
	return Fault{}
}

func (f *Faults) staleOrdered(service string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if r.Kind == Stale && (r.Service == "" || r.Service == service) && (r.Times == 0 || r.hits < r.Times) {
			return true
		}
	}
	return false
}
