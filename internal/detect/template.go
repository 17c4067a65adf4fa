package detect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxTemplate is CloudFormation's own limit, doubled for blanks.
const maxTemplate = 2 << 20

// template is a CloudFormation template, as much of it as an import reads.
type template struct {
	Parameters map[string]struct{ Default any }
	Resources  map[string]templateResource
}

type templateResource struct {
	Type       string
	Properties map[string]any
}

// readTemplate reads JSON or YAML with CloudFormation's short forms (!Ref).
func readTemplate(data []byte) (t template, err error) {
	if len(data) > maxTemplate {
		return t, fmt.Errorf("the template has %d bytes; expected at most %d", len(data), maxTemplate)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || trimmed[0] != '{' {
		if data, err = yamlAsJSON(data); err != nil {
			return t, err
		}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&t); err != nil {
		return t, fmt.Errorf("reading the template: %w", err)
	}
	if len(t.Resources) == 0 {
		return t, errors.New("no Resources; expected a CloudFormation template (a jest snapshot holds one: take the template out of it, or write it with cdk synth)")
	}
	return t, nil
}

func yamlAsJSON(data []byte) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	if len(doc.Content) == 0 {
		return nil, errors.New("the template is empty")
	}
	v, err := plainValue(doc.Content[0], 0)
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	return b, nil
}

// plainValue is a YAML value as encoding/json knows it, with the short forms of
// intrinsic functions written out: !Ref x as {"Ref": "x"}.
func plainValue(n *yaml.Node, depth int) (v any, err error) {
	if depth > 100 {
		return nil, fmt.Errorf("line %d: nested deeper than 100", n.Line)
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if m[n.Content[i].Value], err = plainValue(n.Content[i+1], depth+1); err != nil {
				return nil, err
			}
		}
		v = m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			if list[i], err = plainValue(item, depth+1); err != nil {
				return nil, err
			}
		}
		v = list
	case yaml.ScalarNode:
		v = scalar(n)
	default:
		return nil, fmt.Errorf("line %d: an alias; write the value out", n.Line)
	}
	name, short := strings.CutPrefix(n.Tag, "!")
	switch {
	case !short || name == "" || name[0] == '!': // none, or YAML's own
		return v, nil
	case name == "Ref" || name == "Condition":
		return map[string]any{name: v}, nil
	}
	return map[string]any{"Fn::" + name: v}, nil
}

func scalar(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
	}
	return n.Value
}

// resolve replaces the intrinsic functions whose value the template itself
// gives: parameters with a default, and Fn::Join and Fn::Sub over them. The
// error names the first that it does not.
func (t *template) resolve(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			var err error
			if out[i], err = t.resolve(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return t.call(name, argument)
				}
			}
		}
		out := make(map[string]any, len(v))
		for name, item := range v {
			var err error
			if out[name], err = t.resolve(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

func (t *template) call(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		if p, ok := t.Parameters[fmt.Sprint(argument)]; ok && p.Default != nil {
			return p.Default, nil
		}
	case "Fn::Join":
		if list, ok := argument.([]any); ok && len(list) == 2 {
			resolved, err := t.resolve(list[1])
			if err != nil {
				return nil, err
			}
			if items, ok := resolved.([]any); ok {
				texts := make([]string, len(items))
				for i, item := range items {
					texts[i] = fmt.Sprint(item)
				}
				return strings.Join(texts, fmt.Sprint(list[0])), nil
			}
		}
	case "Fn::Sub":
		if text, ok := argument.(string); ok {
			return t.substitute(text)
		}
	}
	shown, _ := json.Marshal(argument)
	return nil, fmt.Errorf("%s %s is known only to a deployed stack", name, clean(string(shown)))
}

func (t *template) substitute(text string) (any, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			return nil, fmt.Errorf("Fn::Sub: ${ is not closed")
		}
		if strings.HasPrefix(name, "!") {
			b.WriteString("${" + name[1:] + "}")
		} else {
			v, err := t.call("Ref", name)
			if err != nil {
				return nil, err
			}
			b.WriteString(fmt.Sprint(v))
		}
		text = rest
	}
}
