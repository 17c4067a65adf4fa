package notify

import (
	"fmt"
	"maps"
)

// Do is what an action does.
type Do string

// The things an action does.
const (
	Post   Do = "post"   // a new message in the channel, or under the main one
	Update Do = "update" // the same message says something else
)

// Main is the name of a message's first part.
const Main = "main"

// MaxDetails is how many cases of a group get a post of their own in the
// thread. The rest stand in the list, which says where to see them.
const MaxDetails = 25

// Action is one outward step.
type Action struct {
	Do   Do
	Part string // Main, or a post in Main's thread
	Why  string
	Hash string // of View
	View View
	// Case and Seen are set on a reply: once it is out, people have seen the
	// case so.
	Case string
	Seen Seen
}

// Actions is everything that brings what was told up to what must be said.
type Actions struct {
	Message Message
	List    []Action
	Why     string // why the list is empty, when it is
	// Seen is how people see the cases once the whole list is done; only where
	// replies are posted.
	Seen map[string]Seen
}

// Decide compares what must be said with what was told. It is pure: the same
// arguments give the same actions, and after these are done it gives none.
func Decide(wanted Message, told Told) Actions {
	out := Actions{Message: wanted, Seen: map[string]Seen{}}
	main := told.Parts[Main]
	if main.Version == 0 {
		if why := notWorthPosting(wanted); why != "" {
			out.Why = why
			return out
		}
	}
	out.main(told)
	if wanted.Via.Threads() && wanted.Kind == Cases {
		out.details(told)
		if main.Done() {
			out.replies(told)
		}
		for _, c := range wanted.Cases {
			if _, set := out.Seen[c.Key]; !set {
				out.Seen[c.Key] = c.seen(told.Seen[c.Key])
			}
		}
	}
	if wanted.Via.Threads() {
		out.asked(told)
	}
	if maps.Equal(out.Seen, told.Seen) {
		out.Seen = nil
	}
	if len(out.List) == 0 {
		out.Why = "nothing that a person reads has changed"
	}
	return out
}

// notWorthPosting says why a message that nobody has seen needs no first post.
func notWorthPosting(m Message) string {
	if m.Kind == ImportSummary {
		if m.Import == nil || m.Import.Total == 0 {
			return "the import found nothing for this owner"
		}
		return ""
	}
	if m.Kind == Failure {
		return ""
	}
	if m.Kind == Ending {
		if len(m.Exceptions) == 0 {
			return "the exceptions ended before anyone was told"
		}
		return ""
	}
	if m.Kind == Wish {
		if len(m.Exceptions) == 0 || m.Exceptions[0].State != AskedOpen {
			return "it was decided before anyone was told"
		}
		return ""
	}
	if len(m.Cases) == 0 {
		return "no case has joined the message"
	}
	if m.Kind == Digest || m.Kind == Notice {
		return ""
	}
	for _, c := range m.Cases {
		if c.worthTelling() {
			return ""
		}
	}
	return "every case was over before anyone was told, and zesei changed nothing"
}

// worthTelling: an open case, or one that a fix of ours has touched.
func (c Case) worthTelling() bool {
	if c.State == Open {
		return true
	}
	if c.Fix == nil {
		return false
	}
	switch c.Fix.State {
	case FixApplied, FixVerified, FixHeld, FixFailed, FixUndone:
		return true
	}
	return false
}

func (a *Actions) main(told Told) {
	v := a.Message.overview()
	v.Mention = a.Message.Mention
	part := told.Parts[Main]
	switch h := v.Hash(); {
	case part.Version == 0:
		a.add(Action{Do: Post, Part: Main, Why: "first post", Hash: h, View: v})
	case part.Pending:
		a.add(Action{Do: Post, Part: Main, Why: "in doubt whether the first post arrived", Hash: h, View: v})
	case part.Hash != h:
		a.add(Action{Do: Update, Part: Main, Why: "what it says has changed", Hash: h, View: v})
	}
}

func (a *Actions) details(told Told) {
	cases := ordered(a.Message.Cases)
	room := MaxDetails
	for _, c := range cases {
		if _, posted := told.Parts[detailPart(c)]; posted {
			room--
		}
	}
	if len(cases) < 2 && room == MaxDetails {
		return // the main part says everything
	}
	late := false // an edited list notifies nobody: the first late case mentions the owner
	for _, c := range cases {
		part, posted := told.Parts[detailPart(c)]
		if !posted && (room <= 0 || !c.worthTelling()) {
			continue
		}
		v := a.Message.detail(c)
		act := Action{Do: Post, Part: detailPart(c), Hash: v.Hash(), View: v}
		_, known := told.Seen[c.Key]
		switch {
		case !posted && told.Parts[Main].Done() && len(told.Seen) > 0 && !known:
			act.Why = "joined after the first post"
			if !late {
				act.View.Mention, late = a.Message.Mention, true
			}
		case !posted:
			act.Why = "details of a case of the group"
		case part.Pending:
			act.Why = "in doubt whether the details arrived"
		case part.Hash != act.Hash:
			act.Do, act.Why = Update, "the case has changed"
		default:
			continue
		}
		if !posted {
			room--
		}
		a.add(act)
	}
}

func detailPart(c Case) string { return "case/" + c.Key }

func (a *Actions) replies(told Told) {
	for _, c := range ordered(a.Message.Cases) {
		before, known := told.Seen[c.Key]
		if !known {
			continue // the first post, or the details, just said it
		}
		now := c.seen(before)
		for _, e := range events(before, now) {
			name := fmt.Sprintf("%s/%s/%d", e, c.Key, now.Recurrences)
			if e != Recurred {
				now.Replies++
				name = fmt.Sprintf("%s/%s/%d", e, c.Key, now.Replies)
			}
			a.Seen[c.Key] = now
			part, tried := told.Parts[name]
			if part.Done() {
				continue
			}
			v := a.Message.reply(c, e)
			hash := v.Hash()
			v.Mention = a.Message.Mention
			why := map[Event]string{
				Recurred: "the case came back", Reopened: "the case is open again",
				NeedsYes: "a fix waits for an approval", NeedsLook: "a fix needs a person",
			}[e]
			if tried {
				why = "in doubt whether the reply arrived"
			}
			a.add(Action{Do: Post, Part: name, Why: why, Hash: hash, View: v, Case: c.Key, Seen: now})
		}
	}
}

// events are what people must be told of a case although the message is there.
func events(before, now Seen) []Event {
	var out []Event
	switch {
	case now.State == Open && now.Recurrences > before.Recurrences:
		out = append(out, Recurred)
	case now.State == Open && before.State != Open:
		out = append(out, Reopened)
	}
	if now.Fix != before.Fix {
		switch now.Fix {
		case FixWaiting:
			out = append(out, NeedsYes)
		case FixFailed, FixHeld:
			out = append(out, NeedsLook)
		}
	}
	return out
}

func (a *Actions) add(act Action) { a.List = append(a.List, act) }
