package markdown

import (
	"strings"
	"testing"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain words, 10.0.0.0/8": "plain words, 10.0.0.0/8",
		"*a* _b_ `c`":             "\\*a\\* \\_b\\_ \\`c\\`",
		"@taro":                   `\@&#8203;taro`,
		"#12":                     `\#&#8203;12`,
		"GH-12":                   `GH\-&#8203;12`,
		"https://evil.example":    "https:&#8203;//evil.example",
		"www.evil.example":        "www&#8203;.evil.example",
		"- a bullet":              "- a bullet",
		"<b>&amp;":                `\<b\>\&amp;`,
		"arn:aws:s3:::x":          "arn:aws:s3:::x",
	} {
		if got := (Markup{}).Escape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestACodeSpanHoldsAnyText(t *testing.T) {
	for in, want := range map[string]string{"x": "`x`", "a`b": "``a`b``", "a``b`c": "```a``b`c```", "`": "`` ` ``"} {
		if got := (Markup{}).Code(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// No text from outside brings a character that begins markup through.
func FuzzEscape(f *testing.F) {
	f.Add("a*b_c`d[e](f)<g>@h#i GH-1 http://x www.x")
	f.Add("\\")
	f.Fuzz(func(t *testing.T, s string) {
		got := strings.ReplaceAll((Markup{}).Escape(strings.TrimPrefix(s, "- ")), gap, "")
		for i := 0; i < len(got); i++ {
			switch {
			case got[i] == '\\':
				i++
			case strings.IndexByte("`*_[]<>@#", got[i]) >= 0:
				t.Fatalf("%q: %q stands bare", got, got[i])
			}
		}
	})
}
