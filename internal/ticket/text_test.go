package ticket

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shouting shows what is escaped and what is marked.
type shouting struct{}

func (shouting) Escape(s string) string { return strings.ToUpper(s) }
func (shouting) Bold(s string) string   { return "<b " + s + ">" }
func (shouting) Code(s string) string   { return "<c " + s + ">" }
func (shouting) Link(s string) string   { return "<l " + s + ">" }

func TestEveryWordOfATemplateIsEscapedByTheTracker(t *testing.T) {
	texts, err := LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	w := open("logs")
	w.Control.TitleEN = "ti\ue000tle\ue004 \u202e\x00x"
	w.Control.Remediation = "https://docs.aws.amazon.com/x"
	d, err := texts.Draft(w)
	if err != nil {
		t.Fatal(err)
	}
	got := d.Body.In(shouting{})
	for _, want := range []string{"<b S3.8 title  x>", "SEVERITY: HIGH", "<c arn:aws:s3:::logs>", "<l https://docs.aws.amazon.com/x>", "zesei-00000000-1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not stand in\n%s", want, got)
		}
	}
	if strings.ContainsAny(d.Title, "\ue000\u202e\x00\n") {
		t.Errorf("title %q", d.Title)
	}
}

func TestALinkLeadsToTheDocumentationOnly(t *testing.T) {
	for raw, good := range map[string]bool{
		"https://docs.aws.amazon.com/a": true, "https://docs.amazonaws.cn/a": true,
		"https://evil.example/": false, "http://docs.aws.amazon.com/a": false, "https://docs.aws.amazon.com.evil.example/": false,
		"https://u@docs.aws.amazon.com/": false, "javascript:alert(1)": false, "https://docs.aws.amazon.com/a]b": false, "": false,
	} {
		if (DocURL(raw) != "") != good {
			t.Errorf("%q: %q", raw, DocURL(raw))
		}
	}
}

func TestAUsersTemplateReplacesOurs(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("en/title.tmpl", "ours: {{.Control.ID}}")
	texts, err := LoadTemplates(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := texts.Draft(open("logs")); d.Title != "ours: S3.8" {
		t.Errorf("title %q", d.Title)
	}
	for name, test := range map[string]struct{ text, want string }{
		"en/body.tmpl":    {"{{.Nothing}}", "Nothing"},
		"ja/comment.tmpl": {"{{if}}", "comment.tmpl:1"},
		"fr/body.tmpl":    {"x", "no ticket uses this file"},
		"en/comment.tmpl": {"{{/* silence */}}", "prints nothing"},
	} {
		write(name, test.text)
		if _, err := LoadTemplates(dir); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s with %q: error %v, want %q in it", name, test.text, err, test.want)
		}
		_ = os.Remove(filepath.Join(dir, name))
	}
}

func TestFurtherFields(t *testing.T) {
	w := open("logs")
	w.Owner = `a "team"`
	w.Fields = map[string]string{"cf_3": "{{.Owner}} / {{.Severity}}", "customfield_1": `{"value": {{.Owner}}}`, "list": `["{{.Owner}}"]`}
	texts, err := LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	d, err := texts.Draft(w)
	if err == nil || !strings.Contains(err.Error(), "fields.list") {
		t.Errorf("error %v, want one about the quotes of fields.list", err)
	}
	if d.Fields["cf_3"] != `a "team" / HIGH` {
		t.Errorf("cf_3 is %v", d.Fields["cf_3"])
	}
	if raw, ok := d.Fields["customfield_1"].(interface{ MarshalJSON() ([]byte, error) }); !ok {
		t.Errorf("customfield_1 is %T", d.Fields["customfield_1"])
	} else if b, _ := raw.MarshalJSON(); string(b) != `{"value": "a \"team\""}` {
		t.Errorf("customfield_1 is %s", b)
	}
}

func TestAMarkerIsAWordOfItsOwn(t *testing.T) {
	for text, want := range map[string]bool{
		"zesei-1-2": true, "x\nzesei-1-2\n": true, "<p>zesei-1-2</p>": true, "zesei-1-22, zesei-1-2.": true,
		"zesei-1-22": false, "zesei-1-2/3": false, "zesei-1": false, "": false,
	} {
		if HasMarker(text, "zesei-1-2") != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}
