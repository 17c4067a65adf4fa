package app

import (
	"context"
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
	all, err := a.Scores(ctx, nil, e.owner, e.language)
	if err != nil {
		return l, false, err
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
		lines = append(lines, in("• %s: %s (passed %d, failed %d, unknown %d, no data %d)", "・%s: %s(成功 %d、失敗 %d、不明 %d、データなし %d)",
			m.Escape(score.Title), percent, score.Passed, score.Failed, score.Unknown, score.NoData))
	}
	if empty {
		lines = append(lines, in("No control has been checked yet.", "評価済みのコントロールはまだありません。"))
	}
	lines = append(lines, "", in("Computed as Security Hub does: passed controls among those that passed, failed or are unknown. Accepted and suppressed findings are left out.",
		"Security Hub と同じ計算です(成功・失敗・不明のコントロールに占める成功の割合)。受容・抑制した検出は除いています。"))
	l.Text = strings.Join(lines, "\n")
	page, err := report.ScorePage{At: a.Now(), Owner: e.owner, Scores: all}.HTML(e.language, e.zone)
	if err != nil {
		return l, false, err
	}
	l.HTML = string(page)
	if s.CSV && !empty {
		l.Files = []email.File{{Name: "security-score-" + day.Format("20060102-1504") + ".csv", Type: csvType, Content: report.ScoresCSV(all, e.language)}}
	}
	return l, empty, nil
}
