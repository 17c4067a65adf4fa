package notify

import (
	"testing"
	"time"
)

func TestTheGistChangesWithNewsAlone(t *testing.T) {
	base := func() Message {
		return Message{Kind: Cases, Cases: []Case{{Key: "a", State: Open}, {Key: "b", State: Open, Fix: &Fix{State: FixSuggested}}}}
	}
	for name, c := range map[string]struct {
		change func(*Message)
		news   bool
	}{
		"nothing":          {func(*Message) {}, false},
		"another order":    {func(m *Message) { m.Cases[0], m.Cases[1] = m.Cases[1], m.Cases[0] }, false},
		"a deadline":       {func(m *Message) { m.Cases[0].Due = time.Unix(1, 0) }, false},
		"a name":           {func(m *Message) { m.Cases[0].AccountName = "x" }, false},
		"a fix shown":      {func(m *Message) { m.Cases[1].Fix = nil }, false},
		"a case is closed": {func(m *Message) { m.Cases[0].State = Closed }, true},
		"a case came back": {func(m *Message) { m.Cases[0].Recurrences = 1 }, true},
		"a case joined":    {func(m *Message) { m.Cases = append(m.Cases, Case{Key: "c"}) }, true},
		"a fix waits":      {func(m *Message) { m.Cases[1].Fix.State = FixWaiting }, true},
	} {
		m := base()
		was := m.Gist()
		c.change(&m)
		if (m.Gist() != was) != c.news {
			t.Errorf("%s: news is %v", name, !c.news)
		}
	}
	m := base()
	m.Kind = Digest
	was := m.Gist()
	if m.Cases[0].State = Closed; m.Gist() != was {
		t.Error("a digest is sent again for a case that was closed")
	}
}

func TestSpansReadWhatMarkedWrites(t *testing.T) {
	m := Marked{}
	got := Spans("a " + m.Bold("b"+m.Code("c")) + " d\n\n" + m.Link("https://docs.aws.amazon.com/", "e"))
	want := [][]Span{{{Text: "a "}, {Text: "b", Bold: true}, {Text: "c", Bold: true, Code: true}, {Text: " d"}}, nil, {{Text: "e", URL: "https://docs.aws.amazon.com/"}}}
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("line %d: %+v", i, got[i])
		}
		for j := range want[i] {
			if got[i][j] != want[i][j] {
				t.Errorf("line %d: %+v, want %+v", i, got[i][j], want[i][j])
			}
		}
	}
}

func FuzzSpans(f *testing.F) {
	f.Add("a\x0eb\x0f")
	f.Add("\x12https://x\x13y\x14\n")
	f.Add("\x12\x0e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, l := range Spans(s) {
			for _, p := range l {
				if p.Text == "" {
					t.Errorf("%q: an empty span", s)
				}
			}
		}
	})
}

func TestAWarningThatJoinsIsNews(t *testing.T) {
	m := Message{Kind: Ending, Exceptions: []Exception{{ID: "x1", State: AskedState("active")}}}
	was := m.Gist()
	m.Exceptions[0].Reason = "other words"
	if m.Gist() != was {
		t.Error("it is sent again for other words")
	}
	m.Exceptions = append(m.Exceptions, Exception{ID: "x2"})
	if m.Gist() == was {
		t.Error("who is told by mail never hears of the second exception")
	}
}
