package ticket

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"zesei/internal/finding"
)

//go:embed templates
var embedded embed.FS

var (
	languages = []string{"en", "ja"}
	// names are the templates of a language; words holds what the others share.
	names = []string{"title", "body", "comment", "words"}
)

// Templates are the texts of tickets in all languages: title, body and comment.
// Every value that they print is made one harmless line; every text is escaped
// by the tracker that it goes to.
type Templates struct {
	all, builtin map[string]*template.Template // by language
}

// LoadTemplates reads the built-in templates and, over them, the files of dir
// (dir/ja/body.tmpl …); "" means none. Each is tried on sample data. All
// mistakes are returned, joined, each naming its file.
func LoadTemplates(dir string) (*Templates, error) {
	t := &Templates{all: map[string]*template.Template{}, builtin: map[string]*template.Template{}}
	var errs []error
	own, err := ownFiles(dir)
	if err != nil {
		return nil, err
	}
	for _, lang := range languages {
		built := map[string][2]string{}
		for _, n := range names {
			path := "templates/" + lang + "/" + n + ".tmpl"
			b, err := embedded.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("reading a built-in template: %w", err)
			}
			built[n] = [2]string{path, string(b)}
		}
		if t.builtin[lang], err = compile(built); err != nil {
			return nil, err
		}
		for n, f := range own[lang] {
			built[n] = f
		}
		if t.all[lang], err = compile(built); err != nil {
			errs = append(errs, err)
			continue
		}
		for _, n := range names[:3] {
			for _, v := range samples(lang) {
				text, err := run(t.all[lang], n, v)
				if err == nil && strings.TrimSpace(text) == "" {
					err = fmt.Errorf("%s: it prints nothing for a sample", built[n][0])
				}
				if err != nil {
					errs = append(errs, err)
					break
				}
			}
		}
	}
	return t, errors.Join(errs...)
}

// ownFiles reads a user's templates: by language and name, path and text.
func ownFiles(dir string) (map[string]map[string][2]string, error) {
	out := map[string]map[string][2]string{"en": {}, "ja": {}}
	if dir == "" {
		return out, nil
	}
	var errs []error
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		lang, file := filepath.Split(rel)
		lang = strings.TrimSuffix(lang, string(filepath.Separator))
		name, ok := strings.CutSuffix(file, ".tmpl")
		if !ok || !slices.Contains(names, name) || !slices.Contains(languages, lang) {
			errs = append(errs, fmt.Errorf("%s: no ticket uses this file: expected en or ja, and one of %s, with .tmpl", path, strings.Join(names, ", ")))
			return nil
		}
		b, err := os.ReadFile(path)
		out[lang][name] = [2]string{path, string(b)}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading ticket templates: %w", err)
	}
	return out, errors.Join(errs...)
}

func compile(texts map[string][2]string) (*template.Template, error) {
	root := template.New("").Option("missingkey=error").Funcs(functions)
	for _, n := range []string{"words", "title", "body", "comment"} {
		t, err := root.New(texts[n][0]).Parse(texts[n][1])
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "template: "))
		}
		if _, err := root.AddParseTree(n, t.Tree); err != nil {
			return nil, fmt.Errorf("%s: %w", texts[n][0], err)
		}
	}
	done := map[*parse.Tree]bool{}
	for _, t := range root.Templates() {
		if t.Tree != nil && !done[t.Tree] {
			done[t.Tree] = true
			eachPrinted(t.Tree.Root, cleaner)
		}
	}
	return root, nil
}

// spans is text in which spans are marked: the cleaner leaves it alone.
type spans string

const cleaner = "_zesei_clean"

var functions = template.FuncMap{
	cleaner: func(v any) spans {
		if s, ok := v.(spans); ok {
			return s
		}
		return spans(Clean(fmt.Sprint(v)))
	},
	"bold": func(v any) spans { return spans(mark(Bold, Clean(fmt.Sprint(v)))) },
	"code": func(v any) spans { return spans(mark(Code, Clean(fmt.Sprint(v)))) },
	"doc": func(v any) spans {
		u := DocURL(fmt.Sprint(v))
		if u == "" {
			return ""
		}
		return spans(mark(Link, u))
	},
}

// eachPrinted appends a function to each action that prints, so that no template
// can forget it.
func eachPrinted(n parse.Node, function string) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			eachPrinted(c, function)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Pos,
				Args: []parse.Node{parse.NewIdentifier(function).SetTree(nil).SetPos(n.Pos)}})
		}
	case *parse.IfNode:
		eachPrinted(n.List, function)
		eachPrinted(n.ElseList, function)
	case *parse.RangeNode:
		eachPrinted(n.List, function)
		eachPrinted(n.ElseList, function)
	case *parse.WithNode:
		eachPrinted(n.List, function)
		eachPrinted(n.ElseList, function)
	}
}

// DocURL returns the URL where it is https on a host of the AWS documentation,
// else "".
func DocURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || raw != Clean(raw) || strings.ContainsAny(raw, "<>|\"` \\[]") || u.Scheme != "https" || u.User != nil ||
		u.Host != "docs.aws.amazon.com" && u.Host != "docs.amazonaws.cn" {
		return ""
	}
	return u.String()
}

// render writes a template. Where a user's own fails, the built-in one speaks,
// and the error says why.
func (t *Templates) render(name string, v View) (Text, error) {
	if t.all[v.Language] == nil {
		v.Language = "en"
	}
	text, err := run(t.all[v.Language], name, v)
	if err == nil && text != "" {
		return Text(text), nil
	}
	built, failed := run(t.builtin[v.Language], name, v)
	return Text(built), errors.Join(err, failed)
}

func run(t *template.Template, name string, v View) (string, error) {
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, v); err != nil {
		return "", inWords(err)
	}
	var out []string
	for _, l := range strings.Split(b.String(), "\n") {
		l = strings.TrimRight(l, " \t\r")
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimSpace(strings.Join(out, "\n")), nil
}

// noField is how text/template says that a name is unknown.
var noField = regexp.MustCompile(`executing "[^"]*" at <([^>]*)>: can't evaluate field (\w+) in type \S+`)

// inWords is an error of a template without the words of the language that it is
// written in.
func inWords(err error) error {
	s := strings.TrimPrefix(err.Error(), "template: ")
	return errors.New(noField.ReplaceAllString(s, "at {{$1}}: there is no $2 here: docs/tickets.md lists what a template sees"))
}

// samples are views in which every branch of a template has something to say.
func samples(lang string) []View {
	c := Case{Key: "0123456789ab", AccountID: "111122223333", AccountName: "shop-prod", Region: "ap-northeast-1", Resource: "arn:aws:s3:::shop-logs",
		ResourceName: "shop-logs", ResourceType: "AWS::S3::Bucket", Severity: finding.High, State: Open, Due: time.Date(2027, 5, 10, 15, 0, 0, 0, time.UTC), Recurrences: 1, By: "taro"}
	t := Ticket{Key: "00000000-1", Owner: "shop", Language: lang, Cases: []Case{c},
		Control: Control{ID: "S3.8", TitleEN: "S3 buckets should block public access", TitleJA: "S3バケットでパブリックアクセスをブロックしてください", Severity: finding.High,
			Remediation: "https://docs.aws.amazon.com/console/securityhub/S3.8/remediation"}}
	var events []Event
	for _, what := range []string{Joined, WasClosed, WasAccepted, Muted, Opened, Recurred, Expired, DueMoved, Graver, ClosedEarly, ClosedAgain, LeftOpen} {
		events = append(events, Event{What: what, Case: c, From: "2027-05-01", By: "taro"})
	}
	g := t
	closed, accepted := c, c
	accepted.Key, accepted.State, accepted.Reason, accepted.Until, accepted.ApprovedBy = "0123456789ad", Accepted, "a public site", c.Due, "hanako"
	closed.Key, closed.State, closed.Reason, closed.Proof = "0123456789ac", Closed, "fixed", "read again"
	g.Grouped, g.Cases = true, []Case{c, closed, accepted}
	return []View{t.comment(events), g.comment(events)}
}
