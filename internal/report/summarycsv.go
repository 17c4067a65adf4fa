package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"zesei/internal/control"
	"zesei/internal/store"
)

// table writes lines for people who open them in a spreadsheet, as WriteCSV
// does.
func table(headers []control.Text, language string, lines [][]string) []byte {
	var b bytes.Buffer
	_, _ = io.WriteString(&b, bom) // a buffer takes everything
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	head := make([]string, len(headers))
	for i, h := range headers {
		head[i] = h.In(language)
	}
	_ = out.Write(head)
	for _, line := range lines {
		for i := range line {
			if _, err := strconv.ParseFloat(line[i], 64); err != nil { // -3 is a number
				line[i] = cell(line[i])
			}
		}
		_ = out.Write(line)
	}
	out.Flush()
	return b.Bytes()
}

// CSV writes a summary as one number a line, so that months can be put below
// each other and a pivot table made of them.
func (s Summary) CSV(language string) []byte {
	v := newVoice(language, s.At.Location())
	var lines [][]string
	owner := s.Owner
	if owner == "" {
		owner = v.say("all", "全体")
	}
	add := func(part, name, what string, n string) {
		lines = append(lines, []string{s.From.String(), s.To.String(), owner, part, name, what, n})
	}
	count := func(part, name, what string, n int) { add(part, name, what, strconv.Itoa(n)) }
	open, overdue := v.say("open", "未対応"), v.say("overdue", "期限超過")
	total := v.say("total", "合計")
	count(total, "", open, s.Open)
	count(total, "", "CRITICAL/HIGH", s.Urgent)
	count(total, "", overdue, s.Overdue)
	count(total, "", v.say("accepted", "受容中"), s.Accepted)
	standards := func(c StandardCount, title string) {
		for _, l := range c.Lines() {
			count(v.say("standard", "基準"), title, string(l.Severity), l.N)
		}
	}
	for _, c := range s.Standards {
		standards(c, standardTitle(c.Standard, v.language))
	}
	if s.Incidents != nil {
		standards(*s.Incidents, incidentsTitle.In(v.language))
	}
	if s.Other != nil {
		standards(*s.Other, otherTitle.In(v.language))
	}
	for _, one := range s.Scores {
		if one.Score != nil {
			count(v.say("score", "スコア"), standardTitle(one.Standard, v.language), "%", *one.Score)
		}
		if n, ok := one.Change(); ok {
			count(v.say("score", "スコア"), standardTitle(one.Standard, v.language), v.say("points since %s", "%sからの増減", one.Before.Day), n)
		}
	}
	changes := v.say("change", "期間中の動き")
	c := s.Changes
	for _, one := range []struct {
		what control.Text
		n    int
	}{
		{control.Text{EN: "new", JA: "新規"}, c.New}, {control.Text{EN: "back again", JA: "再発"}, c.Reopened}, {control.Text{EN: "closed", JA: "完了"}, c.Closed},
		{control.Text{EN: "accepted", JA: "受容"}, c.Accepted}, {control.Text{EN: "suppressed", JA: "抑制"}, c.Suppressed},
		{control.Text{EN: "no longer accepted or suppressed", JA: "受容・抑制の終了による再開"}, c.Returned},
	} {
		count(changes, "", one.what.In(v.language), one.n)
	}
	fixed := v.say("time to fix", "是正までの期間")
	count(fixed, "", v.say("fixed", "是正件数"), s.FixTime.N)
	if s.FixTime.N > 0 {
		add(fixed, "", v.say("median, days", "中央値(日)"), inDays(*s.FixTime.Median))
		add(fixed, "", v.say("90th percentile, days", "90 パーセンタイル(日)"), inDays(*s.FixTime.P90))
	}
	for i, a := range s.Ages {
		count(v.say("age", "経過日数"), v.ageAt(s.Ages, i), open, a.N)
	}
	for _, one := range s.Controls {
		count(v.say("control", "コントロール"), one.Control, open, one.Open)
	}
	for _, o := range s.Owners {
		name := o.Owner
		if name == "" {
			name = v.say("(no owner)", "(担当未定)")
		}
		count(v.say("owner", "担当"), name, open, o.Open)
		count(v.say("owner", "担当"), name, "CRITICAL/HIGH", o.Urgent)
		count(v.say("owner", "担当"), name, overdue, o.Overdue)
	}
	for _, d := range s.Days {
		if d.Counted {
			count(v.say("day", "日"), d.Day.String(), open, d.Open)
			count(v.say("day", "日"), d.Day.String(), overdue, d.Overdue)
		}
		count(v.say("day", "日"), d.Day.String(), v.say("new", "新規"), d.New)
		count(v.say("day", "日"), d.Day.String(), v.say("closed", "完了"), d.Closed)
	}
	return table(summaryHeaders, v.language, lines)
}

func inDays(d time.Duration) string { return decimal(d.Hours() / 24) }

var summaryHeaders = []control.Text{
	{EN: "From", JA: "開始日"}, {EN: "To", JA: "終了日"}, {EN: "Owner", JA: "担当"}, {EN: "Part", JA: "区分"},
	{EN: "Name", JA: "対象"}, {EN: "What", JA: "項目"}, {EN: "Value", JA: "値"},
}

// ScoresCSV lists every control of each score with its status and why.
func ScoresCSV(scores []Score, language string) []byte {
	v := newVoice(language, nil)
	var lines [][]string
	for _, s := range scores {
		percent := ""
		if s.Score != nil {
			percent = strconv.Itoa(*s.Score)
		}
		for _, status := range Statuses {
			for _, c := range s.Controls {
				if c.Status == status {
					lines = append(lines, []string{standardTitle(s.Standard, v.language), s.Standard, percent, c.Control, c.Title, c.Severity, statusWord(status, v.language),
						strconv.Itoa(c.Passed), strconv.Itoa(c.Failed), strconv.Itoa(c.Unknown), strconv.Itoa(c.LeftOut), c.Why})
				}
			}
		}
	}
	return table(scoreHeaders, v.language, lines)
}

// HistoryCSV lists the kept scores, one day and standard a line.
func HistoryCSV(history []ScoreDays, language string) []byte {
	v := newVoice(language, nil)
	var lines [][]string
	for _, h := range history {
		for _, r := range h.Days {
			lines = append(lines, append([]string{r.Day.String(), standardTitle(h.Standard, v.language), h.Standard}, numbers(r)...))
		}
	}
	return table(historyHeaders, v.language, lines)
}

// numbers of a kept score: percent, passed, failed, unknown, no data.
func numbers(r store.ScoreRow) []string {
	percent := ""
	if p, ok := Percent(r.Passed, r.Failed, r.Unknown); ok {
		percent = strconv.Itoa(p)
	}
	return []string{percent, strconv.Itoa(r.Passed), strconv.Itoa(r.Failed), strconv.Itoa(r.Unknown), strconv.Itoa(r.NoData)}
}

func statusWord(s ControlStatus, language string) string {
	if w, ok := statusWords[s]; ok {
		return w.In(language)
	}
	return strings.ToLower(string(s))
}

var statusWords = map[ControlStatus]control.Text{
	Passed: {EN: "passed", JA: "成功"}, Failed: {EN: "failed", JA: "失敗"}, Unknown: {EN: "unknown", JA: "不明"},
	NoData: {EN: "no data", JA: "データなし"}, Disabled: {EN: "disabled", JA: "無効"},
}

var (
	scoreHeaders = []control.Text{
		{EN: "Standard", JA: "基準"}, {EN: "Standard ID", JA: "基準ID"}, {EN: "Score %", JA: "スコア(%)"}, {EN: "Control ID", JA: "コントロールID"}, {EN: "Title", JA: "あるべき状態"},
		{EN: "Severity", JA: "重要度"}, {EN: "Status", JA: "状態"}, {EN: "Passed findings", JA: "成功した検出結果"}, {EN: "Failed findings", JA: "失敗した検出結果"},
		{EN: "Unknown findings", JA: "不明な検出結果"}, {EN: "Left out", JA: "除外した検出結果"}, {EN: "Why", JA: "理由"},
	}
	historyHeaders = []control.Text{
		{EN: "Day", JA: "日"}, {EN: "Standard", JA: "基準"}, {EN: "Standard ID", JA: "基準ID"}, {EN: "Score %", JA: "スコア(%)"},
		{EN: "Passed", JA: "成功"}, {EN: "Failed", JA: "失敗"}, {EN: "Unknown", JA: "不明"}, {EN: "No data", JA: "データなし"},
	}
)
