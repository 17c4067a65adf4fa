package source

import (
	"bytes"
	"fmt"
	"go/format"
	"strings"
)

// Render writes controls as the Go file that package control compiles in. The
// same controls always give the same bytes.
func Render(controls []Control) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("// Code generated from catalog/*.yaml by go generate; DO NOT EDIT.\n\npackage control\n\n")
	b.WriteString("var records = [...]record{\n")
	for i := range controls {
		controls[i].render(&b)
	}
	b.WriteString("}\n")
	text, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("format the generated catalogue: %w", err)
	}
	return text, nil
}

func (c *Control) render(b *bytes.Buffer) {
	b.WriteString("{")
	texts := []struct{ name, value string }{
		{"id", c.ID},
		{"en", c.Title.EN},
		{"ja", c.Title.JA},
		{"severity", c.Severity},
		{"class", c.Class},
		{"scope", c.Scope},
		{"rule", c.Rule},
		{"schedule", c.Schedule},
		{"params", c.Parameters},
		{"remedy", c.Remedy},
		{"fail", strings.TrimSpace(c.Fail)},
	}
	for _, t := range texts {
		if t.value != "" {
			fmt.Fprintf(b, "%s: %q, ", t.name, t.value)
		}
	}
	if c.Global {
		b.WriteString("global: true, ")
	}
	if c.Retired != "" {
		b.WriteString("retired: true, ")
	}
	if on := c.Retired + c.Retiring; isDate(on) {
		fmt.Fprintf(b, "retiredOn: %q, ", on)
	}
	list(b, "types", c.Resource)
	list(b, "configTypes", c.Config)
	list(b, "apis", c.APIs)
	c.renderStandards(b)
	b.WriteString("},\n")
}

func (c *Control) renderStandards(b *bytes.Buffer) {
	if len(c.Standards) > 0 {
		b.WriteString("standards: []membership{")
		for _, s := range standardIDs {
			if numbers, member := c.Standards[s]; member {
				fmt.Fprintf(b, "{%q, %s}, ", s, literal(numbers))
			}
		}
		b.WriteString("}, ")
	}
	if len(c.IDs) > 0 {
		b.WriteString("standardIDs: []StandardID{")
		for _, s := range standardIDs {
			for _, id := range c.IDs[s] {
				fmt.Fprintf(b, "{%q, %q}, ", s, id)
			}
		}
		b.WriteString("}, ")
	}
}

func list(b *bytes.Buffer, name string, values []string) {
	if len(values) > 0 {
		fmt.Fprintf(b, "%s: %s, ", name, literal(values))
	}
}

func literal(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return "[]string{" + strings.Join(quoted, ", ") + "}"
}
