package document

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Kind is the kind of a value.
type Kind string

// The kinds, as problems name them.
const (
	Null     Kind = "nothing"
	Text     Kind = "text"
	Number   Kind = "a number"
	Bool     Kind = "true or false"
	Sequence Kind = "a list"
	Mapping  Kind = "a mapping"
)

// Value is a value of the document with its place.
type Value struct {
	Doc  *Doc
	Path string
	node ast.Node
}

// Entry is a key and its value.
type Entry struct {
	Key   string
	KeyAt Pos
	Value Value
}

// Reader is implemented by a type that reads itself from a Value. It reports
// mistakes with Value.Wrong and leaves itself unchanged then.
type Reader interface{ ReadValue(v Value) }

// plain removes anchors, aliases and tags.
func (v Value) plain() ast.Node {
	n := v.node
	for range maxDepth {
		if isNil(n) {
			return nil
		}
		switch t := n.(type) {
		case *ast.AnchorNode:
			n = t.Value
		case *ast.TagNode:
			n = t.Value
		case *ast.AliasNode:
			n = v.Doc.anchors[t.Value.String()]
		default:
			return n
		}
	}
	return nil
}

// Pos is where the value stands.
func (v Value) Pos() Pos {
	if isNil(v.node) {
		return Pos{}
	}
	n := v.node
	// A mapping's own token is its first colon; its first key is where it stands.
	switch t := n.(type) {
	case *ast.MappingNode:
		if !t.IsFlowStyle && len(t.Values) > 0 {
			n = t.Values[0].Key
		}
	case *ast.MappingValueNode:
		n = t.Key
	case *ast.LiteralNode:
		if t.Start != nil && t.Start.Position != nil {
			return Pos{t.Start.Position.Line, t.Start.Position.Column}
		}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return Pos{t.Position.Line, t.Position.Column}
	}
	return Pos{}
}

// Kind says what the value is.
func (v Value) Kind() Kind {
	switch v.plain().(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return Text
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return Number
	case *ast.BoolNode:
		return Bool
	case *ast.SequenceNode:
		return Sequence
	case *ast.MappingNode, *ast.MappingValueNode:
		return Mapping
	}
	return Null
}

// Raw is the scalar as it is written, without quotes and before `${…}` is
// expanded; "" for what is no scalar. A number keeps its digits.
func (v Value) Raw() string {
	switch n := v.plain().(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value
	}
	return ""
}

// TextOffset is how far the text of a scalar begins after Pos: 1 in quotes.
func (v Value) TextOffset() int {
	if n, ok := v.plain().(*ast.StringNode); ok {
		if t := n.GetToken().Type; t == token.DoubleQuoteType || t == token.SingleQuoteType {
			return 1
		}
	}
	return 0
}

// IsBlock says that the value is a block scalar, which stands on the lines after
// its Pos.
func (v Value) IsBlock() bool {
	_, ok := v.plain().(*ast.LiteralNode)
	return ok
}

var reference = regexp.MustCompile(`\$?\$\{([^}]*)\}`)

// String is the scalar as text with `${…}` expanded. A number or a bool is
// taken as it is written. Anything else is a problem.
func (v Value) String() (string, bool) {
	switch v.Kind() {
	case Text:
	case Number, Bool:
		return v.Raw(), true
	default:
		v.WrongKind("text")
		return "", false
	}
	ok := true
	out := reference.ReplaceAllStringFunc(v.Raw(), func(m string) string {
		if strings.HasPrefix(m, "$$") { // $${ stands for ${
			return m[1:]
		}
		if v.Doc.expand == nil {
			v.Wrong("${…} is not expanded in this file", "", "write $${…} for the characters themselves")
			ok = false
			return ""
		}
		s, err := v.Doc.expand(m[2 : len(m)-1])
		if err != nil {
			v.Wrong(err.Error(), "", "")
			ok = false
		}
		return s
	})
	return out, ok
}

// Items are the values of a list. A single value that is no list stands for a
// list of one where single is set.
func (v Value) Items(single bool) []Value {
	n, ok := v.plain().(*ast.SequenceNode)
	if !ok {
		if single && v.Kind() != Null && v.Kind() != Mapping {
			return []Value{v}
		}
		v.WrongKind("a list")
		return nil
	}
	out := make([]Value, 0, len(n.Values))
	for i, item := range n.Values {
		out = append(out, Value{Doc: v.Doc, Path: fmt.Sprintf("%s[%d]", v.Path, i), node: item}.noted())
	}
	return out
}

// Entries are the keys and values of a mapping, in the order of the file.
func (v Value) Entries() []Entry {
	return v.entries(0)
}

func (v Value) entries(depth int) []Entry {
	var pairs []*ast.MappingValueNode
	switch n := v.plain().(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		v.WrongKind("a mapping")
		return nil
	}
	var out []Entry
	for _, p := range pairs {
		if isNil(p) || isNil(p.Key) {
			continue
		}
		if _, merge := p.Key.(*ast.MergeKeyNode); merge {
			if depth < maxDepth {
				out = append(out, Value{Doc: v.Doc, Path: v.Path, node: p.Value}.entries(depth+1)...)
			}
			continue
		}
		key := Value{Doc: v.Doc, Path: v.Path, node: keyNode(p.Key)}
		name := key.Raw()
		path := name
		if v.Path != "" {
			path = v.Path + "." + name
		}
		out = append(out, Entry{Key: name, KeyAt: key.Pos(), Value: Value{Doc: v.Doc, Path: path, node: p.Value}.noted()})
	}
	return out
}

func keyNode(k ast.MapKeyNode) ast.Node {
	if m, ok := k.(*ast.MappingKeyNode); ok {
		return m.Value
	}
	return k
}

// noted remembers where the value stands.
func (v Value) noted() Value {
	if _, ok := v.Doc.places[v.Path]; !ok {
		v.Doc.places[v.Path] = v.Pos()
	}
	return v
}

// Wrong records a problem at the value.
func (v Value) Wrong(message, expected, hint string) {
	at := v.Pos()
	v.Doc.Add(Problem{Line: at.Line, Column: at.Column, Field: v.Path, Message: message, Expected: expected, Hint: hint})
}

// WrongKind records that the value is not of the kind that belongs there.
func (v Value) WrongKind(expected string) {
	v.Wrong("this is "+string(v.Kind()), expected, "")
}
