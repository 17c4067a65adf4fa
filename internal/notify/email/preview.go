package email

import (
	"fmt"

	"zesei/internal/notify"
)

// Preview is a mail as it would be written, without its addresses.
type Preview struct{ Subject, Text, HTML string }

// Show compiles the templates for mail. The function that it returns writes one
// part of a message; its error is a template's.
func Show(t *notify.Templates) (func(v notify.View) (Preview, error), error) {
	plain, err := t.For(notify.Plain{})
	if err != nil {
		return nil, fmt.Errorf("email: message templates: %w", err)
	}
	marked, err := t.For(notify.Marked{})
	if err != nil {
		return nil, fmt.Errorf("email: message templates: %w", err)
	}
	return func(v notify.View) (Preview, error) {
		text, err := plain.Render(v)
		if err != nil {
			return Preview{}, err
		}
		spans, err := marked.Render(v)
		return Preview{Subject: subject(text), Text: text, HTML: page(v.Language, spans)}, err
	}, nil
}
