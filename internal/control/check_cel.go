package control

import (
	"errors"
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// check is one compiled expression: it holds when the resource fails.
type check struct {
	whole      cel.Program
	parameters map[string][]int64
	properties []string // of the resource, that the expression looks at
	reasons    []reason // the operands of its top-level ||
}

// reason is one way to fail, with the paths that it looks at.
type reason struct {
	program cel.Program
	paths   [][]string
}

func newCheck(env *cel.Env, one *Control, parameters map[string][]int64) (*check, error) {
	compiled, issues := env.Compile(one.Fail)
	if issues != nil && issues.Err() != nil {
		return nil, issues.Err()
	}
	if !compiled.OutputType().IsExactType(types.BoolType) {
		return nil, fmt.Errorf("the expression gives %s, want bool", compiled.OutputType())
	}
	whole, err := env.Program(compiled)
	if err != nil {
		return nil, err
	}
	c := &check{whole: whole, parameters: parameters}
	root := compiled.NativeRep()
	for _, path := range paths(root.Expr(), nil) {
		if len(path) > 0 && !slices.Contains(c.properties, path[0]) {
			c.properties = append(c.properties, path[0])
		}
	}
	for _, e := range alternatives(root.Expr(), nil) {
		part := ast.NewCheckedAST(ast.NewAST(e, root.SourceInfo()), root.TypeMap(), root.ReferenceMap())
		p, err := env.PlanProgram(part)
		if err != nil {
			return nil, err
		}
		c.reasons = append(c.reasons, reason{program: p, paths: paths(e, nil)})
	}
	return c, nil
}

// holds evaluates a program on properties.
func (c *check) holds(p cel.Program, properties map[string]any) (bool, error) {
	out, _, err := p.Eval(map[string]any{"resource": properties, "params": c.parameters, "highRiskPorts": highRiskPorts})
	if err != nil {
		return false, err
	}
	b, ok := out.Value().(bool)
	if !ok {
		return false, errors.New("the check gave no answer")
	}
	return b, nil
}

// alternatives takes an expression apart at its top-level ||.
func alternatives(e ast.Expr, found []ast.Expr) []ast.Expr {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalOr {
		for _, arg := range e.AsCall().Args() {
			found = alternatives(arg, found)
		}
		return found
	}
	return append(found, e)
}

// paths collects the longest chains of fields below `resource`.
func paths(e ast.Expr, found [][]string) [][]string {
	if path, ok := chain(e); ok {
		if !slices.ContainsFunc(found, func(p []string) bool { return slices.Equal(p, path) }) {
			found = append(found, path)
		}
		return found
	}
	switch e.Kind() {
	case ast.SelectKind:
		found = paths(e.AsSelect().Operand(), found)
	case ast.CallKind:
		if e.AsCall().IsMemberFunction() {
			found = paths(e.AsCall().Target(), found)
		}
		for _, arg := range e.AsCall().Args() {
			found = paths(arg, found)
		}
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			found = paths(x, found)
		}
	case ast.ComprehensionKind:
		x := e.AsComprehension()
		for _, part := range []ast.Expr{x.IterRange(), x.AccuInit(), x.LoopCondition(), x.LoopStep(), x.Result()} {
			found = paths(part, found)
		}
	}
	return found
}

// chain reads resource.A.B and resource.?A.?B.
func chain(e ast.Expr) ([]string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return nil, e.AsIdent() == "resource"
	case ast.SelectKind:
		path, ok := chain(e.AsSelect().Operand())
		return append(path, e.AsSelect().FieldName()), ok
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.OptSelect || len(call.Args()) != 2 || call.Args()[1].Kind() != ast.LiteralKind {
			return nil, false
		}
		field, isString := call.Args()[1].AsLiteral().Value().(string)
		path, ok := chain(call.Args()[0])
		return append(path, field), ok && isString
	}
	return nil, false
}
