package slack

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"zesei/internal/finding"
	"zesei/internal/notify"
)

// outsideText is text with everything that could go wrong in it.
func outsideText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{"<!channel>", "<@U012AB3CD>", "&amp;", "&", "<https://evil.example|x>", "a\nb\n\nc", "``", "*", "\u202e", "📦", "セキュリティ"}),
		rapid.Map(rapid.IntRange(0, 6000), func(n int) string { return strings.Repeat("<&長", n/3) }),
	)
}

func anyMessage(t *rapid.T) notify.Message {
	text := outsideText()
	m := notify.Message{
		Key: "k", Via: notify.Slack, Kind: notify.Cases, Language: rapid.SampledFrom([]string{"ja", "en"}).Draw(t, "language"),
		Owner: text.Draw(t, "owner"), Mention: []string{text.Draw(t, "mention")},
		Control: notify.Control{ID: text.Draw(t, "control"), TitleJA: text.Draw(t, "title"), Severity: finding.High, Remediation: text.Draw(t, "url")},
	}
	for range rapid.OneOf(rapid.IntRange(1, 4), rapid.Just(33)).Draw(t, "cases") {
		c := notify.Case{
			Key: text.Draw(t, "key"), AccountID: text.Draw(t, "account"), AccountName: text.Draw(t, "name"), Region: text.Draw(t, "region"),
			Resource: text.Draw(t, "resource"), ResourceName: text.Draw(t, "resource name"), State: notify.Open, By: text.Draw(t, "by"),
		}
		if rapid.Bool().Draw(t, "fix") {
			c.Fix = &notify.Fix{
				ID: text.Draw(t, "fix id"), State: notify.FixWaiting, Summary: text.Draw(t, "summary"),
				Steps: rapid.SliceOfN(text, 0, 12).Draw(t, "steps"), Why: text.Draw(t, "why"),
			}
		}
		m.Cases = append(m.Cases, c)
	}
	return m
}

func TestNoMessageIsLargerThanSlackTakesAndNoOutsideTextForges(t *testing.T) {
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	set, err := templates.For(markup{})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		for _, a := range notify.Decide(anyMessage(t), notify.Told{}).List {
			text, err := set.Render(a.View)
			if err != nil {
				t.Fatal(err)
			}
			p := layout(text, func(n int) string { a.View.Cut = n; return set.CutNote(a.View) })
			checkPage(t, p)
			checkPage(t, p.plain())
		}
	})
}

type failer interface {
	Fatalf(string, ...any)
}

func checkPage(t failer, p page) {
	total := 0
	if len(p.sections) == 0 || len(p.sections) > 50 {
		t.Fatalf("%d blocks", len(p.sections))
	}
	for _, s := range append([]string{p.text}, p.sections...) {
		if n := size(s); n == 0 || n > 3000 {
			t.Fatalf("a text of %d characters", n)
		}
		checkEscaped(t, s)
	}
	for _, s := range p.sections {
		total += size(s)
	}
	if total > 13200 {
		t.Fatalf("%d characters in all blocks", total)
	}
}

var ownMarkup = regexp.MustCompile(`^<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|https://docs\.(aws\.amazon\.com|amazonaws\.cn)[^<>|]*)>$`)

// checkEscaped wants every & < > to belong to markup that we made, and no
// character that hides or reorders others.
func checkEscaped(t failer, s string) {
	if !utf8.ValidString(s) {
		t.Fatalf("not UTF-8: %q", s)
	}
	for i := 0; i < len(s); {
		r, w := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '<':
			end := strings.IndexByte(s[i:], '>')
			if end < 0 || !ownMarkup.MatchString(s[i:i+end+1]) {
				t.Fatalf("a < that is not ours: %q", s[i:])
			}
			w = end + 1
		case r == '>':
			t.Fatalf("a > that is not ours: %q", s[:i+1])
		case r == '&':
			w = token(s[i:])
			if w == 1 {
				t.Fatalf("a & that is not ours: %q", s[i:])
			}
		case r < ' ' && r != '\n', r >= 0x7F && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)):
			t.Fatalf("control character %U", r)
		}
		i += w
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "<!channel>", "&lt;", "a|b>c", "`x`", "*b*", "\x00\u202e\u2028", strings.Repeat("&", 4000), "<@U1>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, out := range []string{
			Escape(s), Mention(s), cut(Escape(s), 100), markup{}.Bold(notify.Clean(s)), markup{}.Code(notify.Clean(s)),
		} {
			checkEscaped(t, out)
			if strings.Contains(out, "\n") {
				t.Fatalf("a value made a line: %q", out)
			}
		}
		if size(cut(Escape(s), 100)) > 100 {
			t.Fatal("cut is too long")
		}
	})
}

func TestWhatDoesNotFitIsCountedAndSaysWhereToLook(t *testing.T) {
	var lines []string
	for i := range 2000 {
		lines = append(lines, fmt.Sprintf("line %04d of a message", i))
	}
	told := 0
	p := layout(strings.Join(lines, "\n"), func(n int) string { told = n; return fmt.Sprintf("and %d more", n) })
	checkPage(t, p)
	kept := 0
	for _, s := range p.sections[:len(p.sections)-1] {
		kept += strings.Count(s, "\n") + 1
	}
	if kept+told != 2000 {
		t.Errorf("%d lines kept and %d told as cut, want 2000", kept, told)
	}
}
