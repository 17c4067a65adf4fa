package slack

import (
	"strings"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"
)

// Slack's limits. https://docs.slack.dev/reference/block-kit/blocks; the sum
// over all blocks is not documented: Slack answers msg_blocks_too_long at about
// 13,200 characters.
const (
	maxBlocks   = 50
	maxText     = 3000
	maxAll      = 13000
	blockFrame  = 80 // what a section costs besides its text
	maxFallback = 3000
)

// page is a message laid out.
type page struct {
	text     string // what notifications and screen readers get
	sections []string
	buttons  []slackgo.BlockElement
	bare     bool
}

func (p page) options() []slackgo.MsgOption {
	return []slackgo.MsgOption{
		slackgo.MsgOptionText(p.text, false), slackgo.MsgOptionParse(false),
		slackgo.MsgOptionBlocks(p.blocks()...),
		slackgo.MsgOptionDisableLinkUnfurl(), slackgo.MsgOptionDisableMediaUnfurl(),
	}
}

func (p page) blocks() []slackgo.Block {
	var blocks []slackgo.Block
	for _, s := range p.sections {
		blocks = append(blocks, slackgo.NewSectionBlock(&slackgo.TextBlockObject{Type: slackgo.MarkdownType, Text: s, Verbatim: true}, nil, nil))
	}
	if len(p.buttons) > 0 {
		blocks = append(blocks, slackgo.NewActionBlock("", p.buttons...))
	}
	return blocks
}

// plain is the page as one short section.
func (p page) plain() page {
	text := cut(p.text, 2000)
	return page{text: text, sections: []string{text}, bare: true}
}

// layout makes a section of each paragraph, splitting what is too long between
// lines. What the limits leave no room for is cut, and note says how many lines
// that were.
func layout(text string, note func(lines int) string) page {
	return layoutWithin(text, maxBlocks, maxAll, note)
}

// layoutWithin is layout where other blocks of the message leave less room.
func layoutWithin(text string, blocks, all int, note func(lines int) string) page {
	var pieces []string
	for _, para := range strings.Split(text, "\n\n") {
		pieces = append(pieces, split(para)...)
	}
	total := 0
	for _, s := range pieces {
		total += size(s) + blockFrame
	}
	if len(pieces) <= blocks && total <= all {
		return page{text: fallback(text), sections: pieces}
	}
	reserve := size(cut(note(strings.Count(text, "\n")+1), maxText)) + blockFrame
	kept, used := 0, 0
	for kept < len(pieces) && kept < blocks-1 {
		cost := size(pieces[kept]) + blockFrame
		if used+cost+reserve > all {
			break
		}
		used += cost
		kept++
	}
	lost := 0
	for _, s := range pieces[kept:] {
		lost += strings.Count(s, "\n") + 1
	}
	return page{text: fallback(text), sections: append(pieces[:kept:kept], cut(note(lost), maxText))}
}

// split cuts a paragraph between lines into texts that a section may hold.
func split(para string) []string {
	if strings.TrimSpace(para) == "" {
		return nil
	}
	var out []string
	var b strings.Builder
	n := 0
	for _, l := range strings.Split(para, "\n") {
		l = cut(l, maxText)
		if n > 0 && n+1+size(l) > maxText {
			out = append(out, b.String())
			b.Reset()
			n = 0
		}
		if n > 0 {
			b.WriteByte('\n')
			n++
		}
		b.WriteString(l)
		n += size(l)
	}
	if n > 0 {
		out = append(out, b.String())
	}
	return out
}

// fallback is the text that goes with the blocks: whole lines up to the limit.
func fallback(text string) string {
	if size(text) <= maxFallback {
		return text
	}
	lines := strings.Split(text, "\n")
	n := size(lines[0])
	kept := 1
	for kept < len(lines) && n+1+size(lines[kept])+2 <= maxFallback {
		n += 1 + size(lines[kept])
		kept++
	}
	return cut(strings.Join(lines[:kept], "\n")+"\n…", maxFallback)
}

// size counts as the strictest reader would: UTF-16 units.
func size(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// cut shortens to at most limit units with "…" at the end, never inside an
// entity (&lt;) or a link or mention (<…>).
func cut(s string, limit int) string {
	if size(s) <= limit {
		return s
	}
	n, i := 0, 0
	for i < len(s) {
		w := token(s[i:])
		c := size(s[i : i+w])
		if n+c > limit-1 {
			break
		}
		n += c
		i += w
	}
	return s[:i] + "…"
}

// token is the length in bytes of what must stay together at the start of s.
func token(s string) int {
	switch s[0] {
	case '<':
		if end := strings.IndexAny(s, ">\n"); end > 0 && s[end] == '>' {
			return end + 1
		}
	case '&':
		for _, e := range []string{"&amp;", "&lt;", "&gt;"} {
			if strings.HasPrefix(s, e) {
				return len(e)
			}
		}
	}
	_, w := utf8.DecodeRuneInString(s)
	return w
}
