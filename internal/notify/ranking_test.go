package notify

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
)

func TestControlsAreRankedBySeverityDeadlineAndNumberOfResources(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 12, n, 9, 0, 0, 0, time.UTC) }
	var cases []Case
	add := func(control string, s finding.Severity, due time.Time, n int, state State) {
		for i := range n {
			cases = append(cases, Case{Key: fmt.Sprint(control, i), Control: control, Severity: s, Due: due, State: state})
		}
	}
	add("over", finding.High, day(1), 3, Closed)
	add("no deadline", finding.High, time.Time{}, 9, Open)
	add("few", finding.High, day(2), 1, Open)
	add("many", finding.High, day(2), 4, Open)
	add("sooner", finding.High, day(1), 1, Open)
	add("low", finding.Low, day(1), 50, Open)
	// One resource is HIGH, and one that is over was due long ago.
	add("mixed", finding.Medium, day(3), 2, Open)
	add("mixed", finding.High, day(5), 1, Open)
	add("mixed", finding.High, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 1, Accepted)
	ranks, left := ranking(cases)
	var got []string
	for i, r := range ranks {
		got = append(got, r.Control)
		if r.Place != i+1 {
			t.Errorf("%s stands at place %d", r.Control, r.Place)
		}
	}
	if want := []string{"sooner", "many", "few", "mixed", "no deadline", "low", "over"}; !slices.Equal(got, want) || left != 0 {
		t.Errorf("got %q, %d left; want %q", got, left, want)
	}
	if mixed := ranks[3]; mixed.Open != 3 || mixed.Total != 4 || mixed.Severity != finding.High || !mixed.Due.Equal(day(3)) {
		t.Errorf("got %+v", mixed)
	}
	if few := ranks[2]; few.Only == nil || few.Only.Key != "few0" || ranks[1].Only != nil {
		t.Errorf("only a control of one case names it: %+v", few)
	}
}

func TestALongRankingSaysHowManyCasesItLeavesOut(t *testing.T) {
	var cases []Case
	for i := range maxRanks + 2 {
		for n := range 3 {
			cases = append(cases, Case{Key: fmt.Sprint(i, n), Control: fmt.Sprintf("C.%02d", i), Severity: finding.High, State: Open})
		}
	}
	ranks, left := ranking(cases)
	if len(ranks) != maxRanks || left != 6 {
		t.Errorf("%d shown, %d left", len(ranks), left)
	}
}

func TestWhoDidItIsOneShortLine(t *testing.T) {
	for want, c := range map[string]Case{
		"":                              {Address: "203.0.113.7", Agent: "aws-cli/2.31.3"},
		"taro":                          {By: "taro"},
		"taro (203.0.113.7)":            {By: "taro", Address: "203.0.113.7"},
		"taro (203.0.113.7, aws-cli/2)": {By: "taro", Address: "203.0.113.7", Agent: "aws-cli/2"},
		"taro (a forged line)":          {By: "taro", Agent: "a\nforged line\u202e"},
		"taro (" + strings.Repeat("x", 48) + "…)": {By: "taro", Agent: strings.Repeat("x", 200)},
	} {
		if got := c.Who(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
