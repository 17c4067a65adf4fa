package teams

import (
	"encoding/json"

	"zesei/internal/notify"
)

// maxBody is how many bytes a request may have: 28 KB.
const maxBody = 28 * 1000

// The parts of an Adaptive Card that we use. Text stands in TextRuns, which do
// not read Markdown, so nothing from outside can be mistaken for it.
// https://adaptivecards.io/explorer/RichTextBlock.html
type (
	request struct {
		Type        string       `json:"type"` // message
		Attachments []attachment `json:"attachments"`
	}
	attachment struct {
		ContentType string  `json:"contentType"`
		Content     content `json:"content"`
	}
	content struct {
		Schema  string            `json:"$schema"`
		Type    string            `json:"type"`
		Version string            `json:"version"`
		Lang    string            `json:"lang"`
		Body    []block           `json:"body"`
		Teams   map[string]string `json:"msteams"`
	}
	block struct {
		Type    string `json:"type"`
		Spacing string `json:"spacing,omitempty"`
		Inlines []run  `json:"inlines"`
	}
	run struct {
		Type     string `json:"type"`
		Text     string `json:"text"`
		Weight   string `json:"weight,omitempty"`
		FontType string `json:"fontType,omitempty"`
		Action   *open  `json:"selectAction,omitempty"`
	}
	open struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	}
)

// card is a request with as many lines as it can hold; note writes the line that
// says how many it leaves out.
func card(language string, lines [][]notify.Span, note func(left int) []notify.Span) ([]byte, error) {
	body, err := write(language, lines)
	if err != nil || len(body) <= maxBody {
		return body, err
	}
	// The most lines that fit: between low, which do, and high, which do not.
	low, high := 0, len(lines)
	var best []byte
	for low < high {
		n := (low + high) / 2
		cut := append(append([][]notify.Span(nil), lines[:n]...), note(len(lines)-n))
		if body, err = write(language, cut); err != nil {
			return nil, err
		}
		if len(body) <= maxBody {
			best, low = body, n+1
		} else {
			high = n
		}
	}
	return best, nil
}

func write(language string, lines [][]notify.Span) ([]byte, error) {
	c := content{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
		Lang: language, Teams: map[string]string{"width": "Full"},
	}
	gap := false
	for _, l := range lines {
		if len(l) == 0 {
			gap = true
			continue
		}
		b := block{Type: "RichTextBlock", Spacing: "None"}
		if gap && len(c.Body) > 0 {
			b.Spacing = "Medium"
		}
		gap = false
		for _, s := range l {
			r := run{Type: "TextRun", Text: s.Text}
			if s.Bold {
				r.Weight = "Bolder"
			}
			if s.Code {
				r.FontType = "Monospace"
			}
			if s.URL != "" {
				r.Action = &open{Type: "Action.OpenUrl", URL: s.URL}
			}
			b.Inlines = append(b.Inlines, r)
		}
		c.Body = append(c.Body, b)
	}
	return json.Marshal(request{Type: "message", Attachments: []attachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: c}}})
}
