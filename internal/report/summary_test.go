package report

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/store"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var tokyo = time.FixedZone("JST", 9*3600)

// links is a markup that links, as Slack's does.
type links struct{ tags }

func (links) Link(address, text string) string { return "<" + address + "|" + text + ">" }

// golden compares with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s", name, got)
	}
}

// aMonth is a summary on 1 April 2026, 9:00 in Tokyo, with every part filled.
func aMonth(t testing.TB, owner, language string) Summary {
	t.Helper()
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	of := SummaryOf{
		Owner: owner, Standards: []string{"cis-1.4", "fsbp"}, Language: language, At: time.Date(2026, 4, 1, 9, 0, 0, 0, tokyo), Zone: tokyo,
		From: 20260301, To: 20260331, Catalogue: cat, Console: &Console{Region: "ap-northeast-1"},
	}
	if owner != "" {
		of.Accounts, of.Tickets = []string{"111122223333"}, "https://redmine.example.com/projects/shop/issues"
	}
	standing := map[store.Standing]int{}
	for s, n := range map[store.Standing]int{
		{Owner: "shop", Kind: finding.State, Control: "S3.5", Standards: "cis-1.4,fsbp", Severity: 2, State: casefile.Open}: 3,
		{Owner: "shop", Kind: finding.State, Control: "EC2.19", Standards: "fsbp", Severity: 4, State: casefile.Open}:       1,
		{Owner: "shop", Kind: finding.State, Control: "ELB.5", Standards: "fsbp", Severity: 1, State: casefile.Open}:        10,
		{Owner: "<pay>", Kind: finding.State, Control: "dome9/<rule>", Severity: 4, State: casefile.Open}:                   1,
		{Owner: "shop", Kind: finding.State, Control: "S3.8", Standards: "fsbp", Severity: 3, State: casefile.Accepted}:     2,
		{Owner: "shop", Kind: finding.State, Control: "RDS.5", Standards: "fsbp", Severity: 1, State: casefile.Suppressed}:  40,
		{Owner: "pay", Kind: finding.Incident, Control: "guardduty/Recon:EC2/PortProbe", Severity: 3, State: casefile.Open}: 1,
	} {
		if owner == "" || s.Owner == owner {
			standing[s] = n
		}
	}
	waiting := []store.Waiting{{Owner: "shop", Open: 14, Overdue: 2, Ages: []int{4, 6, 2, 1, 1}}}
	if owner == "" {
		waiting = append(waiting, store.Waiting{Owner: "<pay>", Open: 1, Ages: []int{1, 0, 0, 0, 0}}, store.Waiting{Owner: "pay", Open: 1, Ages: []int{1, 0, 0, 0, 0}})
	}
	s := summarize(standing, waiting, of)
	move := func(day store.Day, was, became casefile.State, n int) (store.Move, int) {
		return store.Move{Day: day, Owner: "shop", Was: was, Became: became}, n
	}
	moves := map[store.Move]int{}
	for _, m := range []struct {
		day         store.Day
		was, became casefile.State
		n           int
	}{
		{20260303, "", casefile.Open, 4}, {20260310, casefile.Closed, casefile.Open, 1}, {20260311, casefile.Open, casefile.Closed, 6}, {20260312, casefile.Accepted, casefile.Closed, 1},
		{20260320, casefile.Open, casefile.Accepted, 2}, {20260321, casefile.Accepted, casefile.Open, 1}, {20260322, casefile.Open, casefile.Suppressed, 3}, {20260323, "", casefile.Suppressed, 9},
	} {
		k, n := move(m.day, m.was, m.became, m.n)
		moves[k] = n
	}
	s.Changes.Before = &store.DayCount{Day: 20260301, Open: 22, Overdue: 5, Accepted: 2}
	s.change(moves, []store.DayCount{{Day: 20260301, Open: 22, Overdue: 5, Accepted: 2}, {Day: 20260311, Open: 18, Overdue: 4, Accepted: 1}, {Day: 20260331, Open: 15, Overdue: 2, Accepted: 2}})
	hours := func(h ...int) (out []time.Duration) {
		for _, n := range h {
			out = append(out, time.Duration(n)*time.Hour)
		}
		return out
	}
	s.FixTime = fixTime(hours(2, 30, 60, 90, 120, 700))
	s.History = scoreDays([]store.ScoreRow{
		{Day: 20260301, Standard: "cis-1.4", Passed: 28, Failed: 17}, {Day: 20260331, Standard: "cis-1.4", Passed: 30, Failed: 15},
		{Day: 20260301, Standard: "fsbp", Passed: 159, Failed: 56}, {Day: 20260315, Standard: "fsbp", Passed: 160, Failed: 55}, {Day: 20260331, Standard: "fsbp", Passed: 168, Failed: 22},
		{Day: 20260301, Standard: "all", Passed: 357, Failed: 158}, {Day: 20260331, Standard: "all", Passed: 357, Failed: 158},
	}, language)
	for _, h := range s.History {
		last := h.Days[len(h.Days)-1]
		p, _ := Percent(last.Passed, last.Failed, last.Unknown)
		s.Scores = append(s.Scores, Score{Standard: h.Standard, Title: h.Title, Score: &p, Passed: last.Passed, Failed: last.Failed})
	}
	Since(s.Scores, s.History, of.From)
	due := time.Date(2026, 3, 30, 18, 0, 0, 0, tokyo)
	s.Next = []NextCase{
		{Key: "0123456789ab", Control: "EC2.19", Title: "a title", Severity: finding.Critical, Account: "111122223333", Resource: "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-1", Name: "sg-1", Owner: "shop", Due: due, Overdue: true, Ticket: "412", Link: "https://redmine.example.com/issues/412"},
		{Key: "123456789abc", Control: "S3.5", Title: "a title", Severity: finding.Medium, Account: "111122223333", Resource: "arn:aws:s3:::<b>|x`y`", Name: "<b>|x`y`", Owner: "shop", Due: due.AddDate(0, 0, 7)},
	}
	return s
}

func TestTheSummaryReadsAsPeopleWriteIt(t *testing.T) {
	for _, language := range []string{"ja", "en"} {
		for _, owner := range []string{"", "shop"} {
			s := aMonth(t, owner, language)
			name := "summary." + language
			if owner != "" {
				name = "summary." + owner + "." + language
			}
			text, err := s.Text(tags{}, language, tokyo)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", s.Subject(language)+"\n\n"+text)
			md, err := s.Markdown(language, tokyo)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".md", md)
			page, err := s.HTML(language, tokyo)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".html", string(page))
			golden(t, name+".csv", string(s.CSV(language)))
		}
	}
}

// A month in which nothing is open ends with thanks, and has no part without
// content.
func TestASummaryOfNothing(t *testing.T) {
	for _, language := range []string{"ja", "en"} {
		of := SummaryOf{Standards: []string{"fsbp"}, Language: language, At: time.Date(2026, 4, 1, 9, 0, 0, 0, tokyo), Zone: tokyo, From: 20260301, To: 20260331}
		s := summarize(nil, nil, of)
		s.change(nil, nil)
		text, err := s.Text(Plain{}, language, tokyo)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "summary.nothing."+language+".txt", text)
		if _, err := s.HTML(language, tokyo); err != nil {
			t.Error(err)
		}
	}
}

// Numbers lead to the console where the markup can link, and do not where the
// addresses would fill the message.
func TestCountsLeadToTheConsole(t *testing.T) {
	s := aMonth(t, "shop", "en")
	text, err := s.Text(links{}, "en", tokyo)
	if err != nil {
		t.Fatal(err)
	}
	want := "• CRITICAL: <" + Console{Region: "ap-northeast-1"}.Findings(Wanted{Standard: "fsbp", Severity: finding.Critical, Accounts: []string{"111122223333"}}) + "|1>\n"
	if !strings.Contains(text, want) || !strings.Contains(text, "• HIGH: 0\n") || !strings.Contains(text, "(ticket <https://redmine.example.com/issues/412|«412»>)") {
		t.Error(text)
	}
	for i := range s.Standards {
		for severity := range s.Standards[i].Links {
			s.Standards[i].Links[severity] += strings.Repeat("x", mostLinked)
		}
	}
	if text, err = s.Text(links{}, "en", tokyo); err != nil || strings.Contains(text, "xxx") {
		t.Error(text, err)
	}
}

func TestTheLastSentencesAreATemplate(t *testing.T) {
	s := aMonth(t, "shop", "en")
	s.closing = map[string]string{"en": "{{.Owner}}: {{.Urgent}} to go <&>\n"}
	text, err := s.Text(tags{}, "en", tokyo)
	if err != nil || !strings.HasSuffix(text, "\n«shop»: 1 to go <&>\n") {
		t.Error(text, err)
	}
	page, err := s.HTML("en", tokyo)
	if err != nil || !strings.Contains(string(page), "<p>shop: 1 to go &lt;&amp;&gt;</p>") {
		t.Error(err)
	}
	s.closing["en"] = "{{.Nothing}}"
	if _, err := s.Text(tags{}, "en", tokyo); err == nil || !strings.Contains(err.Error(), "closing") {
		t.Error("a broken template: ", err)
	}
}

func TestNumbersOfASummary(t *testing.T) {
	s := aMonth(t, "", "en")
	got, err := json.Marshal(struct {
		Open, Urgent, Overdue, Accepted int
		Changes                         Changes
		Ages                            []AgeCount
		Owners                          []OwnerCount
	}{s.Open, s.Urgent, s.Overdue, s.Accepted, s.Changes, s.Ages, s.Owners})
	want := `{"Open":16,"Urgent":3,"Overdue":2,"Accepted":2,` +
		`"Changes":{"new":4,"reopened":1,"closed":7,"accepted":2,"returned":1,"suppressed":3,"before":{"day":"2026-03-01","open":22,"overdue":5,"accepted":2}},` +
		`"Ages":[{"days":7,"n":6},{"days":30,"n":6},{"days":90,"n":2},{"days":180,"n":1},{"days":0,"n":1}],` +
		`"Owners":[{"owner":"shop","open":14,"urgent":1,"overdue":2},{"owner":"\u003cpay\u003e","open":1,"urgent":1,"overdue":0},{"owner":"pay","open":1,"urgent":1,"overdue":0}]}`
	if err != nil || string(got) != want {
		t.Errorf("%v, got\n%s", err, got)
	}
	if c := s.Controls[0]; c.Control != "ELB.5" || c.Open != 10 {
		t.Errorf("first control: %+v", c)
	}
}

func TestTimeToFix(t *testing.T) {
	for _, c := range []struct {
		n           int
		median, p90 string
	}{{0, "–", "–"}, {1, "1 hours", "1 hours"}, {2, "1.5 hours", "2 hours"}, {10, "5.5 hours", "9 hours"}, {11, "6 hours", "10 hours"}, {100, "2.1 days", "3.8 days"}} {
		var took []time.Duration
		for i := range c.n {
			took = append(took, time.Duration(i+1)*time.Hour)
		}
		f, v := fixTime(took), newVoice("en", nil)
		if f.N != c.n || v.took(f.Median) != c.median || v.took(f.P90) != c.p90 {
			t.Errorf("%d: %s, %s", c.n, v.took(f.Median), v.took(f.P90))
		}
	}
}

func TestPeriodsAreNamed(t *testing.T) {
	ja, en := newVoice("ja", nil), newVoice("en", nil)
	for _, c := range []struct {
		from, to store.Day
		ja, en   string
	}{
		{20261001, 20261031, "2026年10月", "October 2026"},
		{20260201, 20260228, "2026年2月", "February 2026"},
		{20240201, 20240228, "2024年2月1日〜2月28日", "1 February – 28 February 2024"},
		{20251220, 20260119, "2025年12月20日〜2026年1月19日", "20 December 2025 – 19 January 2026"},
	} {
		if ja.period(c.from, c.to) != c.ja || en.period(c.from, c.to) != c.en {
			t.Errorf("%s, %s", ja.period(c.from, c.to), en.period(c.from, c.to))
		}
	}
}
