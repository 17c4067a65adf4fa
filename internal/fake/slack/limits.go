package slack

import (
	"encoding/json"
	"unicode/utf8"
)

// Limits of messages, from Slack's Block Kit reference; the sum over all blocks
// is undocumented and was met in practice.
const (
	maxBlocks    = 50
	maxText      = 40000 // chat.postMessage: longer text is refused here, Slack cuts it
	maxSection   = 3000
	maxField     = 2000
	maxFields    = 10
	maxActions   = 25
	maxHeader    = 150
	maxButton    = 75
	maxValue     = 2000
	maxID        = 255
	maxContext   = 10
	maxAllBlocks = 13200
)

type textObject struct{ Type, Text string }

type element struct {
	Type     string
	Text     json.RawMessage
	ActionID string `json:"action_id"`
	Value    string
	URL      string
	Style    string
	Confirm  *confirmation
}

// confirmation is what is asked before a button acts.
type confirmation struct{ Title, Text, Confirm, Deny *textObject }

func (c *confirmation) valid() bool {
	within := func(t *textObject, most int) bool {
		return t != nil && t.Text != "" && utf8.RuneCountInString(t.Text) <= most
	}
	return c == nil || within(c.Title, 100) && within(c.Text, 300) && within(c.Confirm, 30) && within(c.Deny, 30)
}

type block struct {
	Type     string
	BlockID  string `json:"block_id"`
	Text     *textObject
	Fields   []textObject
	Elements []element
}

var blockTypes = map[string]bool{
	"section": true, "divider": true, "context": true, "actions": true, "header": true, "image": true, "input": true, "rich_text": true, "file": true, "video": true, "markdown": true, "table": true,
}

// checkMessage holds a message against Slack's limits.
func checkMessage(text, blocks string, attachments json.RawMessage) error {
	if utf8.RuneCountInString(text) > maxText {
		return problem("msg_too_long")
	}
	if blocks == "" || blocks == "null" || blocks == "[]" {
		if text == "" && attachments == nil {
			return problem("no_text")
		}
		return nil
	}
	var list []block
	if err := json.Unmarshal([]byte(blocks), &list); err != nil {
		return problem("invalid_blocks_format")
	}
	if len(list) > maxBlocks {
		return problem("invalid_blocks")
	}
	total := 0
	seen := map[string]bool{}
	for _, b := range list {
		if b.BlockID != "" && seen[b.BlockID] {
			return problem("invalid_blocks")
		}
		seen[b.BlockID] = true
		n, ok := b.check()
		if !ok {
			return problem("invalid_blocks")
		}
		total += n
	}
	if total > maxAllBlocks {
		return problem("msg_blocks_too_long")
	}
	return nil
}

// check returns how many characters a block shows, and whether it is valid.
func (b block) check() (characters int, ok bool) {
	if !blockTypes[b.Type] || len(b.BlockID) > maxID {
		return 0, false
	}
	count := func(t *textObject, most int) bool {
		if t == nil {
			return true
		}
		n := utf8.RuneCountInString(t.Text)
		characters += n
		return n > 0 && n <= most && (t.Type == "mrkdwn" || t.Type == "plain_text")
	}
	switch b.Type {
	case "section":
		if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > maxFields || !count(b.Text, maxSection) {
			return 0, false
		}
		for _, f := range b.Fields {
			if !count(&f, maxField) {
				return 0, false
			}
		}
	case "header":
		if b.Text == nil || b.Text.Type != "plain_text" || !count(b.Text, maxHeader) {
			return 0, false
		}
	case "context":
		if len(b.Elements) == 0 || len(b.Elements) > maxContext {
			return 0, false
		}
		for _, e := range b.Elements {
			var s string
			if json.Unmarshal(e.Text, &s) == nil && !count(&textObject{e.Type, s}, maxSection) {
				return 0, false
			}
		}
	case "actions":
		if len(b.Elements) == 0 || len(b.Elements) > maxActions {
			return 0, false
		}
		for _, e := range b.Elements {
			if len(e.ActionID) > maxID || utf8.RuneCountInString(e.Value) > maxValue || utf8.RuneCountInString(e.URL) > 3000 {
				return 0, false
			}
			if e.Type != "button" {
				continue
			}
			if !e.Confirm.valid() || e.Style != "" && e.Style != "primary" && e.Style != "danger" {
				return 0, false
			}
			var label textObject
			if json.Unmarshal(e.Text, &label) != nil || label.Type != "plain_text" || !count(&label, maxButton) {
				return 0, false
			}
		}
	}
	return characters, true
}
