package answer

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"zesei/internal/casework"
	"zesei/internal/notify/slack"
)

func TestWhoMayDoWhat(t *testing.T) {
	approver := Member{Known: true, Person: casework.Person{Approver: true}}
	operator, plain, stranger := Member{Known: true, Operator: true}, Member{Known: true}, Member{}
	for name, row := range map[string]struct {
		member  Member
		nobody  bool
		reads   string
		asks    string
		acts    string
		decides string
	}{
		"an approver":                  {approver, false, "", "", "", ""},
		"an operator":                  {operator, false, "", "", "", "not-approver"},
		"a person without a role":      {plain, false, "", "", "not-operator", "not-approver"},
		"a stranger":                   {stranger, false, "unknown", "unknown", "unknown", "unknown"},
		"where nobody is configured":   {stranger, true, "nobody", "", "nobody", "nobody"},
		"nobody, whatever they say of": {approver, true, "nobody", "", "nobody", "nobody"},
	} {
		s := &session{Desk: &Desk{Nobody: row.nobody}, member: row.member}
		for right, want := range map[right]string{toRead: row.reads, toAsk: row.asks, toAct: row.acts, toApprove: row.decides} {
			if got := s.lacks(right); got != want {
				t.Errorf("%s, right %d: got %q, want %q", name, right, got, want)
			}
		}
	}
}

func TestWhatComesFromAnotherWorkspaceIsForeign(t *testing.T) {
	heard := func(team, member string) slack.Heard { return slack.Heard{Team: team, UserTeam: member} }
	for name, row := range map[string]struct {
		desk Desk
		h    slack.Heard
		want bool
	}{
		"its own":                          {Desk{Team: "T1"}, heard("T1", "T1"), false},
		"its own, the member's unsaid":     {Desk{Team: "T1"}, heard("T1", ""), false},
		"another":                          {Desk{Team: "T1"}, heard("T2", "T2"), true},
		"a member of another":              {Desk{Team: "T1"}, heard("T1", "T2"), true},
		"none said":                        {Desk{Team: "T1"}, heard("", ""), true},
		"any, where people are configured": {Desk{}, heard("T1", "T2"), false},
		"nobody configured, its own":       {Desk{Nobody: true}, heard("T1", "T1"), false},
		"nobody configured, another":       {Desk{Nobody: true}, heard("T1", "T2"), true},
		"nobody configured, unsaid":        {Desk{Nobody: true}, heard("T1", ""), true},
	} {
		if got := row.desk.foreign(row.h); got != row.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

var place1 = regexp.MustCompile(`%[sd]`)

func TestEveryTextStandsInBothLanguages(t *testing.T) {
	for key, w := range texts() {
		if w.EN == "" || w.JA == "" {
			t.Errorf("%s: one language is missing", key)
		}
		en, ja := place1.FindAllString(w.EN, -1), place1.FindAllString(w.JA, -1)
		if strings.Join(en, "") != strings.Join(ja, "") {
			t.Errorf("%s: filled in differently: %v, %v", key, en, ja)
		}
		limit := 0
		switch {
		case strings.HasSuffix(key, "-title"):
			limit = 24
		case strings.HasSuffix(key, "-send"), key == "close", key == "plan-approve":
			limit = 24
		case key == "ask-close-it":
			limit = 75
		}
		for _, text := range []string{w.EN, w.JA} {
			if n := utf8.RuneCountInString(strings.ReplaceAll(text, "%s", "f0123456789")); limit > 0 && n > limit {
				t.Errorf("%s: %d characters, Slack takes %d", key, n, limit)
			}
		}
	}
	for _, why := range []string{"unknown", "nobody", "not-approver"} {
		if whyEnglish[why] == "" {
			t.Errorf("%s has no reason for the audit chain", why)
		}
	}
}

func TestAPlanIsShortenedAndSaysSo(t *testing.T) {
	short := []string{"one", "two"}
	if shown, left := shorten(short); len(shown) != 2 || left != 0 {
		t.Errorf("%d shown, %d left", len(shown), left)
	}
	if shown, left := shorten(make([]string, 500)); len(shown) != planLines || left != 500-planLines {
		t.Errorf("%d shown, %d left", len(shown), left)
	}
	if shown, left := shorten([]string{strings.Repeat("長", 2*planLine), "x"}); len(shown) != 2 || left != 1 || !strings.HasSuffix(shown[0], "…") {
		t.Errorf("%d shown, %d left", len(shown), left)
	}
	many := make([]string, 100)
	for i := range many {
		many[i] = strings.Repeat("x", 1000)
	}
	if shown, left := shorten(many); len(shown) != 20 || left != 80 {
		t.Errorf("%d shown, %d left", len(shown), left)
	}
}

func TestWhatAFormCarriesComesBack(t *testing.T) {
	for _, p := range []place{{"0123456789ab", "C1", "1.1"}, {"", "C1", "1.1"}} {
		if got := parsePlace(p.String()); got != p {
			t.Errorf("%+v became %+v", p, got)
		}
	}
	w := said{channel: "C1", thread: "1.1", user: "U1", key: "0123456789ab", seq: 7, message: 3, cases: 2, ts: "1764000000.000100"}
	if got, err := parseSaid(w.String()); err != nil || got != w {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{"", "a|b", "C1|1.1|U1|k|x|3|2|1", "C1|1.1|U1|k|7|3|2|1|1"} {
		if _, err := parseSaid(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if got := sent("1764000000.000100"); !got.Equal(time.Unix(1764000000, 0)) {
		t.Error(got)
	}
}

func TestAMessageOfAnotherStoreIsNotOurs(t *testing.T) {
	if messageID("0a1b2c3d", "0a1b2c3d-7") != 7 || messageID("0a1b2c3d", "ffffffff-7") != 0 || messageID("0a1b2c3d", "0a1b2c3d-x") != 0 {
		t.Error("keys are confused")
	}
}
