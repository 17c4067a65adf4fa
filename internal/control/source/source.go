// Package source reads the control catalogue as people write it, in
// catalog/*.yaml, and renders it as the Go data that package control compiles
// in. Only the generator and tests use it: the program never parses YAML for a
// control.
//
// Reading is strict. A key that is not known, a value that is not allowed, an
// id that stands twice: each is one error that names file, line and field and
// says what is expected.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Control is one control as written.
type Control struct {
	ID       string `yaml:"id"`
	Title    Title  `yaml:"title"`
	Severity string `yaml:"severity"`
	Class    string `yaml:"class"`
	Scope    string `yaml:"scope"`
	Global   bool   `yaml:"global"`
	// Resource holds CloudFormation's type names; Config AWS Config's, in the
	// same order, where they differ.
	Resource  List                  `yaml:"resource"`
	Config    List                  `yaml:"config"`
	Standards map[string]Membership `yaml:"standards"`
	// IDs are the names that standards give to the control instead of its own.
	IDs        map[string]Names `yaml:"ids"`
	Rule       string           `yaml:"rule"`
	Schedule   string           `yaml:"schedule"`
	Parameters string           `yaml:"parameters"`
	// Retired is true or the date of withdrawal; Retiring an announced date.
	Retired  string   `yaml:"retired"`
	Retiring string   `yaml:"retiring"`
	APIs     []string `yaml:"apis"`
	Remedy   string   `yaml:"remedy"`
	Fail     string   `yaml:"fail"`

	file string
	line int
}

// Title is a control's title in each language.
type Title struct {
	EN string `yaml:"en"`
	JA string `yaml:"ja"`
}

// List is one string or a list of strings.
type List []string

// UnmarshalYAML accepts a string where a list of one is meant.
func (l *List) UnmarshalYAML(decode func(any) error) error {
	var one string
	if decode(&one) == nil {
		*l = List{one}
		return nil
	}
	var many []string
	if err := decode(&many); err != nil {
		return err
	}
	*l = many
	return nil
}

// Membership is how a standard holds a control: true where its numbers are not
// known, else the numbers.
type Membership []string

// UnmarshalYAML accepts true or a list of requirement numbers.
func (m *Membership) UnmarshalYAML(decode func(any) error) error {
	var member bool
	if decode(&member) == nil {
		if !member {
			return errors.New("standards: leave out a standard that does not hold the control; write true or its requirement numbers")
		}
		*m = Membership{}
		return nil
	}
	var numbers Names
	if err := numbers.UnmarshalYAML(decode); err != nil {
		return err
	}
	*m = Membership(numbers)
	return nil
}

// Names is a list of requirement numbers or of a standard's own ids.
type Names []string

// UnmarshalYAML refuses a bare number: YAML would read 3.10 as 3.1.
func (n *Names) UnmarshalYAML(decode func(any) error) error {
	var values []any
	if err := decode(&values); err != nil {
		return err
	}
	*n = make(Names, 0, len(values))
	for _, v := range values {
		name, ok := v.(string)
		if !ok {
			return fmt.Errorf("%v stands without quotes; write it as \"…\", or YAML drops the last zero of 3.10", v)
		}
		*n = append(*n, name)
	}
	return nil
}

// Read reads and checks every .yaml file of a directory, in name order.
func Read(dir fs.FS) ([]Control, error) {
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the catalogue: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("the catalogue directory holds no .yaml file")
	}
	var all []Control
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("read the catalogue: %w", err)
		}
		controls, err := Parse(name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, controls...)
	}
	return all, unique(all)
}

// Parse reads and checks one file: a list of controls.
func Parse(name string, text []byte) ([]Control, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, located(name, err)
	}
	if err := plain(name, file); err != nil {
		return nil, err
	}
	var controls []Control
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&controls); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s:1: no controls; write a list of them", name)
		}
		return nil, located(name, err)
	}
	lines := itemLines(file)
	for i := range controls {
		controls[i].file = name
		if i < len(lines) {
			controls[i].line = lines[i]
		}
		if err := controls[i].check(); err != nil {
			return nil, err
		}
	}
	return controls, nil
}

// plain refuses tags, anchors and aliases: the catalogue needs none, and the
// YAML library panics on some misplaced tags ("! 0" where a list is meant).
func plain(name string, file *ast.File) error {
	var found refusal
	for _, doc := range file.Docs {
		if doc.Body != nil {
			ast.Walk(&found, doc.Body)
		}
	}
	if found.node == nil {
		return nil
	}
	p := found.node.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %s: write the value itself, without YAML tags, anchors or aliases", name, p.Line, p.Column, found.node.Type())
}

// refusal keeps the first node that plain does not accept.
type refusal struct{ node ast.Node }

// Visit implements ast.Visitor.
func (r *refusal) Visit(node ast.Node) ast.Visitor {
	switch node.(type) {
	case *ast.TagNode, *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		if r.node == nil {
			r.node = node
		}
		return nil
	}
	return r
}

// itemLines are the lines on which the items of the file's list begin.
func itemLines(file *ast.File) []int {
	if len(file.Docs) == 0 {
		return nil
	}
	list, ok := file.Docs[0].Body.(*ast.SequenceNode)
	if !ok {
		return nil
	}
	lines := make([]int, 0, len(list.Values))
	for _, item := range list.Values {
		line := item.GetToken().Position.Line
		if m, ok := item.(*ast.MappingNode); ok && len(m.Values) > 0 {
			line = m.Values[0].Key.GetToken().Position.Line
		}
		lines = append(lines, line)
	}
	return lines
}

// located puts file and line before a YAML error and keeps its first line.
func located(name string, err error) error {
	text := yaml.FormatError(err, false, false)
	text, _, _ = strings.Cut(text, "\n")
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		p := at.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %s", name, p.Line, p.Column, at.GetMessage())
	}
	return fmt.Errorf("%s: %s", name, text)
}

func unique(all []Control) error {
	seen := make(map[string]*Control, len(all))
	for i := range all {
		key := strings.ToLower(all[i].ID)
		if before := seen[key]; before != nil {
			return all[i].wrong("id", "%s already stands at %s:%d", all[i].ID, before.file, before.line)
		}
		seen[key] = &all[i]
	}
	return nil
}
