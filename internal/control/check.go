package control

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"

	"zesei/internal/resource"
)

// Verdict is what a check says of one resource.
type Verdict struct {
	Status Outcome
	// Why says in English what fails or what is not known; "" when passed.
	Why string
	// Offending are the parts that fail, where the check can point at them.
	Offending []Offence
}

// Outcome is the answer of a check.
type Outcome string

// The outcomes. Unknown is neither: a part could not be read, is missing, or
// holds something that the check cannot judge.
const (
	Passed  Outcome = "PASSED"
	Failed  Outcome = "FAILED"
	Unknown Outcome = "UNKNOWN"
)

// Checker evaluates the catalogue's checks on resources in the one shape, live
// or from a template. Each check is compiled when it is first used. A Checker is
// safe for concurrent use.
type Checker struct {
	catalogue  *Catalogue
	parameters map[string]map[string][]int64 // by control id, then parameter

	mu       sync.Mutex
	env      *cel.Env
	compiled map[string]*check
}

// NewChecker makes a Checker with every parameter at Security Hub's default.
func NewChecker(cat *Catalogue) *Checker {
	return &Checker{catalogue: cat, parameters: defaultParameters(), compiled: map[string]*check{}}
}

// With gives a Checker in which a parameter of a control has another value: the
// list of ports that EC2.18 authorises, for instance. The error names a control
// or parameter that does not exist, or a value out of range.
func (c *Checker) With(controlID, parameter string, ports []int) (*Checker, error) {
	one, ok := c.catalogue.Lookup(controlID)
	if !ok {
		return nil, fmt.Errorf("parameter %s: no control %q", parameter, controlID)
	}
	known := c.parameters[one.ID]
	if _, ok := known[parameter]; !ok {
		names := slices.Sorted(maps.Keys(known))
		if len(names) == 0 {
			return nil, fmt.Errorf("control %s has no parameters, so no %q", one.ID, parameter)
		}
		return nil, fmt.Errorf("control %s has no parameter %q, want %s", one.ID, parameter, strings.Join(names, " or "))
	}
	value := make([]int64, 0, len(ports))
	for _, p := range ports {
		if p < 0 || p > maxPort {
			return nil, fmt.Errorf("%s of %s: %d is not a port, want 0 to %d", parameter, one.ID, p, maxPort)
		}
		value = append(value, int64(p))
	}
	all := maps.Clone(c.parameters)
	all[one.ID] = maps.Clone(known)
	all[one.ID][parameter] = value
	return &Checker{catalogue: c.catalogue, parameters: all, compiled: map[string]*check{}}, nil
}

// Has says whether a control has a check.
func (c *Checker) Has(controlID string) bool {
	one, ok := c.catalogue.Lookup(controlID)
	return ok && one.Fail != ""
}

// ForType gives the ids of the controls that can be checked on a resource type,
// in natural order.
func (c *Checker) ForType(resourceType string) []string {
	var ids []string
	for _, one := range c.catalogue.controls {
		if one.Fail != "" && checks(one, resourceType) {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

// Evaluate says whether a resource holds a control. What the resource does not
// tell makes the verdict Unknown; an error is a misuse: no such control, no
// check, or a resource of a type that the control does not look at.
func (c *Checker) Evaluate(controlID string, r resource.Resource) (Verdict, error) {
	one, ok := c.catalogue.Lookup(controlID)
	switch {
	case !ok:
		return Verdict{}, fmt.Errorf("check %s: no such control", controlID)
	case one.Fail == "":
		return Verdict{}, fmt.Errorf("check %s: zesei has no check for this control", one.ID)
	case !checks(one, r.Type):
		return Verdict{}, fmt.Errorf("check %s: it looks at %s, not at %s", one.ID, strings.Join(one.ResourceTypes, ", "), r.Type)
	}
	compiled, err := c.compile(one)
	if err != nil {
		return Verdict{}, err
	}
	if r.Properties == nil {
		return unknown("nothing is known of the resource"), nil
	}
	for _, name := range compiled.properties {
		if why, ok := r.UnreadParts()[name]; ok {
			return unknown(name + " could not be read: " + why), nil
		}
	}
	failed, err := compiled.holds(compiled.whole, r.Properties)
	switch {
	case err != nil:
		return unknown("cannot tell: " + err.Error()), nil
	case !failed:
		return Verdict{Status: Passed}, nil
	}
	v := Verdict{Status: Failed, Offending: compiled.offending(r.Properties)}
	v.Why = v.In("en")
	return v, nil
}

func unknown(why string) Verdict { return Verdict{Status: Unknown, Why: why} }

// accountBlock is the type under which live reads give the account-wide S3
// setting. CloudFormation has none, and the catalogue says AWS::::Account.
const accountBlock = "AWS::S3::AccountPublicAccessBlock"

func checks(one *Control, resourceType string) bool {
	return one.Covers(resourceType) || one.ID == "S3.1" && resourceType == accountBlock
}

func (c *Checker) compile(one *Control) (*check, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.compiled[one.ID]; ok {
		return known, nil
	}
	if c.env == nil {
		env, err := newEnv()
		if err != nil {
			return nil, fmt.Errorf("prepare checks: %w", err)
		}
		c.env = env
	}
	made, err := newCheck(c.env, one, c.parameters[one.ID])
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", one.ID, err)
	}
	c.compiled[one.ID] = made
	return made, nil
}
