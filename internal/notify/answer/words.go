package answer

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"zesei/internal/notify"
)

//go:embed words.yaml
var wordsFile []byte

type words struct {
	EN string `yaml:"en"`
	JA string `yaml:"ja"`
}

// texts reads words.yaml, which a test reads too: it can be read.
var texts = sync.OnceValue(func() map[string]words {
	out := map[string]words{}
	if err := yaml.Unmarshal(wordsFile, &out); err != nil {
		panic("answer: words.yaml: " + err.Error())
	}
	return out
})

// voice says things in the language and zone of an owner.
type voice struct {
	language string
	zone     *time.Location
}

// say is a text with its places filled in. What is filled in is escaped by whoever
// sends it.
func (v voice) say(key string, args ...any) string {
	w, ok := texts()[key]
	if !ok {
		return key
	}
	text := w.EN
	if v.language == "ja" {
		text = w.JA
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// state is a state as people read it.
func (v voice) state(s string) string {
	if _, ok := texts()["state-"+s]; ok {
		return v.say("state-" + s)
	}
	return s
}

// at is an instant in words; day is its date.
func (v voice) at(t time.Time) string { return v.in(t, "2006-01-02 15:04 MST") }

func (v voice) day(t time.Time) string { return v.in(t, time.DateOnly) }

func (v voice) in(t time.Time, layout string) string {
	zone := v.zone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format(layout)
}

// harmless is a line of outside text as plain text: its indent stays, control and
// reordering characters go.
func harmless(line string) string {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	return strings.Repeat("\u00a0", indent) + notify.Clean(line)
}
