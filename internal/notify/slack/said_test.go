package slack

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWordsAreKeptAsTheyRead(t *testing.T) {
	for text, want := range map[string]string{
		"<@U0APP> until March":                          "until March",
		"please <@U0APP> look":                          "please   look",
		"<@U0APP> <@U2> knows, <@U3|hana> too":          "@U2 knows, @hana too",
		"a &lt;b&gt; &amp;amp; c":                       "a <b> &amp; c",
		"<https://e.example/x|the page> <https://e.ex>": "the page (https://e.example/x) https://e.ex",
		"<#C1|ops> <#C2> <!here> <!subteam^S1|@sec>":    "#ops #C2 @here @sec",
		"one\r\ntwo\x00\u202ethree":                     "one\ntwo three",
		"<@U0APP>":                                      "",
		"":                                              "",
	} {
		if got := Said(text, "U0APP"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := Said("<@U9> the first is the app", ""); got != "the first is the app" {
		t.Errorf("got %q", got)
	}
	if got := Said(strings.Repeat("長", 4000), ""); utf8.RuneCountInString(got) != MaxSaid || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
	if got := Said(strings.Repeat("📦", 4000), ""); size(got) != MaxSaid-1 || !utf8.ValidString(got) { // two units each, and "…"
		t.Errorf("%d units", size(got))
	}
}

func FuzzSaid(f *testing.F) {
	for _, s := range []string{"<@U0APP> x", "&lt;&amp;", "<<a|b>>", "<|>", "\u202e\x07", "<@", strings.Repeat("<@U1>", 700)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Said(s, "U0APP"), Said(s, ""), Typed(s, MaxSaid)} {
			if !utf8.ValidString(got) || size(got) > MaxSaid {
				t.Fatalf("%q", got)
			}
			for _, r := range got {
				if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
					t.Fatalf("control character %U in %q", r, got)
				}
			}
		}
	})
}
