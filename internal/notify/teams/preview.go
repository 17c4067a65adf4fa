package teams

import (
	"encoding/json"
	"fmt"

	"zesei/internal/notify"
)

// Show compiles the templates for Teams. The function that it returns makes the
// request that would be posted for one part of a message: the Adaptive Card stands
// in attachments[0].content. Its error is a template's.
func Show(t *notify.Templates) (func(v notify.View) (json.RawMessage, error), error) {
	texts, err := t.For(notify.Marked{})
	if err != nil {
		return nil, fmt.Errorf("teams: message templates: %w", err)
	}
	return func(v notify.View) (json.RawMessage, error) {
		text, err := texts.Render(v)
		if err != nil {
			return nil, err
		}
		return card(v.Language, notify.Spans(text), func(n int) []notify.Span {
			v.Cut = n
			return notify.Spans(texts.CutNote(v))[0]
		})
	}, nil
}
