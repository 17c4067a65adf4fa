package demo

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"zesei/internal/fake/slack"
	"zesei/internal/store"
)

// post is a message at the top of a Slack channel.
type post struct {
	channel, owner, language string
	kind                     string // of its row; "summary" where there is no row
	slack.Message
}

// posted are the messages that stand in the channels and were not there before.
func (d *Demo) posted(ctx context.Context) ([]post, error) {
	var out []post
	for _, o := range d.world.company.Owners {
		for _, name := range []string{o.Channel, o.Leads} {
			if name == "" {
				continue
			}
			for _, m := range d.world.slack.Messages(name) {
				if d.played.seen[name+m.TS] || m.ThreadTS != "" && m.ThreadTS != m.TS {
					continue
				}
				d.played.seen[name+m.TS] = true
				kind, err := d.kind(ctx, m)
				if err != nil {
					return nil, err
				}
				out = append(out, post{channel: name, owner: o.Name, language: o.Language, kind: kind, Message: m})
			}
		}
	}
	return out, nil
}

const summary = "summary"

// kind is the kind of the row that a message stands for.
func (d *Demo) kind(ctx context.Context, m slack.Message) (string, error) {
	key := keyOf(m)
	if strings.Contains(key, "|schedule|") {
		return summary, nil
	}
	id, err := strconv.ParseInt(strings.TrimPrefix(key, d.app.DB.ID()+"-"), 10, 64)
	if err != nil {
		return "", nil // nothing of ours
	}
	row, err := store.LoadMessage(ctx, d.app.DB.View(), id)
	return row.Kind, err
}

// keyOf is the key that zesei wrote into a message's metadata.
func keyOf(m slack.Message) string {
	var meta struct {
		Payload struct {
			Key string `json:"key"`
		} `json:"event_payload"`
	}
	_ = json.Unmarshal(m.Metadata, &meta) // a message without metadata has no key
	return meta.Payload.Key
}

// read is what people read of a message: its blocks, and its text where it has
// none.
func read(m slack.Message) string {
	var blocks []struct {
		Type string
		Text struct{ Text string }
	}
	if json.Unmarshal(m.Blocks, &blocks) != nil {
		return m.Text
	}
	var parts []string
	for _, b := range blocks {
		if b.Text.Text != "" {
			parts = append(parts, b.Text.Text)
		}
	}
	if len(parts) == 0 {
		return m.Text
	}
	return strings.Join(parts, "\n")
}

// hark looks at what was posted since it last did, and tells the first of each
// kind in the words that people read.
func (d *Demo) hark(ctx context.Context, tell bool) error {
	list, err := d.posted(ctx)
	if err != nil {
		return err
	}
	for _, p := range list {
		d.played.posts[p.kind]++
		if p.kind == summary {
			d.keepSummary(p)
		}
		if tell {
			d.quote(p)
		}
	}
	return nil
}

// shown are the kinds of messages of which the first one is shown: in which
// language, under which words, and how many lines of it.
var shown = map[string]struct {
	words    words
	language string
	lines    int
}{
	store.MessageReminder:   {words{"first reminder", "最初のリマインダー"}, "ja", 3},
	store.MessageEscalation: {words{"overdue, so those above are told", "期限超過のためエスカレーション"}, "en", 3},
	store.MessageDigest:     {words{"the digest of what is only worth knowing", "お知らせのみの検出結果のまとめ"}, "ja", 3},
}

func (d *Demo) quote(p post) {
	q, ok := shown[p.kind]
	if !ok || d.played.quoted[p.kind] || p.language != q.language {
		return
	}
	d.played.quoted[p.kind] = true
	d.tell(d.when(stamp(p.TS), d.zone(p.owner)) + "  #" + p.channel + " ← " + q.words.In(d.language))
	d.tellText(read(p.Message), q.lines)
}

// tellText shows the beginning of a message as it stands in Slack, without empty
// lines and with the names of those who are mentioned.
func (d *Demo) tellText(text string, lines int) {
	for _, p := range d.world.company.People {
		text = strings.ReplaceAll(text, "<@"+p.Slack+">\n", "@"+p.Name+" ")
		text = strings.ReplaceAll(text, "<@"+p.Slack+">", "@"+p.Name)
	}
	all := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
	for i, line := range all {
		if i == lines && len(all) > lines+1 {
			d.say("    │ … %d more lines", "    │ … ほか %d 行", len(all)-lines)
			return
		}
		d.tell("    │ " + clip(link.ReplaceAllString(line, "$1"), columns))
	}
}

// link is a link as Slack writes it; people see its words.
var link = regexp.MustCompile(`<https?://[^|>]*\|([^>]*)>`)

// columns are the columns of a terminal that a quoted line fills at most.
const columns = 100

// wrap breaks a text into lines at spaces and Japanese commas.
func wrap(text string, most int) []string {
	var out []string
	for rest := text; ; {
		head := clip(rest, most)
		if head == rest {
			return append(out, rest)
		}
		head = strings.TrimSuffix(head, "…")
		at := strings.LastIndex(head, " ") + 1
		if comma := strings.LastIndex(head, "、"); comma >= 0 {
			at = max(at, comma+len("、"))
		}
		if at == 0 {
			return append(out, rest)
		}
		out, rest = append(out, strings.TrimRight(rest[:at], " ")), rest[at:]
	}
}

// clip cuts a line that a terminal would break. Japanese letters are two columns
// wide.
func clip(line string, most int) string {
	n := 0
	for i, r := range line {
		if n++; r >= 0x2e80 {
			n++
		}
		if n > most {
			return line[:i] + "…"
		}
	}
	return line
}

// keepSummary remembers the last summary that a team got.
func (d *Demo) keepSummary(p post) {
	if d.clock.Now().Before(d.first(monthLength)) {
		return
	}
	d.played.summaries[p.owner] = true
	if p.language == "ja" && d.played.summary == "" {
		d.played.summary, d.played.summaryIn = read(p.Message), p.channel
	}
}
