package app

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/notify/email"
	"zesei/internal/report"
)

// scoreLetter writes the score of each standard: of an owner's accounts, or of
// all. The file has each control with its status.
func (a *App) scoreLetter(ctx context.Context, s config.Schedule, e errand, m report.Markup) (email.Letter, bool, error) {
	l := email.Letter{}
	var accounts []string
	if e.owner != "" {
		for _, id := range a.Directory.Accounts() {
			if a.Directory.Account(id).Owner == e.owner {
				accounts = append(accounts, id)
			}
		}
	}
	var all []report.Score
	if e.owner == "" || len(accounts) > 0 { // no account at all would mean every account
		var err error
		if all, err = report.Scores(ctx, a.DB.View(), accounts, e.language); err != nil {
			return l, false, err
		}
	}
	in := func(en, ja string, args ...any) string {
		return fmt.Sprintf(control.Text{EN: en, JA: ja}.In(e.language), args...)
	}
	day := a.Now().In(e.zone)
	if e.language == "ja" {
		l.Subject = fmt.Sprintf("%d年%d月%d日のセキュリティスコア", day.Year(), day.Month(), day.Day())
	} else {
		l.Subject = "Security score on " + day.Format("2 January 2006")
	}
	if e.owner != "" {
		l.Subject += in(", accounts of %s", "(%s のアカウント)", e.owner)
	}
	lines := []string{"📊 " + m.Escape(l.Subject)}
	empty := true
	for _, score := range all {
		percent := in("no data", "データなし")
		if score.Score != nil {
			percent, empty = strconv.Itoa(*score.Score)+"%", false
		}
		lines = append(lines, in("• %s: %s (passed %d, failed %d, unknown %d, no data %d)", "・%s: %s(合格 %d、不合格 %d、不明 %d、データなし %d)",
			m.Escape(score.Title), percent, score.Passed, score.Failed, score.Unknown, score.NoData))
	}
	if empty {
		lines = append(lines, in("No control has been checked yet.", "評価済みのコントロールはまだありません。"))
	}
	lines = append(lines, "", in("Computed as Security Hub does: passed controls among those with data. Accepted and suppressed findings are left out.",
		"Security Hub と同じ計算です(データのあるコントロールに占める合格の割合)。許容・抑制した検出は除いています。"))
	l.Text = strings.Join(lines, "\n")
	if s.CSV && !empty {
		l.Files = []email.File{{Name: "security-score-" + day.Format("20060102-1504") + ".csv", Type: "text/csv; charset=utf-8", Content: scoreCSV(all, e.language)}}
	}
	return l, empty, nil
}

// scoreCSV lists each control of each standard with its status. Its cells are
// the catalogue's and our own words.
func scoreCSV(all []report.Score, language string) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff") // Excel reads it as UTF-8 then
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	line := func(cells ...string) { _ = w.Write(cells) } // a buffer takes everything
	words := map[report.ControlStatus]control.Text{
		report.Passed: {EN: "passed", JA: "合格"}, report.Failed: {EN: "failed", JA: "不合格"},
		report.Unknown: {EN: "unknown", JA: "不明"}, report.NoData: {EN: "no data", JA: "データなし"},
	}
	if language == "ja" {
		line("基準", "基準ID", "スコア", "コントロールID", "状態")
	} else {
		line("Standard", "Standard ID", "Score", "Control ID", "Status")
	}
	for _, s := range all {
		percent := ""
		if s.Score != nil {
			percent = strconv.Itoa(*s.Score)
		}
		for _, status := range []report.ControlStatus{report.Failed, report.Unknown, report.Passed, report.NoData} {
			for _, id := range s.With(status) {
				if strings.IndexAny(id, "=+-@\t\r") == 0 { // no cell that a spreadsheet would run
					id = "'" + id
				}
				line(s.Title, s.Standard, percent, id, words[status].In(language))
			}
		}
	}
	w.Flush()
	return b.Bytes()
}
