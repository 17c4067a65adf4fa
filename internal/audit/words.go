package audit

import (
	"strings"

	"zesei/internal/store"
)

// japanese are the words of the index page that are not in its template: states,
// and what an exception covers.
var japanese = map[string]string{
	"open": "未解決", "accepted": "リスク受容", "suppressed": "対応不要", "closed": "解決",
	"fixed": "修正を確認", "gone": "リソースを削除", "archived": "検出元で終了", "duplicate": "重複", "handled": "対応済み", "false positive": "誤検知", "ended": "終了",
	"asked": "承認待ち", "active": "有効", "revoked": "取り消し", "refused": "却下",
	"case": "ケース", "control": "コントロール", "account": "アカウント", "resource": "リソース", "owner": "担当", "tag": "タグ",
}

// word is a state or a kind in the page's language; what is no such word stays.
func (e *Evidence) word(s string) string {
	if ja, ok := japanese[s]; ok && e.Language == "ja" {
		return ja
	}
	return s
}

// covers says in words what an exception covers.
func (e *Evidence) covers(s store.Scope) string {
	var out []string
	for _, p := range [][2]string{{"case", s.Case}, {"control", s.Control}, {"account", s.Account}, {"resource", s.Resource}, {"owner", s.Owner}, {"tag", s.Tag}} {
		if p[1] != "" {
			out = append(out, e.word(p[0])+" "+p[1])
		}
	}
	return strings.Join(out, ", ")
}
