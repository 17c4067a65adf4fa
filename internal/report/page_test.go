package report

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
	"zesei/internal/store"
)

const evil = `"><script>alert(1)</script>'&` + "\x00\x1b[31m`|[x](javascript:alert(1))@here"

// hostile is a summary in which everything that comes from outside wants out.
func hostile(t testing.TB, language string) Summary {
	s := aMonth(t, "", language)
	s.Owner, s.Tickets = evil, "javascript:alert(1)"
	for i := range s.Owners {
		s.Owners[i].Owner = evil
	}
	for i := range s.Controls {
		s.Controls[i].Control, s.Controls[i].Title, s.Controls[i].Link = evil, evil, "javascript:alert(1)"
	}
	for i := range s.Next {
		n := &s.Next[i]
		n.Control, n.Title, n.Account, n.Resource, n.Name, n.Owner, n.Ticket, n.Link = evil, evil, evil, evil, evil, evil, evil, "javascript:alert(1)"
	}
	for i := range s.History {
		s.History[i].Standard, s.History[i].Title = evil+s.History[i].Standard, evil
	}
	s.closing = map[string]string{language: "{{.Owner}}"}
	return s
}

// loads finds what a page would fetch or run.
var loads = regexp.MustCompile(`(?i)<script|<link|<iframe|<img|<object|\bsrc=|@import|url\(|javascript:|\bon[a-z]+=`)

func TestNothingFromOutsideGetsOutOfAPage(t *testing.T) {
	for _, language := range []string{"ja", "en"} {
		s := hostile(t, language)
		page, err := s.HTML(language, tokyo)
		if err != nil {
			t.Fatal(err)
		}
		found := loads.FindAllString(strings.ReplaceAll(string(page), "(javascript:alert(1))@here", ""), -1)
		if len(found) > 0 {
			t.Errorf("%s: the page holds %q", language, found)
		}
		if strings.ContainsAny(string(page), "\x00\x1b") && strings.Contains(string(page), "<svg") {
			for _, svg := range svgs(string(page)) {
				if strings.ContainsAny(svg, "\x00\x1b") {
					t.Error("a control character in a plot")
				}
			}
		}
		md, err := s.Markdown(language, tokyo)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<script", "](javascript:", "@here", "\x1b", "\x00"} {
			if strings.Contains(md, bad) {
				t.Errorf("%s: the Markdown holds %q", language, bad)
			}
		}
		for _, line := range readBack(t, s.CSV(language)) {
			for _, c := range line {
				if strings.HasPrefix(c, "=") || strings.HasPrefix(c, "@") {
					t.Errorf("a cell runs: %q", c)
				}
			}
		}
		if strings.ContainsAny(s.Subject(language), "\r\n\x00\x1b") {
			t.Errorf("subject %q", s.Subject(language))
		}
		p := ScorePage{At: s.At, Owner: evil, Accounts: []string{evil}, History: s.History,
			Scores: []Score{{Standard: evil, Title: evil, Controls: []ControlScore{{Control: evil, Title: evil, Severity: evil, Status: Failed, Why: evil}}}}}
		if page, err = p.HTML(language, tokyo); err != nil || len(loads.FindAllString(strings.ReplaceAll(string(page), "(javascript:alert(1))@here", ""), -1)) > 0 {
			t.Errorf("%s: %v\n%s", language, err, page)
		}
	}
}

func svgs(page string) []string {
	return regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
}

// Each plot is well-formed, says in words what it shows, and tells its lines
// apart without colour.
func TestPlotsAreReadableByAllMeans(t *testing.T) {
	for _, s := range []Summary{aMonth(t, "", "ja"), aMonth(t, "", "en"), hostile(t, "ja")} {
		page, err := s.HTML("ja", tokyo)
		if err != nil {
			t.Fatal(err)
		}
		plots := svgs(string(page))
		if len(plots) != 3 {
			t.Fatalf("%d plots", len(plots))
		}
		for _, svg := range plots {
			d := xml.NewDecoder(strings.NewReader(svg))
			elements := map[string]int{}
			dashes := map[string]bool{}
			for {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%v\n%s", err, svg)
				}
				if e, ok := token.(xml.StartElement); ok {
					elements[e.Name.Local]++
					for _, a := range e.Attr {
						if e.Name.Local == "polyline" && a.Name.Local == "stroke-dasharray" {
							dashes[a.Value] = true
						}
						if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
							t.Errorf("%s=%s", a.Name.Local, a.Value)
						}
					}
				}
			}
			if elements["title"] != 1 || elements["desc"] != 1 || !strings.Contains(svg, `role="img"`) {
				t.Errorf("no title or description:\n%s", svg)
			}
			if n := elements["polyline"]; n != len(dashes) {
				t.Errorf("%d lines, %d kinds of dashes", n, len(dashes))
			}
		}
	}
}

func TestAMailHasNoPlots(t *testing.T) {
	s := aMonth(t, "shop", "ja")
	page, err := s.HTML("ja", tokyo, WithoutPlots)
	if err != nil || strings.Contains(string(page), "<svg") || !strings.Contains(string(page), "未対応の経過日数") || !strings.Contains(string(page), "<td class=\"n\">6</td>") {
		t.Errorf("%v\n%s", err, page)
	}
}

// One day, one case, or a very long time make a plot, too.
func TestPlotsOfLittleAndMuch(t *testing.T) {
	v := newVoice("ja", tokyo)
	if v.burnDown(nil, 20260301, 20260331) != "" || v.agesPlot(ages(nil)) != "" || v.scorePlot(nil) != "" {
		t.Error("a plot of nothing")
	}
	var long []DayCount
	for d := store.Day(20240101); d < 20260101; d = d.Add(1) {
		long = append(long, DayCount{DayCount: store.DayCount{Day: d, Open: int(d), Overdue: 3}, Counted: true})
	}
	for name, svg := range map[string]string{
		"one day":     string(v.burnDown([]DayCount{{DayCount: store.DayCount{Day: 20260301, Open: 1}, Counted: true}}, 20260301, 20260331)),
		"two years":   string(v.burnDown(long, 20240101, 20251231)),
		"only moves":  string(v.burnDown([]DayCount{{DayCount: store.DayCount{Day: 20260301}, New: 4}, {DayCount: store.DayCount{Day: 20260302, Open: 1}, Counted: true}}, 20260301, 20260331)),
		"one score":   string(v.scorePlot(scoreDays([]store.ScoreRow{{Day: 20260301, Standard: "fsbp", Passed: 1}}, "ja"))),
		"eight lines": string(v.scorePlot(scoreDays(many(8), "ja"))),
	} {
		if svg == "" || strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || len(svg) > 60_000 {
			t.Errorf("%s: %d bytes", name, len(svg))
		}
	}
}

// The names of lines that end at one height stay apart and within the drawing.
func TestNamesOfLinesStayApart(t *testing.T) {
	rows := many(12)
	for i := range rows {
		rows[i].Passed = 0
	}
	svg := string(newVoice("en", nil).scorePlot(scoreDays(rows, "en")))
	seen := map[float64]bool{}
	for _, m := range regexp.MustCompile(`<text x="572" y="([0-9.]+)">`).FindAllStringSubmatch(svg, -1) {
		y, err := strconv.ParseFloat(m[1], 64)
		if err != nil || y > plotHeight || y < 0 {
			t.Errorf("a name at %s", m[1])
		}
		for other := range seen {
			if d := y - other; d > -14 && d < 14 {
				t.Errorf("names at %v and %v", y, other)
			}
		}
		seen[y] = true
	}
	if len(seen) != 12 {
		t.Errorf("%d names", len(seen))
	}
}

func many(n int) (rows []store.ScoreRow) {
	for i := range n {
		for _, d := range []store.Day{20260301, 20260302} {
			rows = append(rows, store.ScoreRow{Day: d, Standard: "s" + string(rune('a'+i)), Passed: 1, Failed: 1})
		}
	}
	return rows
}

func TestScorePages(t *testing.T) {
	s := aMonth(t, "", "ja")
	percent := 50
	p := ScorePage{At: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), Owner: "shop", Accounts: []string{"111122223333 shop-prod"}, History: s.History,
		Scores: []Score{{Standard: "fsbp", Score: &percent, Passed: 1, Failed: 1, NoData: 3, Disabled: 1, Before: &Kept{20260301, 40}, Controls: []ControlScore{
			{Control: "EC2.19", Title: "…", Severity: "CRITICAL", Status: Failed, Failed: 2, Why: "2 件中 2 件が失敗しています"},
			{Control: "ELB.1", Title: "…", Severity: "MEDIUM", Status: Disabled, Why: "1 アカウントで無効化されています: 使っていない"},
			{Control: "RDS.3", Status: NoData, Why: "検出結果がありません"},
			{Control: "RDS.5", Status: NoData, LeftOut: 4, Why: "4 件すべてが抑制または受容されています"},
			{Control: "S3.8", Title: "…", Severity: "HIGH", Status: Passed, Passed: 9, Why: "9 件の検出結果に失敗はありません"},
		}}}}
	for _, language := range []string{"ja", "en"} {
		page, err := p.HTML(language, tokyo)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "score."+language+".html", string(page))
		md, err := p.Markdown(language, tokyo)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "score."+language+".md", md)
		golden(t, "score."+language+".csv", string(ScoresCSV(p.Scores, language)))
		golden(t, "history."+language+".csv", string(HistoryCSV(p.History, language)))
	}
}

// The addresses are those that the console itself writes: its filter is escaped
// twice. (SeverityLabel%3D%255Coperator%255C%253AEQUALS%255C%253ACRITICAL)
func TestLinksLeadToTheFilteredFindings(t *testing.T) {
	const eq = "%3D%255Coperator%255C%253AEQUALS%255C%253A"
	const failed = "ComplianceStatus" + eq + "FAILED%26WorkflowStatus" + eq + "NEW%26WorkflowStatus" + eq + "NOTIFIED%26RecordState" + eq + "ACTIVE"
	for _, c := range []struct {
		region, host string
	}{
		{"ap-northeast-1", "ap-northeast-1.console.aws.amazon.com"}, {"cn-north-1", "cn-north-1.console.amazonaws.cn"}, {"us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"},
	} {
		head := "https://" + c.host + "/securityhub/home?region=" + c.region + "#/findings?search="
		if got := (Console{Region: c.region}).Findings(Wanted{}); got != head+failed {
			t.Errorf("%s: %s", c.region, got)
		}
		got := Console{Region: c.region}.Findings(Wanted{Standard: "cis-1.2", Control: "S3.8", Severity: finding.High, Accounts: []string{"111122223333", "444455556666"}})
		want := head + "ComplianceAssociatedStandardsId" + eq + "ruleset%252Fcis-aws-foundations-benchmark%252Fv%252F1.2.0%26ComplianceSecurityControlId" + eq + "S3.8%26SeverityLabel" + eq + "HIGH" +
			"%26AwsAccountId" + eq + "111122223333%26AwsAccountId" + eq + "444455556666%26" + failed
		if got != want {
			t.Errorf("%s:\n%s, want\n%s", c.region, got, want)
		}
	}
	if got := (Console{Region: "ap-northeast-1"}).Findings(Wanted{Accounts: make([]string, perFilter+1)}); strings.Contains(got, "AwsAccountId") {
		t.Error("more accounts than a filter takes")
	}
	for _, bad := range []string{"", "global", "x.example.com/", "us-east-1@evil.example"} {
		if got := (Console{Region: bad}).Findings(Wanted{}); got != "" {
			t.Errorf("%q gives %s", bad, got)
		}
	}
	if got := (Console{Region: "us-east-1"}).Findings(Wanted{Standard: "in-house"}); got != "" {
		t.Error(got)
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"", evil, "a|b", "\\|", "https://example.com", "\xff<", "# x\n- y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := markdown(s)
		if strings.ContainsAny(got, "<>\n\r@") {
			t.Fatalf("%q became %q", s, got)
		}
		for i, r := range got {
			if strings.ContainsRune("`*_[]()|", r) && (i == 0 || got[i-1] != '\\') {
				t.Fatalf("%q became %q", s, got)
			}
		}
	})
}
