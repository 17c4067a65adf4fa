package document

import (
	"errors"
	"strings"
	"testing"
)

type example struct {
	Name  string            `yaml:"name"`
	Count int               `yaml:"count"`
	On    bool              `yaml:"on"`
	List  []string          `yaml:"list"`
	Map   map[string]string `yaml:"map"`
	Inner *inner            `yaml:"inner"`
	Many  []inner           `yaml:"many"`
}

type inner struct {
	A string `yaml:"a"`
}

func read(text string) (example, *Doc) {
	d := Parse("f.yaml", []byte(text), func(r string) (string, error) {
		if r == "env:X" {
			return "x", nil
		}
		return "", errors.New("no " + r)
	})
	var e example
	d.Into(&e)
	return e, d
}

func TestReading(t *testing.T) {
	e, d := read(`
name: ${env:X}-$${env:Y}
count: 1_000
on: true
list: one
map: {k: 012, "quoted key": v}
inner: &i {a: b}
many:
  - *i
  - <<: *i
  - a: |
      text
`)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	if e.Name != "x-${env:Y}" || e.Count != 1000 || !e.On || e.List[0] != "one" || e.Map["k"] != "012" || e.Map["quoted key"] != "v" {
		t.Errorf("%+v", e)
	}
	if e.Inner.A != "b" || e.Many[0].A != "b" || e.Many[1].A != "b" || e.Many[2].A != "text\n" {
		t.Errorf("%+v %+v", e.Inner, e.Many)
	}
	for path, want := range map[string]Pos{"name": {2, 7}, "many[2].a": {11, 8}, "inner.a": {7, 15}, "many[1].b.c": {10, 5}, "nowhere": {2, 1}} {
		if got := d.At(path); got != want {
			t.Errorf("%s is at %v, want %v", path, got, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"nmae: x":                "f.yaml:1:1: nmae: unknown key \"nmae\"; expected name, count, on, list, map, inner or many; did you mean \"name\"?",
		"on: yes":                "f.yaml:1:5: on: \"yes\" is neither true nor false; expected true or false",
		"count: 1.5":             "f.yaml:1:8: count: \"1.5\" is not a whole number; expected a whole number",
		"name: ${env:Z}":         "f.yaml:1:7: name: no env:Z",
		"name: {a: b}":           "f.yaml:1:7: name: this is a mapping; expected text",
		"inner: {a: b, a: c}":    "already defined",
		"many: [{b: 1}, {b: 2}]": "f.yaml:1:9: many[0].b: unknown key \"b\"; expected a",
		"a: \xff":                "f.yaml: the file is not UTF-8 text",
		"a: \x00":                "NUL bytes",
		strings.Repeat("[", 400): "f.yaml: the file is nested too deeply",
		"list: *nothing":         "",
	} {
		_, d := read(text)
		got := ""
		if err := d.Err(); err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || want == "" && strings.Contains(got, "panic") {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Aliases that multiply must not multiply the work.
func TestAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("map: {k: v}\nmany:\n- &a0 {a: x}\n")
	prev := "a0"
	for i := 1; i < 20; i++ {
		name := "a" + string(rune('a'+i))
		b.WriteString("- &" + name + " [" + strings.TrimSuffix(strings.Repeat("*"+prev+",", 10), ",") + "]\n")
		prev = name
	}
	_, d := read(b.String())
	if d.Err() == nil {
		t.Error("accepted")
	}
}

func TestNearest(t *testing.T) {
	known := []string{"track", "notify", "suppress", "encryption-at-rest"}
	for name, want := range map[string]string{"trakc": "track", "Track": "track", "supress": "suppress", "x": "", "": "", "encryption": "encryption-at-rest", strings.Repeat("a", 1000): ""} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("name: x\nmany: [&a {a: b}, *a]\n"))
	f.Add([]byte("<<: {name: x}\nmany:\n- <<: [1]\n"))
	f.Add([]byte("inner: &a {a: *a}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, d := read(string(data))
		if err := d.Err(); err != nil && err.Error() == "" {
			t.Error("an empty error")
		}
	})
}
