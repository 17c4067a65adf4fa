package notify

import "time"

// AskedState is how far a wish that a risk be accepted has come.
type AskedState string

// The states of such a wish.
const (
	AskedOpen      AskedState = "asked"   // waits for an approver
	AskedApproved  AskedState = "active"  // approved, and in force
	AskedEnded     AskedState = "ended"   // was in force
	AskedWithdrawn AskedState = "revoked" // taken back, or ended before its time
	AskedRefused   AskedState = "refused"
)

// Asked is a wish that the risk of a case be accepted. It stands in the thread of
// the message of its case, where those who may approve are called.
type Asked struct {
	ID        string     `json:"id"`
	Case      string     `json:"case"`               // key
	Control   string     `json:"control,omitempty"`  // of the case
	Resource  string     `json:"resource,omitempty"` // its short name
	State     AskedState `json:"state"`
	Reason    string     `json:"reason"`
	Evidence  string     `json:"evidence,omitempty"`
	By        string     `json:"by"`                   // who asked, in words
	ByMember  string     `json:"by_member,omitempty"`  // the same as a member of Slack
	Decided   string     `json:"decided,omitempty"`    // who approved or refused, in words
	DecidedBy string     `json:"decided_by,omitempty"` // the same as a member of Slack
	Until     time.Time  `json:"until"`
	CloseHole bool       `json:"close_hole,omitempty"`
	// NoButtons: nobody hears what is pressed, so the command alone is named.
	NoButtons bool `json:"no_buttons,omitempty"`
	// Approvers are called when the wish is posted: Slack user ids.
	Approvers []string `json:"-"`
}

// Asker is who asked, as a list for `mention`.
func (a Asked) Asker() []string { return some(a.ByMember) }

// Decider is who decided, as a list for `mention`.
func (a Asked) Decider() []string { return some(a.DecidedBy) }

func some(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

func askedPart(a Asked) string { return "asked/" + a.ID }

// asked brings the wishes in the thread up to date. One that was decided before
// anybody was told of it is not told any more: the case says what came of it.
func (a *Actions) asked(told Told) {
	if a.Message.Kind == Wish {
		return // the main part asks
	}
	for _, x := range a.Message.Asked {
		part, posted := told.Parts[askedPart(x)]
		if !posted && x.State != AskedOpen {
			continue
		}
		v := a.Message.wish(x)
		act := Action{Do: Post, Part: askedPart(x), Hash: v.Hash(), View: v}
		switch {
		case !posted:
			act.Why = "somebody asks that a risk be accepted"
		case part.Pending:
			act.Why = "in doubt whether the wish arrived"
		case part.Hash != act.Hash:
			act.Do, act.Why = Update, "what came of the wish has changed"
		default:
			continue
		}
		act.View.Mention = x.Approvers
		a.add(act)
	}
}

// wish is the part of a message that asks for a risk to be accepted.
func (m Message) wish(x Asked) View {
	v := m.base("asked")
	x.Until = second(x.Until)
	v.Asked = &x
	return v
}

// sampleAsked are wishes for trying the template on.
func sampleAsked(lang string, m Message) []Sample {
	var out []Sample
	for _, x := range []Asked{
		{State: AskedOpen, ByMember: "U012AB3CD", By: "hana", CloseHole: true},
		{State: AskedOpen, By: "hana", Evidence: "https://wiki.example.com/risk/7", Case: m.Cases[0].Key, Control: m.Cases[0].Control, Resource: m.Cases[0].ResourceName},
		{State: AskedOpen, By: "hana", NoButtons: true},
		{State: AskedApproved, ByMember: "U012AB3CD", DecidedBy: "U0TARO", Decided: "taro"},
		{State: AskedApproved, By: "hana", Decided: "taro"},
		{State: AskedEnded, By: "hana"}, {State: AskedWithdrawn, By: "hana"}, {State: AskedRefused, By: "hana", Decided: "taro"},
	} {
		x.ID, x.Reason, x.Until = "x0123456789", "the vendor mends it in March", sampleDue
		if lang == "ja" {
			x.Reason = "3月にベンダーが対応する予定のため"
		}
		m.Language = lang
		v := m.wish(x)
		v.Mention = []string{"U0TARO"}
		out = append(out, Sample{"wish " + string(x.State), v})
	}
	return out
}
