package remedy

import (
	"bytes"
	"encoding/json"
	"fmt"

	"zesei/internal/resource"
)

// setting is one setting of a bucket or an account that one call writes whole.
// The three S3 remedies differ in what it holds; what can be said of any setting
// stands here.
type setting struct {
	property string // CloudFormation property that holds it
	put      string // operation that writes it
	remove   string // operation that removes it; "" where none does
}

// read gives the setting as it stands, as canonical JSON; "null" where it is not
// set. What could not be read is no state.
func (s setting) read(r resource.Resource) (json.RawMessage, error) {
	if r.UnreadParts()[s.property] != "" {
		return nil, unread(r, s.property)
	}
	v := r.Properties[s.property]
	if m, ok := v.(map[string]any); ok && len(m) == 0 {
		v = nil
	}
	return canonical(v), nil
}

// unchanged wants the setting as it was, or as the sent step leaves it.
func (s setting) unchanged(p Plan, sent []Step, r resource.Resource, matches func(Step, json.RawMessage) (bool, error)) error {
	now, err := s.read(r)
	if err != nil {
		return err
	}
	if bytes.Equal(now, canonical(p.Prior)) {
		return nil
	}
	for _, step := range sent {
		if step.Operation == s.remove {
			if string(now) == "null" {
				return nil
			}
			continue
		}
		if ok, err := matches(step, now); err != nil || ok {
			return err
		}
	}
	return changed("%s is now %s", "%s が %s に変わっています", s.property, now)
}

// rest sends a call again unless the setting already is what the call makes it.
func (s setting) rest(step Step, r resource.Resource, matches func(Step, json.RawMessage) (bool, error)) (Step, bool, error) {
	now, err := s.read(r)
	if err != nil {
		return Step{}, false, err
	}
	if step.Operation == s.remove {
		return step, string(now) != "null", nil
	}
	if step.Operation != s.put {
		return Step{}, false, wrongStep(step)
	}
	done, err := matches(step, now)
	return step, !done, err
}

// member compares one member of a step's parameters with the setting: what the
// call names must be so, what it leaves out does not matter.
func member(name string) func(Step, json.RawMessage) (bool, error) {
	return func(step Step, now json.RawMessage) (bool, error) {
		var params map[string]json.RawMessage
		if err := json.Unmarshal(step.Params, &params); err != nil {
			return false, fmt.Errorf("read the parameters of %s: %w", step.Operation, err)
		}
		var want, have map[string]any
		if err := json.Unmarshal(params[name], &want); err != nil {
			return false, fmt.Errorf("read %s of %s: %w", name, step.Operation, err)
		}
		if err := json.Unmarshal(now, &have); err != nil {
			return false, fmt.Errorf("read %s: %w", name, err)
		}
		for k, v := range want {
			if !bytes.Equal(canonical(v), canonical(have[k])) {
				return false, nil
			}
		}
		return true, nil
	}
}
