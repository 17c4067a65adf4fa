package slack

import (
	"time"

	slackgo "github.com/slack-go/slack"
)

// Limits of modals. https://docs.slack.dev/reference/views/modal-views and
// https://docs.slack.dev/reference/block-kit/block-elements
const (
	maxTitle    = 24
	maxLabel    = 2000
	maxHint     = 2000
	maxOption   = 75
	maxOptions  = 100
	maxMetadata = 3000
	modalBlocks = 100
)

// Modal is a form, or a text to read where Submit is empty.
type Modal struct {
	Form   string   // callback id of what is sent
	Title  string   // at most 24 characters
	Submit string   // at most 24; "" shows no button to send
	Close  string   // at most 24
	About  string   // comes back as it is: ids, never text to be believed
	Text   []string // mrkdwn, whose outside text has passed through Escape
	Plain  []string // shown as it is, below Text
	Inputs []Input
}

// InputKind says how a field is filled in.
type InputKind string

// The kinds of field.
const (
	TextInput   InputKind = "text"
	URLInput    InputKind = "url"
	DateInput   InputKind = "date"
	UserInput   InputKind = "user"
	ChoiceInput InputKind = "choice"
	TickInput   InputKind = "tick" // one box; its value is that of the option
)

// Input is one field of a form. Its value comes back in Heard.Fields by Name.
type Input struct {
	Name     string
	Kind     InputKind
	Label    string
	Hint     string
	Value    string // what stands there at first; a date as 2006-01-02
	Optional bool
	Options  []Choice // of a choice: at most 100; of a tick: one
}

// Choice is one option.
type Choice struct{ Value, Text string }

// Day writes a date as a date field takes and gives it.
func Day(t time.Time) string { return t.Format(time.DateOnly) }

func (m Modal) view() slackgo.ModalViewRequest {
	v := slackgo.ModalViewRequest{Type: slackgo.VTModal, Title: plain(cut(m.Title, maxTitle)), CallbackID: m.Form, PrivateMetadata: m.About}
	if m.Close != "" {
		v.Close = plain(cut(m.Close, maxTitle))
	}
	if m.Submit != "" {
		v.Submit = plain(cut(m.Submit, maxTitle))
	}
	show := func(t string, as *slackgo.TextBlockObject) {
		for _, s := range split(t) {
			if len(v.Blocks.BlockSet) < modalBlocks-len(m.Inputs) {
				text := *as
				text.Text = s
				v.Blocks.BlockSet = append(v.Blocks.BlockSet, slackgo.NewSectionBlock(&text, nil, nil))
			}
		}
	}
	for _, t := range m.Text {
		show(t, &slackgo.TextBlockObject{Type: slackgo.MarkdownType, Verbatim: true})
	}
	for _, t := range m.Plain {
		show(t, &slackgo.TextBlockObject{Type: slackgo.PlainTextType})
	}
	for _, i := range m.Inputs {
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, i.block())
	}
	return v
}

func (i Input) block() slackgo.Block {
	var hint *slackgo.TextBlockObject
	if i.Hint != "" {
		hint = plain(cut(i.Hint, maxHint))
	}
	b := slackgo.NewInputBlock(i.Name, plain(cut(i.Label, maxLabel)), hint, i.element())
	b.Optional = i.Optional
	return b
}

func (i Input) element() slackgo.BlockElement {
	switch i.Kind {
	case URLInput:
		e := slackgo.NewURLTextInputBlockElement(nil, i.Name)
		e.InitialValue = i.Value
		return e
	case DateInput:
		e := slackgo.NewDatePickerBlockElement(i.Name)
		e.InitialDate = i.Value
		return e
	case UserInput:
		e := slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeUser, nil, i.Name)
		e.InitialUser = i.Value
		return e
	case ChoiceInput:
		e := slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeStatic, nil, i.Name, i.options()...)
		for _, o := range e.Options {
			if o.Value == i.Value {
				e.InitialOption = o
			}
		}
		return e
	case TickInput:
		return slackgo.NewCheckboxGroupsBlockElement(i.Name, i.options()...)
	}
	e := slackgo.NewPlainTextInputBlockElement(nil, i.Name)
	e.Multiline, e.MaxLength, e.InitialValue = true, MaxSaid, bounded(i.Value, MaxSaid)
	return e
}

func (i Input) options() []*slackgo.OptionBlockObject {
	var out []*slackgo.OptionBlockObject
	for _, c := range i.Options {
		if len(out) < maxOptions {
			out = append(out, slackgo.NewOptionBlockObject(c.Value, plain(cut(c.Text, maxOption)), nil))
		}
	}
	return out
}

// Mistakes answers a form that cannot be taken: words by field, in the reader's
// language. The form stays open.
func Mistakes(byField map[string]string) any {
	return slackgo.NewErrorsViewSubmissionResponse(byField)
}

// Instead answers a form with another in its place.
func Instead(m Modal) any {
	v := m.view()
	return slackgo.NewUpdateViewSubmissionResponse(&v)
}
