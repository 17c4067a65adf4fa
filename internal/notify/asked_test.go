package notify

import (
	"strings"
	"testing"
)

func wishing(state AskedState) (Message, Asked) {
	x := Asked{ID: "x1", Case: "k7q2m", State: state, Reason: "load test", By: "hana", Until: sampleDue, Approvers: []string{"U0TARO"}}
	m := sampleMessages("en")[0].msg
	m.Asked = []Asked{x}
	return m, x
}

func parts(a Actions) string {
	var out []string
	for _, act := range a.List {
		out = append(out, string(act.Do)+" "+act.Part)
	}
	return strings.Join(out, ", ")
}

func TestAWishStandsInTheThreadAndSaysWhatCameOfIt(t *testing.T) {
	m, x := wishing(AskedOpen)
	a := Decide(m, Told{})
	if got := parts(a); got != "post main, post asked/x1" {
		t.Fatal(got)
	}
	wish := a.List[1]
	if len(wish.View.Mention) != 1 || wish.View.Asked == nil || wish.View.Asked.Case != x.Case {
		t.Errorf("approvers %v, wish %+v", wish.View.Mention, wish.View.Asked)
	}
	told := Told{Parts: map[string]Part{Main: {Version: 1, Hash: a.List[0].Hash, ID: "1"}, wish.Part: {Version: 1, Hash: wish.Hash, ID: "2"}}, Seen: a.Seen}
	if got := parts(Decide(m, told)); got != "" {
		t.Errorf("told again: %s", got)
	}
	m.Asked[0].State, m.Asked[0].Decided = AskedApproved, "taro"
	if got := parts(Decide(m, told)); got != "update asked/x1" {
		t.Errorf("after the approval: %s", got)
	}
	told.Parts[wish.Part] = Part{Version: 1, Pending: true, Hash: wish.Hash}
	if got := parts(Decide(m, told)); got != "post asked/x1" {
		t.Errorf("in doubt: %s", got)
	}
}

func TestAWishThatIsDecidedAlreadyCallsNobody(t *testing.T) {
	m, _ := wishing(AskedRefused)
	if got := parts(Decide(m, Told{})); got != "post main" {
		t.Error(got)
	}
}

func TestAWishIsToldWhereThereAreThreads(t *testing.T) {
	m, _ := wishing(AskedOpen)
	m.Via = Email
	if got := parts(Decide(m, Told{})); got != "post main" {
		t.Error(got)
	}
}

func TestAWishOfItsOwnMessageStandsThereOnce(t *testing.T) {
	for _, m := range sampleWishes("en", sampleMessages("en")[0].msg) {
		if m.msg.Asked == nil {
			continue
		}
		if got := parts(Decide(m.msg, Told{})); got != "post main" {
			t.Errorf("%s: %s", m.name, got)
		}
	}
}
