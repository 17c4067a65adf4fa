package detect

import (
	"fmt"
	"sync"
	"time"

	"zesei/eventpattern"
	"zesei/internal/event"
	"zesei/internal/finding"
	"zesei/logpattern"
)

// Options are what an Engine asks of the rest of zesei. The zero Options will do.
type Options struct {
	Language string // of the findings' titles: ja or en
	// ConfigRule gives the identifier of an AWS Config rule by its name
	// (DescribeConfigRules: Source.SourceIdentifier); ok is false where it is
	// not known.
	ConfigRule func(account, region, name string) (identifier string, ok bool)
	// Controls gives the controls behind the identifier of a managed rule, in
	// any spelling (VPC_DEFAULT_SECURITY_GROUP_CLOSED).
	Controls func(identifier string) []finding.ControlRef
	// Trusted says whether the account that an event came from may speak for
	// another: is its delegated administrator. Without it none may.
	Trusted func(envelope, account string) bool
}

// Engine matches events against the rules of packs, all at once. It is
// immutable and safe for concurrent use.
type Engine struct {
	options Options
	rules   []*Rule
	events  *eventpattern.Set
	ofEvent []entry // by index in events
	logs    *logpattern.Set
	ofLog   []*Rule // by index in logs
	spare   sync.Pool
}

// entry is one pattern of a rule.
type entry struct {
	rule   *Rule
	closes bool
	// Set where its threshold has been counted already.
	counted bool
	since   time.Time
	err     error
}

// New makes an Engine of packs. Two packs or two rules of one name are an error.
func New(packs []*Pack, options Options) (*Engine, error) {
	e := &Engine{options: options}
	if e.options.Trusted == nil {
		e.options.Trusted = func(string, string) bool { return false }
	}
	seen := map[string]bool{}
	var patterns []*eventpattern.Pattern
	var filters []*logpattern.Filter
	for _, p := range packs {
		for _, r := range p.Rules {
			if seen[r.Name()] {
				return nil, fmt.Errorf("two detection rules %s", r.Name())
			}
			seen[r.Name()] = true
			e.rules = append(e.rules, r)
			if r.Event.compiled != nil {
				patterns, e.ofEvent = append(patterns, r.Event.compiled), append(e.ofEvent, entry{rule: r})
			}
			if r.Closes.compiled != nil {
				patterns, e.ofEvent = append(patterns, r.Closes.compiled), append(e.ofEvent, entry{rule: r, closes: true})
			}
			if r.Log.Filter != nil {
				filters, e.ofLog = append(filters, r.Log.Filter), append(e.ofLog, r)
			}
		}
	}
	var err error
	if e.events, err = eventpattern.NewSet(patterns...); err != nil {
		return nil, fmt.Errorf("building the set of event patterns: %w", err)
	}
	e.logs = logpattern.NewSet(filters...)
	return e, nil
}

// Wakes says whether an item wakes any rule, so that what wakes none need not be
// kept: most records of a trail do not. What cannot be judged wakes: Detect says
// why. Nothing is counted.
func (e *Engine) Wakes(item event.Item) bool {
	b, ok := e.spare.Get().(*Batch)
	if !ok {
		b = e.Batch(nil)
	}
	defer e.spare.Put(b)
	_, envelope, trail, ok := b.read(item.Format, item.Raw, item.Members)
	if !ok {
		return false
	}
	var err error
	if b.hits, err = e.events.Match(envelope, b.hits[:0]); err != nil || len(b.hits) > 0 {
		return true
	}
	if trail != nil {
		b.hits = e.logs.Match(trail, b.hits[:0])
	}
	return len(b.hits) > 0
}

// Rules returns the rules in the order of their packs.
func (e *Engine) Rules() []*Rule { return e.rules }

// Rule finds a rule by its name, <pack>.<id>.
func (e *Engine) Rule(name string) (*Rule, bool) {
	for _, r := range e.rules {
		if r.Name() == name {
			return r, true
		}
	}
	return nil, false
}
