package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zesei/internal/finding"
)

// carryOut does what a channel does, without sending.
func carryOut(a Actions, told Told) Told {
	told = told.Clone()
	for _, act := range a.List {
		p := told.Parts[act.Part]
		p.Version++
		p.Hash, p.Pending, p.ID = act.Hash, false, "ts-"+act.Part
		told.Parts[act.Part] = p
		if act.Case != "" {
			told.Seen[act.Case] = act.Seen
		}
	}
	if a.Seen != nil {
		told.Seen = a.Seen
	}
	return told
}

func steps(a Actions) string {
	var out []string
	for _, act := range a.List {
		out = append(out, fmt.Sprintf("%s %s: %s", act.Do, act.Part, act.Why))
	}
	if len(out) == 0 {
		return a.Why
	}
	return strings.Join(out, "\n")
}

func openCases(n int) []Case {
	var out []Case
	for i := range n {
		out = append(out, Case{Key: fmt.Sprintf("k%02d", i), AccountID: "111122223333", Region: "ap-northeast-1", Severity: finding.High, State: Open})
	}
	return out
}

func TestDecide(t *testing.T) {
	type life []func(*Message)
	add := func(n int) func(*Message) { return func(m *Message) { m.Cases = openCases(n) } }
	edit := func(i int, f func(*Case)) func(*Message) { return func(m *Message) { f(&m.Cases[i]) } }
	closed := func(c *Case) { c.State, c.Reason = Closed, "fixed" }
	fix := func(s FixState) func(*Case) { return func(c *Case) { c.Fix = &Fix{ID: "fx-1", State: s} } }
	back := func(c *Case) { c.State, c.Recurrences = Open, c.Recurrences+1 }
	same := func(*Message) {}
	via := func(v Via) func(*Message) { return func(m *Message) { m.Via = v } }

	const nothing = "nothing that a person reads has changed"
	for name, c := range map[string]struct {
		before life // each step delivered
		now    life
		want   string
	}{
		"no case yet":                  {nil, life{same}, "no case has joined the message"},
		"the first case":               {nil, life{add(1)}, "post main: first post"},
		"a group":                      {nil, life{add(2)}, "post main: first post\npost case/k00: details of a case of the group\npost case/k01: details of a case of the group"},
		"a group without threads":      {nil, life{add(2), via(Webhook)}, "post main: first post"},
		"over before anyone was told":  {nil, life{add(1), edit(0, closed)}, "every case was over before anyone was told, and zesei changed nothing"},
		"closed by us before the post": {nil, life{add(1), edit(0, closed), edit(0, fix(FixVerified))}, "post main: first post"},
		"nothing new":                  {life{add(2)}, life{same}, nothing},
		"a plan for the closed case":   {life{add(1)}, life{edit(0, fix(FixSuggested))}, "update main: what it says has changed"},
		"a case closes":                {life{add(1)}, life{edit(0, closed)}, "update main: what it says has changed"},
		"a case of a group closes":     {life{add(2)}, life{edit(1, closed)}, "update main: what it says has changed\nupdate case/k01: the case has changed"},
		"a second case joins":          {life{add(1)}, life{add(2)}, "update main: what it says has changed\npost case/k00: details of a case of the group\npost case/k01: joined after the first post"},
		"a case comes back":            {life{add(1), edit(0, closed)}, life{edit(0, back)}, "update main: what it says has changed\npost recurred/k00/1: the case came back"},
		"it comes back without a thread": {life{add(1), via(Webhook), edit(0, closed)}, life{edit(0, back)},
			"update main: what it says has changed"},
		"it comes back a second time": {life{add(1), edit(0, closed), edit(0, back), edit(0, closed)}, life{edit(0, back)}, "update main: what it says has changed\npost recurred/k00/2: the case came back"},
		"an exception ends": {life{add(1), edit(0, func(c *Case) { c.State = Accepted })}, life{edit(0, func(c *Case) { c.State = Open })},
			"update main: what it says has changed\npost reopened/k00/1: the case is open again"},
		"it ends a second time": {life{add(1), edit(0, func(c *Case) { c.State = Accepted }), edit(0, func(c *Case) { c.State = Open }), edit(0, func(c *Case) { c.State = Accepted })},
			life{edit(0, func(c *Case) { c.State = Open })}, "update main: what it says has changed\npost reopened/k00/2: the case is open again"},
		"a fix waits":                {life{add(1)}, life{edit(0, fix(FixWaiting))}, "update main: what it says has changed\npost fix-waiting/k00/1: a fix needs an approval"},
		"a fix waits from the start": {nil, life{add(1), edit(0, fix(FixWaiting))}, "post main: first post"},
		"a fix fails":                {life{add(1), edit(0, fix(FixWaiting))}, life{edit(0, fix(FixFailed))}, "update main: what it says has changed\npost fix-failed/k00/2: a fix needs a person"},
		"the mention changes":        {life{add(1)}, life{func(m *Message) { m.Mention = []string{"U2"} }}, nothing},
		"the same time in a zone": {life{add(1), edit(0, func(c *Case) { c.Due = time.Unix(1764000000, 0).UTC() })},
			life{edit(0, func(c *Case) { c.Due = time.Unix(1764000000, 5).In(time.FixedZone("JST", 9*3600)) })}, nothing},
		"an import that found nothing": {nil, life{func(m *Message) { m.Kind, m.Import = ImportSummary, &Import{} }}, "the import found nothing for this owner"},
		"an import":                    {nil, life{func(m *Message) { m.Kind, m.Import = ImportSummary, &Import{Total: 3} }}, "post main: first post"},
		"a digest has no details":      {nil, life{add(3), func(m *Message) { m.Kind = Digest }}, "post main: first post"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Message{Key: "m", Owner: "shop", Via: Slack, Kind: Cases, Language: "en"}
			var told Told
			for _, step := range c.before {
				step(&m)
				told = carryOut(Decide(m, told), told)
			}
			for _, step := range c.now {
				step(&m)
			}
			want := strings.ReplaceAll(c.want, "a fix needs an approval", "a fix waits for an approval")
			if got := steps(Decide(m, told)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestAPostInDoubtIsAskedForAgainAndNothingElseIs(t *testing.T) {
	m := Message{Key: "m", Via: Slack, Kind: Cases, Cases: openCases(2)}
	told := carryOut(Decide(m, Told{}), Told{})
	part := told.Parts["case/k01"]
	part.Pending = true
	told.Parts["case/k01"] = part
	if got := steps(Decide(m, told)); got != "post case/k01: in doubt whether the details arrived" {
		t.Errorf("got %s", got)
	}
}

func TestAReplyThatIsOutIsNotRepeatedWhenTheRestFailed(t *testing.T) {
	m := Message{Key: "m", Via: Slack, Kind: Cases, Cases: openCases(1)}
	told := carryOut(Decide(m, Told{}), Told{})
	m.Cases[0].State = Closed
	told = carryOut(Decide(m, told), told)
	m.Cases[0].State, m.Cases[0].Recurrences = Open, 1
	a := Decide(m, told)
	a.Seen = nil // the delivery ended before its last step
	told = carryOut(a, told)
	if got := steps(Decide(m, told)); got != "nothing that a person reads has changed" {
		t.Errorf("got %s", got)
	}
}

func TestALargeGroupGetsAFewDetailsTheWorstFirst(t *testing.T) {
	m := Message{Key: "m", Via: Slack, Kind: Cases, Cases: openCases(153)}
	m.Cases[140].Severity = finding.Critical
	a := Decide(m, Told{})
	if len(a.List) != 1+MaxDetails || a.List[1].Part != "case/k140" {
		t.Fatalf("%d actions, the first details are %s", len(a.List), a.List[1].Part)
	}
	if v := a.List[0].View; len(v.Cases) != linesInThreads || v.More != 123 {
		t.Errorf("%d lines and %d more", len(v.Cases), v.More)
	}
	told := carryOut(a, Told{})
	// A case beyond the lines comes back: it has no details, but is told.
	m.Cases[60].State = Closed
	told = carryOut(Decide(m, told), told)
	m.Cases[60].State, m.Cases[60].Recurrences = Open, 1
	if got := steps(Decide(m, told)); !strings.Contains(got, "post recurred/k60/1: the case came back") {
		t.Errorf("got %s", got)
	}
}

func TestAnImportSummaryOfManyAccountsStaysShort(t *testing.T) {
	i := &Import{Total: 9000, MoreControls: 5, Accounts: make([]Account, 300), Controls: make([]ControlCount, 40)}
	v := Decide(Message{Key: "m", Via: Slack, Kind: ImportSummary, Import: i}, Told{}).List[0].View
	if len(v.Import.Accounts) != maxAccounts || v.Import.MoreAccounts != 280 || len(v.Import.Controls) != maxControls || v.Import.MoreControls != 35 {
		t.Errorf("%d accounts and %d more, %d controls and %d more", len(v.Import.Accounts), v.Import.MoreAccounts, len(v.Import.Controls), v.Import.MoreControls)
	}
	if len(i.Accounts) != 300 {
		t.Error("the caller's summary was changed")
	}
}

func TestOnlyTheFirstCaseThatJoinsLateCallsPeople(t *testing.T) {
	m := Message{Key: "m", Via: Slack, Kind: Cases, Cases: openCases(2), Mention: []string{"U1"}}
	told := carryOut(Decide(m, Told{}), Told{})
	m.Cases = openCases(4)
	called := 0
	for _, a := range Decide(m, told).List {
		if a.Do == Post && len(a.View.Mention) > 0 {
			called++
		}
	}
	if called != 1 {
		t.Errorf("%d posts call people, want 1", called)
	}
}

// Whatever happens to a message, a delivery settles it, and what was told
// survives being stored.
func TestADeliveryLeavesNothingToDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Message{Key: "m", Via: rapid.SampledFrom([]Via{Slack, Webhook}).Draw(t, "via"), Kind: Cases}
		var told Told
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if len(m.Cases) < 40 && rapid.Bool().Draw(t, "join") {
				m.Cases = append(m.Cases, Case{Key: fmt.Sprintf("k%02d", len(m.Cases)), State: Open})
			}
			for i := range m.Cases {
				c := &m.Cases[i]
				switch rapid.IntRange(0, 8).Draw(t, "what") {
				case 0:
					c.State = rapid.SampledFrom([]State{Accepted, Suppressed, Closed}).Draw(t, "state")
				case 1:
					if c.State == Closed {
						c.Recurrences++
					}
					c.State = Open
				case 2:
					c.Fix = &Fix{ID: "f", State: rapid.SampledFrom([]FixState{FixWaiting, FixApplied, FixFailed, FixVerified}).Draw(t, "fix")}
				case 3:
					c.Overdue = !c.Overdue
				}
			}
			told = carryOut(Decide(m, told), told)
			b, err := json.Marshal(told)
			if err != nil {
				t.Fatal(err)
			}
			told = Told{}
			if err := json.Unmarshal(b, &told); err != nil {
				t.Fatal(err)
			}
			if a := Decide(m, told); len(a.List) > 0 {
				t.Fatalf("still to do: %s", steps(a))
			}
		}
	})
}
