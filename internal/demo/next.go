package demo

import (
	"fmt"
	"strings"

	"zesei/internal/store"
)

// Next says what to look at and to try now, with exact commands. url is the page
// of a demo that stays up; empty, the twin is about to end.
func (d *Demo) Next(url string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	line := func(command, en, ja string) { fmt.Fprintf(&b, "  %s\n      %s\n", command, d.t(en, ja)) }
	z := d.program + " -c " + shell(d.Config())
	fmt.Fprintln(&b, "\n"+d.t("Look at it:", "見てみる："))
	line("less "+shell(d.Dir+"/policy.yaml"), "what decided all this", "ここまでの判断の元になったポリシー")
	line(z+" case list --severity critical --state open", "what is most urgent", "最も急ぐもの")
	for _, op := range d.opened {
		if f := d.known[op.arn]; f.State == store.FixVerified && len(f.Cases) > 0 {
			line(z+" case show "+f.Cases[0], "the story of the hole that was closed, with its proof", "閉じた穴の経緯と証跡")
			break
		}
	}
	if d.played != nil && d.played.risk.was != nil {
		line(z+" case show "+store.ShortKey(d.played.risk.was.Key), "the risk that was accepted for a while", "一時的に受容したリスクの経緯")
	}
	line(z+" policy explain --control CloudTrail.1 --severity HIGH", "how the policy decides, and why", "ポリシーの判断とその理由")
	if url == "" {
		fmt.Fprintf(&b, "%s\n  %s demo\n      %s\n", d.t("Try it:", "試してみる："), d.program,
			d.t("stays up: approve the waiting fix, and watch what happens", "起動したままになります。承認待ちの修復を承認して、動きを見られます"))
		return strings.TrimRight(b.String(), "\n")
	}
	fmt.Fprintf(&b, "  %s/\n      %s\n", url, d.t("every Slack message as text; /status.json for machines", "すべての Slack メッセージ（テキスト）。機械向けは /status.json"))
	fmt.Fprintln(&b, d.t("Try it, in a second shell:", "別のシェルで試す："))
	line(". "+shell(d.envFile()), "reaches the twin of AWS in this process, never the real one", "このプロセス内の AWS ツインにつながります（本物には接続しません）")
	for _, op := range d.opened {
		if f := d.known[op.arn]; f.State == store.FixWaiting {
			line(z+" fix show "+f.ID, "the plan in words and calls", "計画の内容と API 呼び出し")
			line(z+" fix approve "+f.ID, "its open rules go, it is read again, its cases close", "公開ルールを削除し、再読み取りで確認し、ケースを終了します")
			line(z+" fix undo "+f.ID+` --why "still needed"`, "takes it back; the cases are open again", "元に戻します。ケースは再び未対応になります")
		}
	}
	fmt.Fprintln(&b, d.t("Now the day goes on, until you press Ctrl-C.", "この先も出来事が続きます。Ctrl-C で終了します。"))
	return strings.TrimRight(b.String(), "\n")
}

// shell quotes a word for a POSIX shell where it needs it.
func shell(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:,=@") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
