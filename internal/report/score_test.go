package report

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
)

var update = flag.Bool("update", false, "rewrite the golden files")

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
	for _, s := range scores(all, "en") {
		got[s.Standard] = s
	}
	want := map[string]ControlStatus{"A.1": Failed, "A.2": Unknown, "A.3": Passed, "A.4": NoData}
	if s := got["fsbp"]; fmt.Sprint(s.Controls) != fmt.Sprint(want) || *s.Score != 33 || s.NoData != 1 {
		t.Errorf("fsbp: %+v", s)
	}
	if s := got["cis-1.4"]; *s.Score != 100 || s.Passed != 1 {
		t.Errorf("cis-1.4: %+v", s)
	}
	if s := got[AllStandards]; *s.Score != 33 || strings.Join(s.With(Failed), " ") != "A.1" {
		t.Errorf("all: %+v", s)
	}
}

func TestTheSummaryReadsAsPeopleWriteIt(t *testing.T) {
	groups := []group{
		{owner: "shop", state: casefile.Open, standards: []string{"fsbp", "cis-1.4"}, severity: 2, n: 3, overdue: 1, opened: 2},
		{owner: "shop", state: casefile.Open, standards: []string{"fsbp"}, severity: 1, n: 10},
		{owner: "<pay>", state: casefile.Open, severity: 4, n: 1, opened: 1},
		{owner: "shop", state: casefile.Accepted, standards: []string{"fsbp"}, severity: 3, n: 2},
		{owner: "shop", state: casefile.Closed, standards: []string{"fsbp"}, severity: 3, n: 5, closed: 5},
	}
	at := time.Date(2026, 3, 31, 15, 0, 0, 0, time.UTC) // 1 April in Tokyo
	tokyo := time.FixedZone("JST", 9*3600)
	for name, of := range map[string]SummaryOf{
		"summary.ja.txt":      {Standards: []string{"cis-1.4", "fsbp"}, Language: "ja", At: at, Since: at.AddDate(0, 0, -30)},
		"summary.en.txt":      {Standards: []string{"cis-1.4", "fsbp"}, Language: "en", At: at, Since: at.AddDate(0, 0, -30)},
		"summary.shop.ja.txt": {Owner: "shop", Standards: []string{"cis-1.4", "fsbp"}, Language: "ja", At: at, Since: at.AddDate(0, 0, -30)},
	} {
		text, err := summarize(groups, of).Text(tags{}, of.Language, tokyo)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v (go test -update writes it)", err)
		}
		if text != string(want) {
			t.Errorf("%s: got\n%s", name, text)
		}
	}
}
