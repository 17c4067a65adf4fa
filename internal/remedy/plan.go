package remedy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"zesei/internal/policy"
	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
)

// Plan is what would be done to one resource, whole and exact. It is recorded as
// JSON, and its Hash binds an approval to exactly this plan.
type Plan struct {
	Remedy     string            `json:"remedy"`
	Ref        resource.Ref      `json:"ref"`
	ResourceID string            `json:"resource_id"` // sg-…, bucket name, account id
	Name       string            `json:"name,omitempty"`
	Controls   []string          `json:"controls"` // the open controls that the plan serves, sorted
	With       map[string]string `json:"with,omitempty"`
	// Params are the parameters of the controls that were heeded.
	Params  map[string]traffic.Params `json:"params,omitempty"`
	Summary Words                     `json:"summary"`
	Steps   []Step                    `json:"steps"`   // in this order
	Inverse []Step                    `json:"inverse"` // what undo sends, in this order
	// Prior is the resource's state that the plan was made from and that undo
	// goes back to; its shape is the remedy's own.
	Prior    json.RawMessage `json:"prior"`
	Post     Post            `json:"post"`
	Warnings []Words         `json:"warnings,omitempty"`
	Dropped  []Dropped       `json:"dropped,omitempty"`
	Skipped  []Skipped       `json:"skipped,omitempty"`
	// Wait says why the plan needs a person's approval even where the policy
	// says auto; empty otherwise.
	Wait []Words `json:"wait,omitempty"`
	// SuggestOnly says why zesei will not apply the plan at all; empty otherwise.
	SuggestOnly []Words `json:"suggest_only,omitempty"`
	// InCode says what to change where the resource is declared, for resources
	// that Terraform or CloudFormation manage.
	InCode []CodeChange `json:"in_code,omitempty"`
}

// Step is one API call.
type Step struct {
	Service   string `json:"service"`   // ec2, s3, s3control
	Operation string `json:"operation"` // as the API names it: RevokeSecurityGroupIngress
	// Params are the call's parameters under the API's own names, as the AWS
	// CLI's --cli-input-json takes them.
	Params json.RawMessage `json:"params"`
	Why    Words           `json:"why"`
}

// Post is what must hold after the plan has been applied.
type Post struct {
	Pass []string `json:"pass"` // controls that must pass
	// Still lists open controls that will go on failing, as the options leave
	// something open (how: exact).
	Still []string `json:"still,omitempty"`
	// Keep are the security group entries that must stand: what the plan adds.
	Keep []traffic.Rule `json:"keep,omitempty"`
	// Untouched are the entries of the same direction that no step names.
	Untouched []traffic.Rule `json:"untouched,omitempty"`
}

// Dropped is traffic that narrowing cannot keep, because no rule can name it.
type Dropped struct {
	Rule  traffic.Rule `json:"rule"`
	Words Words        `json:"words"`
}

// Skipped is an entry that breaks a control and that the options leave alone.
type Skipped struct {
	Rule traffic.Rule `json:"rule"`
	Why  Words        `json:"why"`
}

// CodeChange is an attribute to change in the files that declare a resource.
type CodeChange struct {
	Tool      string `json:"tool"`      // terraform, cloudformation
	Attribute string `json:"attribute"` // aws_security_group.ingress
	Words     Words  `json:"words"`
}

// ErrNothingToDo is returned (wrapped, with the reason) when the resource already
// is as the remedy would leave it.
var ErrNothingToDo = errors.New("nothing to do")

// RefusedError says why no plan is made. It is final for this state of the
// resource: trying again without a change gives the same.
type RefusedError struct {
	Code   string // unread, options, quota, tags, kind
	Reason Words
}

func (e *RefusedError) Error() string { return "no plan: " + e.Reason.EN }

func refuse(code, en, ja string, args ...any) error {
	return &RefusedError{Code: code, Reason: say(en, ja, args...)}
}

// Hash identifies the plan: SHA-256, in hexadecimal, over everything that it
// holds, in a form that survives any storage that keeps JSON's meaning. Two plans
// made from the same state with the same options have the same hash.
func (p Plan) Hash() string {
	sum := sha256.Sum256(canonical(p))
	return hex.EncodeToString(sum[:])
}

// canonical writes a value as JSON with sorted keys, also inside raw parts.
func canonical(v any) []byte {
	first, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("remedy: a plan that is no JSON: %v", err)) // a broken remedy, never input
	}
	d := json.NewDecoder(bytes.NewReader(first))
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		panic(fmt.Sprintf("remedy: JSON that cannot be read back: %v", err))
	}
	out, err := json.Marshal(plain)
	if err != nil {
		panic(fmt.Sprintf("remedy: JSON that cannot be written twice: %v", err))
	}
	return out
}

// Limit lowers a fix mode to what the plan itself permits: suggest where zesei
// must not apply it, approve where a person must look first.
func (p Plan) Limit(mode policy.FixMode) policy.FixMode {
	switch {
	case mode == policy.FixOff:
		return policy.FixOff
	case len(p.SuggestOnly) > 0:
		return policy.FixSuggest
	case len(p.Wait) > 0 && mode == policy.FixAuto:
		return policy.FixApprove
	}
	return mode
}
