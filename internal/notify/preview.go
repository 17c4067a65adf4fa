package notify

import "slices"

// Preview is one part of a message that is shown and not sent.
type Preview struct {
	Name    string  // what it shows, in a few words
	Kind    string  // one of PreviewKinds
	Message Message // that it is a part of
	View    View
}

// PreviewKinds are what a preview can show: the kinds of message, a group of
// cases, what is said in a thread (Slack), and the wish for an exception there.
var PreviewKinds = []string{"cases", "group", "digest", "overflow", "reminder", "escalation", "import-summary", "notice", "ending", "wish", "failure", "reply", "asked"}

// Previews shows each kind of message once on samples, in the order of
// PreviewKinds, as the kind of channel shows it.
func Previews(via Via, language string, interactive bool) []Preview {
	var out []Preview
	show := func(name, kind string, m Message, v View) {
		out = append(out, Preview{Name: name, Kind: kind, Message: m, View: v})
	}
	samples := map[string]Message{}
	for _, s := range sampleMessages(language) {
		m := s.msg
		m.Via, m.Interactive = via, interactive
		if !interactive {
			m.Asked = nil
		}
		if m.Kind != Overflow && len(m.Cases) > 3 { // one of each sort says enough
			m.Cases = slices.DeleteFunc(slices.Clone(m.Cases), func(c Case) bool { return !worthShowing(c) })
		}
		samples[s.name] = m
	}
	one, group := samples["one case"], samples["group"]
	show("one case", "cases", one, one.sampleView())
	show("several cases of one control", "group", group, group.sampleView())
	if via.Threads() {
		c := ordered(group.Cases)[0]
		show("one of them, in the thread", "group", group, group.detail(c))
	}
	for _, s := range []struct{ name, kind string }{
		{"what is only worth knowing", "digest"}, {"what came above the attention budget", "overflow"}, {"deadlines", "reminder"},
		{"a deadline that has passed, to those above", "escalation"}, {"first import", "import-summary"}, {"what happened", "notice"}, {"exceptions that end soon", "ending"}, {"an exception that is asked for", "wish"},
	} {
		m := samples[map[string]string{"import-summary": "first import", "wish": "wish asked"}[s.kind]]
		if m.Kind == "" {
			m = samples[s.kind]
		}
		show(s.name, s.kind, m, m.sampleView())
	}
	failure := Message{Key: one.Key, Owner: one.Owner, Via: via, Kind: Failure, Language: language, Zone: one.Zone, Mention: one.Mention, Trouble: &sampleTroubles()[0]}
	show("zesei itself has trouble", "failure", failure, failure.sampleView())
	if !via.Threads() {
		return out
	}
	for _, c := range sampleCases(language) {
		var e Event
		switch c.name {
		case "overdue, back again":
			e = Recurred
		case "open":
			e = Reopened
		case "fix waiting":
			e = NeedsYes
		case "fix failed":
			e = NeedsLook
		default:
			continue
		}
		v := one.reply(c.Case, e)
		v.Mention = one.Mention
		show(string(e), "reply", one, v)
	}
	for _, s := range sampleAsked(language, one)[:1] {
		show("a wish that a risk be accepted", "asked", one, s.View)
	}
	return out
}

// worthShowing keeps a few of the sample cases: overdue, with a fix, and done.
func worthShowing(c Case) bool {
	return c.Overdue || c.Fix != nil && c.Fix.State == FixWaiting || c.State == Closed && c.Reason == "fixed"
}

// PreviewOf shows the main part of a message.
func PreviewOf(m Message) Preview {
	return Preview{Name: "as it stands now", Kind: string(m.Kind), Message: m, View: m.sampleView()}
}
