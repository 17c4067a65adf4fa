package slack

import (
	"strings"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/notify"
)

// What buttons do: their action ids.
const (
	DoPlan    = "zesei.plan"    // value: id of a fix
	DoApprove = "zesei.approve" // value: FixValue
	DoAccept  = "zesei.accept"  // value: key of a case, or MessageValue
	DoSnooze  = "zesei.snooze"  // value: key of a case
	DoAssign  = "zesei.assign"  // value: key of a case
	DoLook    = "zesei.look"    // value: key of a case
	DoGrant   = "zesei.grant"   // value: id of an exception that was asked for
	DoRefuse  = "zesei.refuse"  // value: id of an exception that was asked for
	DoFill    = "zesei.fill"    // value: WordsValue
)

// FixValue is the value of a button that approves exactly one plan.
func FixValue(fixID, planHash string) string { return fixID + "|" + planHash }

// ParseFixValue undoes FixValue.
func ParseFixValue(s string) (fixID, planHash string) {
	fixID, planHash, _ = strings.Cut(s, "|")
	return fixID, planHash
}

// messageValue marks the value of a button that means a whole message.
const messageValue = "message|"

// MessageValue is the value of a button that means all cases of a message, by its
// key.
func MessageValue(key string) string { return messageValue + key }

// ParseMessageValue is the key of the message that a value means, if it does.
func ParseMessageValue(s string) (key string, ok bool) { return strings.CutPrefix(s, messageValue) }

// label is a button's text, and what is asked before it acts.
type label struct{ text, confirm string }

var labels = map[string]map[string]label{
	"en": {
		DoPlan: {text: "Show plan"}, DoApprove: {"Approve fix", "The plan shown for this fix is carried out as it is."},
		DoAccept: {text: "Accept risk…"}, DoSnooze: {text: "Snooze…"}, DoAssign: {text: "Assign…"}, DoLook: {text: "Fixed, look again"},
		DoGrant: {"Approve", "The risk is accepted until the date that was asked for."}, DoRefuse: {text: "Refuse…"}, DoFill: {text: "Ask for an exception…"},
		"title": {text: "Please confirm"}, "yes": {text: "Approve"}, "no": {text: "Cancel"},
	},
	"ja": {
		DoPlan: {text: "修正内容を見る"}, DoApprove: {"修正を承認", "表示中の修正内容をそのまま実行します。"},
		DoAccept: {text: "リスクを受容…"}, DoSnooze: {text: "リマインドを止める…"}, DoAssign: {text: "担当者を決める…"}, DoLook: {text: "対応済み(再確認)"},
		DoGrant: {"承認", "申請された期限まで、リスクを受容します。"}, DoRefuse: {text: "却下…"}, DoFill: {text: "例外を申請…"},
		"title": {text: "確認"}, "yes": {text: "承認する"}, "no": {text: "キャンセル"},
	},
}

func plain(text string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.PlainTextType, text, false, false)
}

// button makes one; the language is ja, or anything else for English.
func button(language, do, value string) *slackgo.ButtonBlockElement {
	words, ok := labels[language]
	if !ok {
		words = labels["en"]
	}
	b := slackgo.NewButtonBlockElement(do, value, plain(words[do].text))
	if ask := words[do].confirm; ask != "" {
		b.Confirm = slackgo.NewConfirmationBlockObject(plain(words["title"].text), plain(ask), plain(words["yes"].text), plain(words["no"].text))
		b.Style = slackgo.StylePrimary
	}
	return b
}

// buttons are those under one part of a message: nil where nothing can be done
// about it, or nobody hears when they are pressed. Which stand there depends on the
// view alone, so that they change with what is said.
func buttons(v notify.View, messageKey string) []slackgo.BlockElement {
	if !v.Interactive && (v.Asked == nil || v.Asked.NoButtons) {
		return nil
	}
	var out []slackgo.BlockElement
	add := func(do, value string) { out = append(out, button(v.Language, do, value)) }
	fix := func(f *notify.Fix) {
		if f == nil || f.ID == "" {
			return
		}
		add(DoPlan, f.ID)
		if f.State == notify.FixWaiting {
			add(DoApprove, FixValue(f.ID, f.Plan))
		}
	}
	switch {
	case v.Asked != nil:
		if v.Asked.State == notify.AskedOpen {
			add(DoGrant, v.Asked.ID)
			add(DoRefuse, v.Asked.ID)
		}
	case v.Template == "reply":
		if v.Case != nil && v.Event == notify.NeedsYes {
			fix(v.Case.Fix)
		}
	case v.Template == string(notify.Cases) && v.Case == nil:
		if v.Counts.Open > 0 {
			add(DoAccept, MessageValue(messageKey))
		}
	case v.Template != string(notify.Cases) && v.Template != "case" || v.Case == nil:
	case v.Case.State == notify.Open:
		fix(v.Case.Fix)
		for _, do := range []string{DoAccept, DoSnooze, DoAssign, DoLook} {
			add(do, v.Case.Key)
		}
	case v.Case.State == notify.Accepted, v.Case.State == notify.Suppressed:
		add(DoLook, v.Case.Key)
	}
	return out
}

// buttonsCost is what the buttons of a part cost of a message's characters.
const buttonsCost = 400
