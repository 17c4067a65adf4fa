package control_test

import (
	"strings"
	"testing"
	"unicode"
)

func TestEveryControlHasItsOwnTitleInBothLanguages(t *testing.T) {
	en, ja := map[string]string{}, map[string]string{}
	for _, one := range load(t).All() {
		if one.Title.EN == "" || one.Title.JA == "" {
			t.Errorf("%s: title %+v", one.ID, one.Title)
			continue
		}
		if other := ja[one.Title.JA]; other != "" {
			t.Errorf("%s and %s are both %s", other, one.ID, one.Title.JA)
		}
		ja[one.Title.JA] = one.ID
		key := one.Service + " " + one.Title.EN
		if other := en[key]; other != "" {
			t.Errorf("%s and %s are both %s", other, one.ID, one.Title.EN)
		}
		en[key] = one.ID
	}
}

// A Japanese title states the right condition as a plain sentence without a
// full stop, so that it reads the same in a list, a ticket and a message.
func TestJapaneseTitlesKeepOneStyle(t *testing.T) {
	for _, one := range load(t).All() {
		title := one.Title.JA
		if !strings.ContainsFunc(title, func(r rune) bool { return unicode.In(r, unicode.Hiragana) }) {
			t.Errorf("%s: %q is not Japanese", one.ID, title)
		}
		last, _ := lastRune(title)
		if !strings.ContainsRune("るいしたうく", last) {
			t.Errorf("%s: %q does not end as a plain sentence", one.ID, title)
		}
		if strings.ContainsAny(title, "。.!?") && !strings.Contains(title, "ecr.dkr") {
			t.Errorf("%s: %q holds a full stop", one.ID, title)
		}
		if strings.HasSuffix(title, "ます") || strings.Contains(title, "べき") {
			t.Errorf("%s: %q is not in the plain style", one.ID, title)
		}
		if n := len([]rune(title)); n > 70 {
			t.Errorf("%s: %d letters are too many for a line: %s", one.ID, n, title)
		}
	}
}

// One thing has one name throughout.
func TestJapaneseTitlesKeepOneVocabulary(t *testing.T) {
	avoid := map[string]string{
		"サーバ証明書": "サーバー証明書", "クラスタが": "クラスターが", "クラスタで": "クラスターで", "コネクター": "コネクタ", "ロードバランサが": "ロードバランサーが",
		"保存時": "保管時", "保存中": "保管時", "通信中": "転送中", "パブリックIP": "パブリック IP", "バケットー": "バケット",
		"ロギング": "ログ", "ポリシが": "ポリシーが", "インタフェース": "インターフェイス", "マルチAZ": "マルチ AZ",
	}
	for _, one := range load(t).All() {
		for bad, good := range avoid {
			if strings.Contains(one.Title.JA, bad) {
				t.Errorf("%s: write %s, not %s: %s", one.ID, good, bad, one.Title.JA)
			}
		}
	}
}

func lastRune(s string) (rune, bool) {
	runes := []rune(s)
	if len(runes) == 0 {
		return 0, false
	}
	return runes[len(runes)-1], true
}
