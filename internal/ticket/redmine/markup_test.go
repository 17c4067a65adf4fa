package redmine

import (
	"html"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNamesReadAsTheyAreInAMailAndMarkupIsStillNone(t *testing.T) {
	for in, want := range map[string]string{
		"ap-northeast-1":        "ap-northeast-1",
		"sg-0abc_prod":          "sg-0abc_prod",
		"2027-05-10":            "2027-05-10",
		"本番-アカウント":              "本番-アカウント",
		"-gone-":                "&#45;gone&#45;",
		"a -gone- b":            "a &#45;gone&#45; b",
		"(-gone-)":              "(&#45;gone&#45;)",
		"a-":                    "a&#45;",
		"---":                   "&#45;&#45;&#45;",
		"a--b":                  "a&#45;&#45;b",
		"x _em_ y":              "x &#95;em&#95; y",
		"_a-b_":                 "&#95;a-b&#95;",
		"*-a-*":                 "&#42;&#45;a&#45;&#42;",
		"- a bullet of ours":    "- a bullet of ours",
		"a\xff-b":               "a\uFFFD&#45;b",
		"arn:aws:s3:::my-logs-": "arn:aws:s3:::my-logs&#45;",
	} {
		if got := (markup{}).Escape(in); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a -gone- b-c_d _e_")
	f.Add("--\n-")
	f.Fuzz(func(t *testing.T, s string) {
		out := (markup{}).Escape(s)
		if shown := strings.ReplaceAll(html.UnescapeString(out), "\u200b", ""); !strings.ContainsAny(s, "&\u200b") && utf8.ValidString(s) && shown != s {
			t.Errorf("%q shows as %q", s, shown)
		}
		for _, edge := range []string{" -", "- ", "(-", "-)", " _", "_ ", "--", "__", "-_", "_-"} {
			if strings.Contains(strings.TrimPrefix(out, "- "), edge) {
				t.Errorf("%q stands in %q", edge, out)
			}
		}
	})
}
