package detect

import (
	"time"

	"zesei/internal/finding"
)

// Hit is one match of a rule.
type Hit struct {
	Rule *Rule
	// Finding is what the match says. With Rule.Opens nothing it must not be
	// taken to open anything: it names the resource, the actor and the controls
	// to recheck.
	Finding finding.Finding
	// Resources are those that the event names, for rechecks; none where it
	// names only the account.
	Resources []Resource
	// Event is the id of the event: a CloudTrail record's own, whatever brought it.
	Event string
	Due   time.Time // a date that the event sets; zero for none
	// Session is the role session that did it, by which zesei knows its own
	// calls (zesei-<fix id>): the name alone proves nothing.
	Session string
}

// Opens says what the hit leads to.
func (h *Hit) Opens() Opens { return h.Rule.Opens }

// Resource is one that an event names.
type Resource struct {
	Type   string // CloudFormation's name
	ARN    string // canonical
	Region string // or "global"
}
