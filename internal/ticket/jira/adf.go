package jira

import (
	"encoding/json"
	"strings"

	"zesei/internal/ticket"
)

// node is a node of the Atlassian Document Format
// (https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/).
// Text in it is data: there is nothing to escape.
type node struct {
	Type    string         `json:"type"`
	Version int            `json:"version,omitempty"`
	Text    string         `json:"text,omitempty"`
	Attrs   map[string]any `json:"attrs,omitempty"`
	Marks   []node         `json:"marks,omitempty"`
	Content []node         `json:"content,omitempty"`
}

// document writes a text as a document: a paragraph for each block of lines.
func document(t ticket.Text) node {
	doc := node{Type: "doc", Version: 1}
	var block []node
	end := func() {
		if len(block) > 0 {
			doc.Content = append(doc.Content, node{Type: "paragraph", Content: block})
		}
		block = nil
	}
	for _, line := range t.Lines() {
		if len(line) == 0 {
			end()
			continue
		}
		if len(block) > 0 {
			block = append(block, node{Type: "hardBreak"})
		}
		for _, s := range line {
			n := node{Type: "text", Text: s.Text}
			switch s.Kind {
			case ticket.Bold:
				n.Marks = []node{{Type: "strong"}}
			case ticket.Code:
				n.Marks = []node{{Type: "code"}}
			case ticket.Link:
				n.Marks = []node{{Type: "link", Attrs: map[string]any{"href": s.Text}}}
			}
			if n.Text != "" { // an empty text node is refused
				block = append(block, n)
			}
		}
	}
	end()
	return doc
}

// words reads a document, or a plain string (Data Center), as text.
func words(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var doc node
	if json.Unmarshal(raw, &doc) != nil {
		return ""
	}
	var b strings.Builder
	doc.words(&b, 0)
	return strings.TrimSpace(b.String())
}

// maxDepth bounds how deep a document is read.
const maxDepth = 50

func (n node) words(b *strings.Builder, depth int) {
	if depth > maxDepth {
		return
	}
	switch n.Type {
	case "text":
		b.WriteString(n.Text)
	case "hardBreak":
		b.WriteByte('\n')
	case "mention", "emoji", "date", "status", "inlineCard":
		for _, key := range []string{"text", "shortName", "timestamp", "url"} {
			if s, ok := n.Attrs[key].(string); ok {
				b.WriteString(s)
				break
			}
		}
	}
	for _, c := range n.Content {
		c.words(b, depth+1)
	}
	switch n.Type {
	case "paragraph", "heading", "listItem", "codeBlock", "blockquote":
		b.WriteByte('\n')
	}
}
