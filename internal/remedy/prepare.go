package remedy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"zesei/internal/remedy/traffic"
	"zesei/internal/resource"
)

// Request is everything that a plan is made from. Nothing else is looked at.
type Request struct {
	// Resource as it was just read from AWS.
	Resource resource.Resource
	// Controls are all open cases of the resource whose fix mode allows a fix.
	Controls []string
	// With are the options of the policy's fix rule; see each remedy's About.
	With map[string]string
	// Params are the parameters of controls that have any (EC2.18).
	Params map[string]traffic.Params
	// IaC says how the account's resources are made: terraform, cloudformation,
	// none, unknown. A caller that has read a Terraform state says terraform
	// where it holds this resource and none where it does not.
	IaC string
	// FiltersOnTags is set where the rule that allows this fix looks at the
	// resource's tags: unread tags then permit nothing.
	FiltersOnTags bool
	// Quota is the number of rules that a security group may hold in each
	// direction and address family; 0 means traffic.DefaultQuota.
	Quota int
}

// About describes a remedy, for documentation, templates and the engine.
type About struct {
	Name     string
	Types    []string // CloudFormation types that it mends
	Controls []string // that it can make pass
	// Options are the keys of `with:` with their values; the first is the default.
	Options map[string][]string
	// Permissions are the IAM actions of the write role: calls and their undo.
	Permissions []string
	// ReadPermissions are further actions of the read role, beside those that
	// reading the resource needs.
	ReadPermissions []string // nil: none
	// Events are the CloudTrail event names that can have opened what it closes.
	Events []string
	Title  Words
}

// Remedy makes plans of one kind and understands their calls. All methods are
// pure.
type Remedy interface {
	About() About
	// Plan fills in everything but what Prepare adds. Errors: ErrNothingToDo,
	// *RefusedError.
	Plan(Request) (Plan, error)
	// Unchanged returns a *ChangedError where live differs from the plan's prior
	// state, in what the plan depends on, by more than the sent steps explain.
	Unchanged(p Plan, sent []Step, live resource.Resource) error
	// Rest returns what of a step is still to be sent, and false where nothing
	// is: AWS already shows it done.
	Rest(step Step, live resource.Resource) (Step, bool, error)
	// Reversible returns a *ChangedError where somebody has since changed what
	// undo would write over.
	Reversible(p Plan, live resource.Resource) error
}

// All returns every remedy, by name.
func All() []Remedy {
	return []Remedy{defaultGroup{}, bucketBlock{}, accountBlock{}, bucketEncryption{}, bucketVersioning{}, securityGroup{}}
}

// Named returns the remedy with that name.
func Named(name string) (Remedy, bool) {
	for _, r := range All() {
		if r.About().Name == name {
			return r, true
		}
	}
	return nil, false
}

// For returns the name of the remedy that mends a control, or "".
func For(control string) string {
	for _, r := range All() {
		if slices.Contains(r.About().Controls, control) {
			return r.About().Name
		}
	}
	return ""
}

// Permissions returns the IAM actions that the remedy's write role needs, sorted;
// nil for an unknown name.
func Permissions(name string) []string {
	r, ok := Named(name)
	if !ok {
		return nil
	}
	return slices.Sorted(slices.Values(r.About().Permissions))
}

// Prepare makes the named remedy's plan. It returns ErrNothingToDo where the
// resource needs none, *RefusedError where no plan can be made, and otherwise a
// plan that may still be only for suggestion or wait for approval (Plan.Limit).
func Prepare(name string, req Request) (Plan, error) {
	r, ok := Named(name)
	if !ok {
		return Plan{}, refuse("options", "there is no remedy %q", "対処 %q は存在しません", name)
	}
	about := r.About()
	if !slices.Contains(about.Types, req.Resource.Type) {
		return Plan{}, refuse("kind", "%s mends %s, not %s", "%s の対象は %s であり、%s ではありません", name, strings.Join(about.Types, ", "), req.Resource.Type)
	}
	if req.FiltersOnTags && req.Resource.TagsUnread {
		return Plan{}, refuse("tags", "the tags of %s cannot be read, and the rule that allows the fix looks at them",
			"%s のタグを読み取れず、修復を許可するルールがタグを参照しているため、修復しません", req.Resource.ARN)
	}
	with, err := options(about, req.With)
	if err != nil {
		return Plan{}, err
	}
	req.With = with
	req.Controls = slices.Compact(slices.Sorted(slices.Values(req.Controls)))
	p, err := r.Plan(req)
	if err != nil {
		return Plan{}, err
	}
	p.Remedy, p.Ref, p.ResourceID, p.Name = name, req.Resource.Ref, req.Resource.ID, req.Resource.Name
	p.Controls, p.With, p.Params = req.Controls, with, req.Params
	guardManaged(&p, req)
	return p, nil
}

// options keeps the options that the remedy knows. A rule may name several
// remedies, so options of others are passed over; a key that no remedy knows, or
// a value that the remedy does not know, is a mistake.
func options(about About, with map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(with)) {
		values, mine := about.Options[k]
		if k == optionManaged {
			values, mine = []string{"suggest", "approve"}, true
		}
		if !mine {
			if !slices.ContainsFunc(All(), func(r Remedy) bool { _, ok := r.About().Options[k]; return ok }) {
				return nil, refuse("options", "no remedy has an option %q", "オプション %q はどの対処にもありません", k)
			}
			continue
		}
		if len(values) > 0 && !slices.Contains(values, with[k]) {
			return nil, refuse("options", "%s: %q is none of %s", "%s: %q は %s のいずれでもありません", k, with[k], strings.Join(values, ", "))
		}
		out[k] = with[k]
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// ChangedError says that the resource is no longer what the plan was made from.
type ChangedError struct{ What Words }

func (e *ChangedError) Error() string { return "resource changed since the plan: " + e.What.EN }

func changed(en, ja string, args ...any) error { return &ChangedError{say(en, ja, args...)} }

func unread(r resource.Resource, what string) error {
	return refuse("unread", "%s of %s could not be read", "%[2]s の %[1]s を読み取れませんでした", what, r.ARN)
}

func wrongStep(s Step) error {
	return fmt.Errorf("%s %s is no step of this remedy", s.Service, s.Operation)
}
