package notify

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

//go:embed templates
var embedded embed.FS

// languages are those that messages come in.
var languages = []string{"en", "ja"}

// files are the templates of a language: one for each View.Template, and words,
// which holds what several of them share.
var files = []string{"cases", "case", "reply", "import-summary", "digest", "reminder", "escalation", "overflow", "ending", "wish", "notice", "failure", "asked", "words"}

// closing is a template that lies among these and is package report's: the last
// sentences of a summary.
const closing = "closing"

// Templates are the texts of all messages in all languages.
type Templates struct {
	texts map[string]map[string]source // language, file
}

type source struct {
	path string // as errors name it
	text string
	own  bool // a user's
}

// LoadTemplates reads the built-in templates and, over them, the files of dir
// (dir/ja/cases.tmpl …), which may hold any of them; "" means none. Every
// template is tried on sample data: an error names file and line. All mistakes
// are returned, joined.
func LoadTemplates(dir string) (*Templates, error) {
	t := &Templates{texts: map[string]map[string]source{}}
	for _, lang := range languages {
		t.texts[lang] = map[string]source{}
		for _, f := range files {
			name := "templates/" + lang + "/" + f + ".tmpl"
			b, err := embedded.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("read built-in template: %w", err)
			}
			t.texts[lang][f] = source{path: name, text: string(b)}
		}
	}
	if dir != "" {
		if err := t.overlay(dir); err != nil {
			return nil, err
		}
	}
	set, err := t.For(Plain{})
	if err != nil {
		return nil, err
	}
	var errs []error
	empty := map[string]bool{} // files that were reported to print nothing
	for _, s := range Samples() {
		text, err := set.strict(s.View)
		if src := t.texts[s.View.Language][s.View.Template]; err == nil && strings.TrimSpace(text) == "" && !empty[src.path] {
			empty[src.path] = true
			err = fmt.Errorf("%s: it prints nothing for the sample %q", src.path, s.Name)
		}
		if err != nil && !slices.ContainsFunc(errs, func(e error) bool { return e.Error() == err.Error() }) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Templates) overlay(dir string) error {
	var errs []error
	walk := func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if rel != "." && strings.HasPrefix(d.Name(), ".") { // .git, editors' files
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		lang, name := filepath.Split(rel)
		lang = strings.TrimSuffix(lang, string(filepath.Separator))
		base, isTemplate := strings.CutSuffix(name, ".tmpl")
		if base == closing && slices.Contains(languages, lang) {
			return nil
		}
		if !slices.Contains(languages, lang) || !isTemplate || !slices.Contains(files, base) {
			errs = append(errs, fmt.Errorf("%s: no message uses this file; expected <language>/<name>.tmpl with language %s and name %s",
				path, strings.Join(languages, " or "), strings.Join(files, ", ")))
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		t.texts[lang][base] = source{path: path, text: string(b), own: true}
		return nil
	}
	if err := filepath.WalkDir(dir, walk); err != nil {
		return fmt.Errorf("read message templates in %s: %w", dir, err)
	}
	return errors.Join(errs...)
}

// Set is the templates in one channel's markup.
type Set struct {
	all     map[string]*template.Template // by language
	builtin map[string]*template.Template
	texts   map[string]map[string]source
}

// For compiles the templates for a channel. Every value that they print is
// escaped in its markup.
func (t *Templates) For(m Markup) (*Set, error) {
	s := &Set{all: map[string]*template.Template{}, builtin: map[string]*template.Template{}, texts: t.texts}
	var errs []error
	for _, lang := range languages {
		var err error
		if s.all[lang], err = compile(t.texts[lang], m); err != nil {
			errs = append(errs, err)
		}
		own := maps.Clone(t.texts[lang])
		for _, f := range files {
			if own[f].own {
				name := "templates/" + lang + "/" + f + ".tmpl"
				b, err := embedded.ReadFile(name)
				if err != nil {
					return nil, fmt.Errorf("read built-in template: %w", err)
				}
				own[f] = source{path: name, text: string(b)}
			}
		}
		if s.builtin[lang], err = compile(own, m); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// compile parses words first, so that the other files can use it, and each file
// under its path, so that errors name it.
func compile(texts map[string]source, m Markup) (*template.Template, error) {
	root := template.New("").Option("missingkey=error").Funcs(functions(m))
	var errs []error
	for i := len(files) - 1; i >= 0; i-- {
		src := texts[files[i]]
		parsed, err := root.New(src.path).Parse(src.text)
		if err != nil {
			errs = append(errs, errors.New(strings.TrimPrefix(err.Error(), "template: ")))
			continue
		}
		if _, err := root.AddParseTree(files[i], parsed.Tree); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", src.path, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	done := map[*parse.Tree]bool{}
	for _, t := range root.Templates() {
		if t.Tree != nil && !done[t.Tree] {
			done[t.Tree] = true
			escapeAll(t.Tree.Root)
		}
	}
	return root, nil
}

// Render writes a view. Where a user's template fails on it, the text is that
// of the built-in one, with the failure as error: a message is told all the
// same, and the caller logs why it does not look as wanted.
func (s *Set) Render(v View) (string, error) {
	text, err := s.strict(v)
	if err == nil && text != "" {
		return text, nil
	}
	if err == nil {
		err = fmt.Errorf("%s: it prints nothing", s.texts[v.Language][v.Template].path)
	}
	text, failed := execute(s.builtin[v.Language], v.Template, v)
	return text, errors.Join(err, failed)
}

// CutNote says, in words, that the channel's limit left out lines: v.Cut of
// them.
func (s *Set) CutNote(v View) string {
	text, err := execute(s.all[v.Language], "cut", v)
	if err != nil || text == "" {
		text, _ = execute(s.builtin[v.Language], "cut", v)
	}
	return text
}

func (s *Set) strict(v View) (string, error) {
	return execute(s.all[v.Language], v.Template, v)
}

func execute(t *template.Template, name string, v View) (string, error) {
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, v); err != nil {
		return "", errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	return tidy(b.String()), nil
}

// tidy takes away the space that a template leaves: at the ends of lines, and
// empty lines beyond one.
func tidy(s string) string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		l = strings.TrimRight(l, " \t\r")
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
