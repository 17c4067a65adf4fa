package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
)

func overlay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAUsersTemplateReplacesOneFile(t *testing.T) {
	dir := overlay(t, map[string]string{"ja/cases.tmpl": "弊社の様式: {{template \"title\" .}}\n{{range .Cases}}{{.Key}} {{end}}", ".git/config": "x"})
	templates, err := LoadTemplates(dir)
	if err != nil {
		t.Fatal(err)
	}
	set, err := templates.For(Plain{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Samples() {
		text, err := set.Render(s.View)
		if err != nil {
			t.Fatal(err)
		}
		own := s.View.Template == "cases" && s.View.Language == "ja"
		if strings.HasPrefix(text, "弊社の様式: ") != own {
			t.Errorf("%s %s: %q", s.View.Language, s.Name, text)
		}
	}
}

func TestAWrongTemplateIsRefusedWithFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"syntax":           {"ja/cases.tmpl", "a\n{{if}}", "ja/cases.tmpl:2: missing value for if"},
		"unknown field":    {"en/case.tmpl", "a\n\n{{.Case.Titel}}", "en/case.tmpl:3:"},
		"unknown function": {"en/case.tmpl", "{{raw .Case.Title}}", `en/case.tmpl:1: function "raw" not defined`},
		"a rare branch":    {"en/reply.tmpl", "x{{if eq .Event \"reopened\"}}\n{{.Nope}}{{end}}", "en/reply.tmpl:2:"},
		"prints nothing":   {"ja/digest.tmpl", "{{/* later */}}", "ja/digest.tmpl: it prints nothing"},
		"no such message":  {"ja/casses.tmpl", "x", "ja/casses.tmpl: no message uses this file"},
		"no such language": {"fr/cases.tmpl", "x", "fr/cases.tmpl: no message uses this file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := overlay(t, map[string]string{c.file: c.text})
			_, err := LoadTemplates(dir)
			if err == nil || !strings.HasPrefix(err.Error(), dir) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("one mistake makes several errors: %v", err)
			}
		})
	}
}

func TestAllMistakesAreReported(t *testing.T) {
	_, err := LoadTemplates(overlay(t, map[string]string{"ja/cases.tmpl": "{{.A}}", "en/digest.tmpl": "{{.B}}"}))
	if err == nil || !strings.Contains(err.Error(), "ja/cases.tmpl:1") || !strings.Contains(err.Error(), "en/digest.tmpl:1") {
		t.Errorf("got %v", err)
	}
}

func TestAMissingDirectoryIsAnError(t *testing.T) {
	if _, err := LoadTemplates(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no error")
	}
}

func TestATemplateThatFailsOnRealDataLeavesTheBuiltInText(t *testing.T) {
	dir := overlay(t, map[string]string{"en/case.tmpl": "{{slice .Case.AccountID 0 12}} mine"})
	templates, err := LoadTemplates(dir)
	if err != nil {
		t.Fatal(err)
	}
	set, err := templates.For(Plain{})
	if err != nil {
		t.Fatal(err)
	}
	v := Message{Language: "en"}.detail(Case{Key: "k", AccountID: "short", ResourceName: "the-bucket", State: Open})
	text, err := set.Render(v)
	if err == nil || !strings.Contains(err.Error(), "en/case.tmpl:1") || !strings.Contains(text, "the-bucket") {
		t.Errorf("got %q, %v", text, err)
	}
}

// angry is a markup that shows what passed through it.
type angry struct{ Plain }

func (angry) Escape(s string) string { return strings.ReplaceAll(s, "<", "[lt]") }
func (angry) Bold(s string) string   { return "<b>" + angry{}.Escape(s) + "</b>" }
func (angry) Code(s string) string   { return "<c>" + angry{}.Escape(s) + "</c>" }
func (angry) Link(u, s string) string {
	return "<a " + angry{}.Escape(u) + ">" + angry{}.Escape(s) + "</a>"
}

func TestEveryPrintedValueIsEscapedByItself(t *testing.T) {
	for text, want := range map[string]string{
		`{{.Case.Title}}`:                                        "[lt]x",
		`{{bold .Case.Title}}`:                                   "<b>[lt]x</b>",
		`{{printf "%s" .Case.Title}}`:                            "[lt]x",
		`{{print (bold .Case.Title)}}`:                           "[lt]b>[lt]x[lt]/b>",
		`{{$t := .Case.Title}}{{$t}}`:                            "[lt]x",
		`{{with .Case}}{{.Title}}{{else}}no{{end}}`:              "[lt]x",
		`{{if .Case}}{{.Case.Title}}{{end}}`:                     "[lt]x",
		`{{range .Mention}}{{.}}{{else}}{{.Case.Title}}{{end}}`:  "[lt]x",
		`{{define "d"}}{{.}}{{end}}{{template "d" .Case.Title}}`: "[lt]x",
		`{{block "b" .Case.Title}}{{.}}{{end}}`:                  "[lt]x",
		`{{.Case.Title | printf "%s!"}}`:                         "[lt]x!",
		`{{html .Case.Title}}`:                                   "&lt;x",
		`{{link "https://example.com/?<" .Case.Title}}`:          "[lt]x",
		`{{link "https://example.com/" .Case.Title}}`:            "<a https://example.com/>[lt]x</a>",
		`{{link "javascript:x" .Case.Title}}`:                    "[lt]x",
		`{{doc "https://evil.example/"}}ok`:                      "ok",
		`<literal> & {{"<"}}`:                                    "<literal> & [lt]",
	} {
		templates, err := LoadTemplates("")
		if err != nil {
			t.Fatal(err)
		}
		templates.texts["en"]["case"] = source{path: "case.tmpl", text: text}
		set, err := templates.For(angry{})
		if err != nil {
			t.Fatal(text, err)
		}
		got, err := set.Render(Message{Language: "en"}.detail(Case{Title: "<x", State: Open}))
		if err != nil || got != want {
			t.Errorf("%s prints %q, want %q (%v)", text, got, want, err)
		}
	}
}

func TestDocURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://docs.aws.amazon.com/console/securityhub/S3.13/remediation": "https://docs.aws.amazon.com/console/securityhub/S3.13/remediation",
		"https://docs.amazonaws.cn/x?a=1&b=2":                               "https://docs.amazonaws.cn/x?a=1&b=2",
		"http://docs.aws.amazon.com/x":                                      "",
		"https://docs.aws.amazon.com.evil.example/x":                        "",
		"https://docs.aws.amazon.com@evil.example/x":                        "",
		"https://docs.aws.amazon.com:8443/x":                                "",
		"https://docs.aws.amazon.com/x|y>":                                  "",
		"https://docs.aws.amazon.com\\@evil.example/":                       "",
		"https://evil.example/docs.aws.amazon.com":                          "",
		"javascript:alert(1)":                                               "",
		"":                                                                  "",
	} {
		if got := DocURL(raw); got != want {
			t.Errorf("DocURL(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestDatesCarryWeekdayAndZone(t *testing.T) {
	at := time.Date(2026, 12, 1, 20, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		lang string
		zone *time.Location
		want string
	}{
		{"ja", time.FixedZone("JST", 9*3600), "2026年12月2日(水) 05:30 JST"},
		{"en", time.FixedZone("JST", 9*3600), "Wed 2 Dec 2026 05:30 JST"},
		{"en", nil, "Tue 1 Dec 2026 20:30 UTC"},
		{"en", time.FixedZone("-03", -3*3600), "Tue 1 Dec 2026 17:30 UTC-03"},
	} {
		if got := (Message{Language: c.lang, Zone: c.zone}).base("cases").Date(at); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestNum(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := (View{}).Num(n); got != want {
			t.Errorf("Num(%d) = %s, want %s", n, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "a\nb", "\x1b[31m", "\u202eabc", "\xff\xfe", "\u2028", strings.Repeat("長", 3000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Clean(s)
		if n := len([]rune(out)); n > maxValue+1 {
			t.Fatalf("%d characters", n)
		}
		if out != Clean(out) {
			t.Fatalf("cleaning %q again gives %q", out, Clean(out))
		}
		for _, r := range out {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
				t.Fatalf("%U came through", r)
			}
		}
	})
}
