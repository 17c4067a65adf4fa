package document

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits that keep a file written by mistake or malice from taking the process
// down: the parser and this package both recurse.
const (
	maxBytes  = 4 << 20
	maxDepth  = 64
	maxValues = 1 << 20 // values read, counted after aliases
)

// Pos is a place in a file, from 1. The zero Pos means the whole file.
type Pos struct{ Line, Column int }

// Expander replaces what stands between `${` and `}` in a string.
type Expander func(reference string) (string, error)

// Doc is a YAML document that is being read.
type Doc struct {
	File     string
	problems Problems
	root     ast.Node
	anchors  map[string]ast.Node
	places   map[string]Pos
	expand   Expander
	values   int
}

// Parse reads the first document of data. It always returns a Doc; what is
// wrong is found with Err. expand may be nil: then `${…}` is a problem.
func Parse(file string, data []byte, expand Expander) *Doc {
	d := &Doc{File: file, anchors: map[string]ast.Node{}, places: map[string]Pos{}, expand: expand}
	if msg := readable(data); msg != "" {
		d.Add(Problem{Message: msg})
		return d
	}
	f, err := parse(data)
	if err != nil {
		d.Add(syntaxProblem(err))
		return d
	}
	if len(f.Docs) > 1 {
		d.Add(Problem{Message: "the file holds several YAML documents", Expected: "one document", Hint: "remove the lines that are only ---"})
		return d
	}
	if len(f.Docs) == 1 {
		d.root = f.Docs[0].Body
		d.findAnchors(d.root, 0)
	}
	return d
}

func parse(data []byte) (f *ast.File, err error) {
	defer func() { // the parser panics on some malformed input
		if r := recover(); r != nil {
			f, err = nil, fmt.Errorf("not readable as YAML")
		}
	}()
	return parser.ParseBytes(data, 0)
}

func syntaxProblem(err error) Problem {
	p := Problem{Message: err.Error()}
	if e, ok := errors.AsType[yaml.Error](err); ok {
		p.Message = e.GetMessage()
		if t := e.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
	}
	if strings.ContainsRune(p.Message, '\t') {
		p.Message, p.Hint = strings.ReplaceAll(p.Message, "\t", `\t`), "indent with spaces"
	}
	return p
}

// readable refuses what the parser should not be given.
func readable(data []byte) string {
	switch {
	case len(data) > maxBytes:
		return fmt.Sprintf("the file is larger than %d MB", maxBytes>>20)
	case !utf8.Valid(data):
		return "the file is not UTF-8 text"
	case bytes.IndexByte(data, 0) >= 0:
		return "the file holds NUL bytes: it is not a text file"
	}
	depth := 0
	for line := range bytes.Lines(data) {
		if bytes.Count(line, []byte("- ")) > 4*maxDepth || bytes.Count(line, []byte("? ")) > 4*maxDepth || bytes.Count(line, []byte("!")) > 16*maxDepth {
			return "the file is nested too deeply"
		}
		for _, c := range line {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > 4*maxDepth {
				return "the file is nested too deeply"
			}
		}
	}
	return ""
}

func (d *Doc) findAnchors(n ast.Node, depth int) {
	if isNil(n) || depth > maxDepth {
		return
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		d.anchors[n.Name.String()] = n.Value
		d.findAnchors(n.Value, depth+1)
	case *ast.MappingNode:
		for _, v := range n.Values {
			d.findAnchors(v.Value, depth+1)
		}
	case *ast.MappingValueNode:
		d.findAnchors(n.Value, depth+1)
	case *ast.SequenceNode:
		for _, v := range n.Values {
			d.findAnchors(v, depth+1)
		}
	case *ast.TagNode:
		d.findAnchors(n.Value, depth+1)
	}
}

// Add records a problem; File is filled in.
func (d *Doc) Add(p Problem) {
	p.File = d.File
	d.problems = append(d.problems, p)
}

// Wrong records a problem at the field of that path.
func (d *Doc) Wrong(path string, p Problem) {
	at := d.At(path)
	p.Line, p.Column, p.Field = at.Line, at.Column, path
	d.Add(p)
}

// Include records the problems of another file that this one names.
func (d *Doc) Include(ps Problems) { d.problems = append(d.problems, ps...) }

// Err returns every Problem found so far as Problems, or nil.
func (d *Doc) Err() error { return d.problems.Err() }

// At returns the place of the value with that path, or of the nearest value
// above it.
func (d *Doc) At(path string) Pos {
	for {
		if p, ok := d.places[path]; ok {
			return p
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			return d.places[""]
		}
		path = path[:i]
	}
}

// Has says whether the file states the field of that path.
func (d *Doc) Has(path string) bool { _, ok := d.places[path]; return ok }

// Into reads the document into the struct that v points to.
func (d *Doc) Into(v any) {
	if d.root == nil || isNil(d.root) {
		return
	}
	d.Root().decode(reflect.ValueOf(v).Elem(), 0)
}

// Root is the document as a value.
func (d *Doc) Root() Value {
	v := Value{Doc: d, node: d.root}
	d.places[""] = v.Pos()
	return v
}

func isNil(n ast.Node) bool {
	if n == nil {
		return true
	}
	r := reflect.ValueOf(n)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
