package remedy

import (
	"fmt"
	"strings"
)

// headings are the words around a plan's content.
var headings = map[string]map[string]string{
	"en": {
		"remedy": "Remedy", "resource": "Resource", "controls": "Controls", "steps": "Calls", "undo": "Undo",
		"pass": "Must pass afterwards", "still": "Will still fail", "warnings": "Mind", "dropped": "Lost",
		"skipped": "Left alone", "wait": "Needs approval", "suggest": "Only suggested", "code": "Change in code",
		"hash": "Plan",
	},
	"ja": {
		"remedy": "対処", "resource": "リソース", "controls": "コントロール", "steps": "実行する API", "undo": "元に戻す手順",
		"pass": "実施後に合格すべきもの", "still": "実施後も不合格のもの", "warnings": "注意", "dropped": "失われる通信",
		"skipped": "変更しないもの", "wait": "承認が必要", "suggest": "提案のみ", "code": "コードの変更箇所",
		"hash": "プラン",
	},
}

// Text returns the plan in words and calls, for a terminal or a message ("ja";
// anything else is English). It is plain text without markup; whoever sends it
// escapes it for the channel.
func (p Plan) Text(language string) string {
	h := headings["en"]
	if language == "ja" {
		h = headings["ja"]
	}
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%s: %s\n", h[key], value) }
	list := func(key string, words []Words) {
		if len(words) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s:\n", h[key])
		for _, w := range words {
			fmt.Fprintf(&b, "  - %s\n", w.In(language))
		}
	}
	fmt.Fprintln(&b, p.Summary.In(language))
	line("remedy", p.Remedy)
	line("resource", p.Ref.ARN)
	line("controls", strings.Join(p.Controls, ", "))
	list("suggest", p.SuggestOnly)
	list("wait", p.Wait)
	steps := func(key string, steps []Step) {
		if len(steps) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s:\n", h[key])
		for i, s := range steps {
			fmt.Fprintf(&b, "  %d. %s\n     %s %s %s\n", i+1, s.Why.In(language), s.Service, s.Operation, s.Params)
		}
	}
	steps("steps", p.Steps)
	if len(p.Post.Pass) > 0 {
		line("pass", strings.Join(p.Post.Pass, ", "))
	}
	if len(p.Post.Still) > 0 {
		line("still", strings.Join(p.Post.Still, ", "))
	}
	var dropped, skipped, code []Words
	for _, d := range p.Dropped {
		dropped = append(dropped, d.Words)
	}
	for _, s := range p.Skipped {
		skipped = append(skipped, s.Why)
	}
	for _, c := range p.InCode {
		code = append(code, Words{c.Attribute + ": " + c.Words.EN, c.Attribute + ": " + c.Words.JA})
	}
	list("dropped", dropped)
	list("skipped", skipped)
	list("warnings", p.Warnings)
	list("code", code)
	steps("undo", p.Inverse)
	line("hash", p.Hash())
	return b.String()
}
