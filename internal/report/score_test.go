package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zesei/internal/control"
	"zesei/internal/store"
)

// The numbers that AWS's own pages and console samples give
// (Security Hub user guide, "Calculating security scores").
func TestTheScoreIsSecurityHubs(t *testing.T) {
	for _, c := range []struct{ passed, failed, unknown, want int }{
		{168, 22, 0, 88}, {8, 29, 0, 22}, {6, 35, 0, 15}, {159, 56, 0, 74}, {28, 17, 0, 62}, {357, 158, 0, 69}, {1, 1, 2, 25}, {0, 3, 0, 0},
	} {
		if got, ok := Percent(c.passed, c.failed, c.unknown); !ok || got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
	if _, ok := Percent(0, 0, 0); ok {
		t.Error("a score of nothing")
	}
}

func TestTheStatusOfAControl(t *testing.T) {
	all := []statements{
		{control: "A.1", standards: []string{"fsbp", "cis-1.4"}, status: "PASSED", n: 9},
		{control: "A.1", standards: []string{"fsbp"}, status: "FAILED", n: 1},
		{control: "A.2", standards: []string{"fsbp"}, status: "PASSED", n: 1},
		{control: "A.2", standards: []string{"fsbp"}, status: "WARNING", n: 1},
		{control: "A.3", standards: []string{"fsbp"}, status: "PASSED", n: 1},
		{control: "A.3", standards: []string{"fsbp"}, status: "FAILED", ignored: true, n: 7},
		{control: "A.4", standards: []string{"fsbp"}, status: "FAILED", ignored: true, n: 7},
		{control: "other/1", status: "FAILED", n: 1},
	}
	got := map[string]Score{}
	for _, s := range scores(all, ScoreOf{Language: "en"}) {
		got[s.Standard] = s
	}
	want := []ControlScore{
		{Control: "A.1", Status: Failed, Passed: 9, Failed: 1, Why: "1 of 10 findings fails"},
		{Control: "A.2", Status: Unknown, Passed: 1, Unknown: 1, Why: "1 of 2 findings cannot tell (WARNING or NOT_AVAILABLE)"},
		{Control: "A.3", Status: Passed, Passed: 1, LeftOut: 7, Why: "1 finding, and none fails; 7 more suppressed or accepted"},
		{Control: "A.4", Status: NoData, LeftOut: 7, Why: "7 findings, suppressed or accepted"},
	}
	s := got["fsbp"]
	if diff := cmp.Diff(want, s.Controls); diff != "" || *s.Score != 33 || s.Passed != 1 || s.Failed != 1 || s.Unknown != 1 || s.NoData != 1 {
		t.Errorf("fsbp: %+v (-want +got)\n%s", s, diff)
	}
	if s := got["cis-1.4"]; *s.Score != 100 || s.Passed != 1 {
		t.Errorf("cis-1.4: %+v", s)
	}
	if s := got[AllStandards]; *s.Score != 33 || strings.Join(s.With(Failed), " ") != "A.1" {
		t.Errorf("all: %+v", s)
	}
}

// What a standard holds and nothing is known of has no data, or is disabled where
// zesei disabled it; a control that still has findings is judged by them.
func TestEveryControlOfAStandardHasAPlaceInItsScore(t *testing.T) {
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := []statements{{control: "EC2.19", standards: []string{"fsbp"}, status: "FAILED", account: "111122223333", n: 2}, {control: "S3.8", standards: []string{"fsbp"}, status: "PASSED", n: 1}}
	off := func(account, id string) store.ControlChange {
		return store.ControlChange{Account: account, Standard: "fsbp", Control: id, Reason: "unused here"}
	}
	of := ScoreOf{Catalogue: cat, Language: "ja", Switched: []store.ControlChange{off("111122223333", "ELB.1"), off("444455556666", "ELB.1"), off("111122223333", "EC2.19")}}
	got := scores(all, of)
	if len(got) != 2 || got[0].Standard != "fsbp" || got[1].Standard != AllStandards {
		t.Fatalf("%d scores", len(got))
	}
	s := got[0]
	if *s.Score != 50 || s.Disabled != 1 || s.NoData < 100 || len(s.Controls) != s.Passed+s.Failed+s.Unknown+s.NoData+s.Disabled {
		t.Errorf("%d%%, %d disabled, %d without data, %d controls", *s.Score, s.Disabled, s.NoData, len(s.Controls))
	}
	why := map[string]string{}
	for _, c := range s.Controls {
		why[c.Control] = string(c.Status) + " " + c.Why
		if c.Title == "" || c.Severity == "" {
			t.Errorf("%s has no title or severity", c.Control)
		}
	}
	for id, want := range map[string]string{
		"ELB.1": "DISABLED 2 アカウントで無効化されています: unused here", "EC2.19": "FAILED 2 件中 2 件が失敗しています",
		"S3.8": "PASSED 1 件の検出結果に失敗はありません", "RDS.3": "NO_DATA 検出結果がありません",
	} {
		if why[id] != want {
			t.Errorf("%s: %s", id, why[id])
		}
	}
	of.Accounts = []string{"444455556666"}
	for _, c := range scores(all, of)[0].Controls {
		if c.Control == "ELB.1" && c.Why != "1 アカウントで無効化されています: unused here" {
			t.Errorf("in one account: %s", c.Why)
		}
	}
}

// One pass over what is said gives the scores of everything, each account and
// each owner; a pass belongs to the owner of its account.
func TestTheScoresOfADay(t *testing.T) {
	all := []statements{
		{control: "A.1", standards: []string{"fsbp"}, status: "FAILED", account: "1", owner: "shop", n: 1},
		{control: "A.1", standards: []string{"fsbp"}, status: "PASSED", account: "2", owner: "pay", n: 1},
		{control: "A.2", standards: []string{"fsbp", "cis-1.4"}, status: "PASSED", account: "1", owner: "shop", n: 4},
		{control: "A.2", standards: []string{"fsbp"}, status: "WARNING", account: "2", owner: "", n: 1},
	}
	got := map[string]store.ScoreRow{}
	for _, r := range dayScores(all, nil) {
		got[r.Scope+" "+r.Name+" "+r.Standard] = r
	}
	for key, want := range map[string][3]int{ // passed, failed, unknown
		"all  fsbp": {0, 1, 1}, "all  all": {0, 1, 1}, "all  cis-1.4": {1, 0, 0},
		"account 1 fsbp": {1, 1, 0}, "account 2 fsbp": {1, 0, 1}, "account 1 cis-1.4": {1, 0, 0},
		"owner shop fsbp": {1, 1, 0}, "owner pay all": {1, 0, 0},
	} {
		if r := got[key]; [3]int{r.Passed, r.Failed, r.Unknown} != want {
			t.Errorf("%s: %+v", key, r)
		}
	}
	for key := range got {
		if strings.HasPrefix(key, "owner  ") {
			t.Error("a row of nobody")
		}
	}
}

func TestTheChangeOfAScoreIsAgainstTheLastDayThatWasKept(t *testing.T) {
	row := func(day store.Day, passed int) store.ScoreRow {
		return store.ScoreRow{Day: day, Standard: "fsbp", Scope: "all", Passed: passed, Failed: 10 - passed}
	}
	history := scoreDays([]store.ScoreRow{row(20260925, 4), row(20261001, 5), row(20261003, 9)}, "en")
	now := 80
	s := []Score{{Standard: "fsbp", Score: &now}, {Standard: "cis-1.4", Score: &now}}
	Since(s, history, 20261002)
	if n, ok := s[0].Change(); !ok || n != 30 || s[0].Before.Day != 20261001 {
		t.Errorf("%d points since %v", n, s[0].Before)
	}
	if _, ok := s[1].Change(); ok {
		t.Error("a change of what has no history")
	}
}

func TestAMonthBefore(t *testing.T) {
	for d, want := range map[store.Day]store.Day{20261122: 20261022, 20260331: 20260228, 20240331: 20240229, 20260115: 20251215, 20261231: 20261130} {
		if got := AMonthBefore(d); got != want {
			t.Errorf("before %s: %s", d, got)
		}
	}
	if from, to := DefaultPeriod(20261101); from != 20261001 || to != 20261031 {
		t.Errorf("on the first: %s to %s", from, to)
	}
	if from, to := DefaultPeriod(20261122); from != 20261022 || to != 20261122 {
		t.Errorf("within the month: %s to %s", from, to)
	}
}
