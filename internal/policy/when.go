package policy

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"

	"zesei/internal/config/document"
	"zesei/internal/finding"
)

// variables are exactly what a `when` may see. Dots are part of the name: there
// is no value `control`, so that a wrong field is an error when the policy is
// read and never a surprise when it is asked.
var variables = []struct {
	name string
	kind *cel.Type
	get  func(f *facts) any
}{
	{"control.id", cel.StringType, func(f *facts) any { return f.in.Control.ID }},
	{"control.class", cel.StringType, func(f *facts) any { return f.class }},
	{"control.severity", cel.StringType, func(f *facts) any { return string(f.in.Control.Severity) }},
	{"control.service", cel.StringType, func(f *facts) any { return f.in.Control.Service }},
	{"control.unused", cel.BoolType, func(f *facts) any { return f.unused }},
	{"finding.severity", cel.StringType, func(f *facts) any { return string(f.severity) }},
	{"finding.status", cel.StringType, func(f *facts) any { return string(f.in.Status) }},
	{"finding.source", cel.StringType, func(f *facts) any { return f.in.Source }},
	{"standard", cel.StringType, func(f *facts) any { return f.standard }},
	{"account.id", cel.StringType, func(f *facts) any { return f.in.Account.ID }},
	{"account.name", cel.StringType, func(f *facts) any { return f.in.Account.Name }},
	{"account.environment", cel.StringType, func(f *facts) any { return f.in.Account.Environment }},
	{"account.ou", cel.StringType, func(f *facts) any { return f.in.Account.OU }},
	{"account.tags", cel.MapType(cel.StringType, cel.StringType), func(f *facts) any { return tags(f.in.Account.Tags) }},
	{"owner", cel.StringType, func(f *facts) any { return f.in.Owner }},
	{"resource.type", cel.StringType, func(f *facts) any { return f.in.Resource.Type }},
	{"resource.id", cel.StringType, func(f *facts) any { return f.in.Resource.ID }},
	{"resource.tags", cel.MapType(cel.StringType, cel.StringType), func(f *facts) any {
		if f.in.Resource.TagsUnread {
			return errTagsUnread
		}
		return tags(f.in.Resource.Tags)
	}},
}

func tags(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// facts are an Input with what the policy itself adds to it.
type facts struct {
	in       *Input
	class    string
	severity finding.Severity
	unused   bool
	standard string
	// tagsRead is set when a condition looked at tags that could not be read.
	tagsRead bool
}

// ResolveName implements cel.Activation.
func (f *facts) ResolveName(name string) (any, bool) {
	for i := range variables {
		if variables[i].name == name {
			v := variables[i].get(f)
			if v == errTagsUnread {
				f.tagsRead = true
				return nil, false
			}
			return v, true
		}
	}
	return nil, false
}

// Parent implements cel.Activation.
func (f *facts) Parent() cel.Activation { return nil }

type sentinel struct{}

var errTagsUnread any = &sentinel{}

// condition is a compiled `when`.
type condition struct {
	text    string
	program cel.Program
}

// costLimit ends a condition that would take long; an ordinary one costs less
// than a hundred.
const costLimit = 100_000

func newEnvironment() (*cel.Env, error) {
	options := []cel.EnvOption{cel.OptionalTypes()}
	for _, v := range variables {
		options = append(options, cel.Variable(v.name, v.kind))
	}
	return cel.NewEnv(options...)
}

// holds evaluates the condition. An error, such as a tag that is not there, is
// no match and its text the reason.
func (c *condition) holds(f *facts) (bool, string) {
	f.tagsRead = false
	out, _, err := c.program.Eval(f)
	switch {
	case f.tagsRead:
		return false, "when: the tags of the resource could not be read"
	case err != nil:
		return false, "when cannot be evaluated: " + err.Error()
	}
	if hold, ok := out.Value().(bool); !ok || !hold {
		return false, "when does not hold: " + c.text
	}
	return true, ""
}

// condition compiles a `when`; problems point into the expression.
func (c *check) condition(path string, w When) *condition {
	if w.Text == "" {
		return nil
	}
	if c.env == nil {
		env, err := newEnvironment()
		if err != nil {
			c.doc.Wrong(path, document.Problem{Message: "conditions cannot be prepared: " + err.Error()})
			return nil
		}
		c.env = env
	}
	ast, issues := c.env.Compile(w.Text)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			c.celProblem(path, w, e.Location.Line(), e.Location.Column(), e.Message)
		}
		return nil
	}
	if ast.OutputType() != cel.BoolType {
		c.celProblem(path, w, 1, 0, "the condition gives "+ast.OutputType().String()+"; expected true or false")
		return nil
	}
	program, err := c.env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
	if err != nil {
		c.celProblem(path, w, 1, 0, err.Error())
		return nil
	}
	return &condition{text: w.Text, program: program}
}

var dottedName = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*`)

// nameAt is the name, with its dots, that the character at column belongs to,
// and where it begins. CEL points at the dot of a selection.
func nameAt(line string, column int) (string, int) {
	for _, at := range dottedName.FindAllStringIndex(line, -1) {
		begin, end := utf8.RuneCountInString(line[:at[0]]), utf8.RuneCountInString(line[:at[1]])
		if begin <= column && column < end {
			return line[at[0]:at[1]], begin
		}
	}
	return "", column
}

func (c *check) celProblem(path string, w When, line, column int, message string) {
	p := document.Problem{Field: path, Message: strings.SplitN(message, "\n", 2)[0]}
	lines := strings.Split(w.Text, "\n")
	if strings.Contains(message, "undeclared reference") && line >= 1 && line <= len(lines) {
		var name string
		name, column = nameAt(lines[line-1], column)
		names := make([]string, len(variables))
		for i, v := range variables {
			names[i] = v.name
		}
		p.Message = fmt.Sprintf("there is no %q", name)
		if p.Hint = document.DidYouMean(name, names); p.Hint == "" {
			p.Expected = strings.Join(names, ", ")
		}
	}
	p.Line, p.Column = w.at.Line, w.at.Column+w.skip+column
	if w.block {
		// The text of a block begins on the line after its mark, indented.
		p.Line, p.Column = w.at.Line+line, column+1
	} else if line > 1 {
		p.Line, p.Column = w.at.Line+line-1, column+1
	}
	c.doc.Add(p)
}
