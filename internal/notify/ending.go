package notify

import "time"

// Ending is the kind of a message about exceptions that end soon. It is told once
// for each exception, to the owners of what it covers and to who asked for it.
const Ending Kind = "ending"

// Wish is the kind of a message that asks for an exception over more than one
// case, and says what came of it. It holds one exception; in Slack also as Asked. A wish about one case is told in that case's thread.
const Wish Kind = "wish"

// Exception is an accepted risk as a message shows it.
type Exception struct {
	ID string `json:"id"`
	// What it covers. Fields that are empty cover any.
	Case         string `json:"case,omitempty"` // key of the only case
	Control      string `json:"control,omitempty"`
	Title        string `json:"title,omitempty"` // of the control, in the message's language
	AccountID    string `json:"account,omitempty"`
	AccountName  string `json:"account_name,omitempty"`
	Region       string `json:"region,omitempty"`
	Resource     string `json:"resource,omitempty"` // ARN
	ResourceName string `json:"resource_name,omitempty"`
	Owner        string `json:"owner,omitempty"`
	Tag          string `json:"tag,omitempty"`
	Cases        int    `json:"cases"` // that it covers now

	Until      time.Time `json:"until"`
	Reason     string    `json:"reason"`
	AskedBy    string    `json:"asked_by"`
	ApprovedBy string    `json:"approved_by"`
	CloseHole  bool      `json:"close_hole,omitempty"` // at its end the hole is closed by itself

	// Of a wish: what came of it, who decided, and why it was refused or ended.
	State     AskedState `json:"state,omitempty"`
	DecidedBy string     `json:"decided_by,omitempty"`
	Why       string     `json:"why,omitempty"`
	Evidence  string     `json:"evidence,omitempty"`
}

func (x Exception) utc() Exception {
	x.Until = second(x.Until)
	return x
}

// endings are the exceptions of a view.
func (m Message) endings() []Exception {
	var out []Exception
	for _, x := range m.Exceptions {
		out = append(out, x.utc())
	}
	return out
}

// sampleWishes are wishes in every state, one a message.
func sampleWishes(lang string, m Message) []namedMessage {
	var out []namedMessage
	for i, state := range []AskedState{AskedOpen, AskedApproved, AskedRefused, AskedWithdrawn, AskedEnded} {
		x := sampleEndings(lang)[1+i%3]
		x.Cases, x.ApprovedBy, x.State = 0, "", state
		m.Kind, m.Control, m.Cases, m.Asked = Wish, Control{}, nil, nil
		switch state {
		case AskedOpen:
			x.Evidence, m.Asked = "https://wiki.example.com/risk/7", []Asked{{ID: x.ID, State: state}}
		case AskedRefused:
			x.DecidedBy, x.Why = "taro", "for one account only, please"
		default:
			x.DecidedBy = "taro"
		}
		m.Exceptions = []Exception{x}
		out = append(out, namedMessage{"wish " + string(state), m})
	}
	return out
}

// sampleEndings are exceptions of every scope.
func sampleEndings(lang string) []Exception {
	until := sampleDue
	c := sampleCase(lang)
	base := Exception{Until: until, AskedBy: "hanako", ApprovedBy: "taro"}
	one, wide, tag, resource := base, base, base, base
	one.ID, one.Case, one.Control, one.Title, one.AccountID, one.AccountName, one.Region = "x1", c.Key, c.Control, c.Title, c.AccountID, c.AccountName, c.Region
	one.Resource, one.ResourceName, one.Cases, one.Reason = c.Resource, c.ResourceName, 1, "until the move in March"
	wide.ID, wide.Control, wide.Title, wide.AccountID, wide.Region, wide.Cases, wide.Reason = "x2", c.Control, c.Title, "444455556666", "ap-northeast-1", 42, "logs are kept elsewhere"
	tag.ID, tag.Tag, tag.Owner, tag.Reason, tag.CloseHole = "x3", "env=sandbox", "shop", "a playground", true
	resource.ID, resource.Resource, resource.ResourceName, resource.Cases, resource.Reason = "x4", c.Resource, c.ResourceName, 3, "public assets only"
	return []Exception{one, wide, tag, resource}
}
