package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"
)

// View is a modal that was opened.
type View struct {
	TriggerID string
	View      json.RawMessage

	ID   string
	User string // who sees it
	Open bool   // not sent or closed yet
	// Errors are what the app found wrong with what was last sent, by block id.
	Errors map[string]string
}

// triggerLife is how long a trigger_id may open a view.
// https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
const triggerLife = 3 * time.Second

type trigger struct {
	user  string
	until time.Time
	used  bool
}

// newTrigger makes one for a user. Held: mu.
func (t *Twin) newTrigger(user string) string {
	id := t.id("trigger.")
	t.triggers[id] = &trigger{user: user, until: t.now().Add(triggerLife)}
	return id
}

// Limits of views and of what stands in them.
// https://docs.slack.dev/reference/views/modal-views
const (
	maxViewTitle    = 24
	maxViewBlocks   = 100
	maxViewMetadata = 3000
	maxLabel        = 2000
	maxOptions      = 100
	maxOptionText   = 75
	maxOptionValue  = 150
	maxInput        = 3000
)

type viewOption struct {
	Text  *textObject
	Value string
}

type viewElement struct {
	Type          string
	ActionID      string       `json:"action_id"`
	InitialValue  string       `json:"initial_value"`
	InitialDate   string       `json:"initial_date"`
	InitialUser   string       `json:"initial_user"`
	InitialOption *viewOption  `json:"initial_option"`
	MaxLength     int          `json:"max_length"`
	Options       []viewOption `json:"options"`
}

type viewBlock struct {
	Type     string
	BlockID  string `json:"block_id"`
	Label    *textObject
	Element  *viewElement
	Optional bool
}

type viewShape struct {
	Type            string
	Title           *textObject
	Submit, Close   *textObject
	CallbackID      string `json:"callback_id"`
	PrivateMetadata string `json:"private_metadata"`
	Blocks          []json.RawMessage
	inputs          []viewBlock
}

// readView holds a view against Slack's limits.
func readView(raw json.RawMessage) (viewShape, error) {
	var v viewShape
	bad := problem("invalid_arguments")
	if json.Unmarshal(raw, &v) != nil || v.Type != "modal" || len(v.Blocks) > maxViewBlocks || len(v.CallbackID) > maxID || utf8.RuneCountInString(v.PrivateMetadata) > maxViewMetadata {
		return v, bad
	}
	if v.Title == nil || !short(v.Title, maxViewTitle) || v.Submit != nil && !short(v.Submit, maxViewTitle) || v.Close != nil && !short(v.Close, maxViewTitle) {
		return v, bad
	}
	seen := map[string]bool{}
	for _, b := range v.Blocks {
		var plain block
		var in viewBlock
		if json.Unmarshal(b, &in) != nil || in.BlockID != "" && seen[in.BlockID] {
			return v, bad
		}
		seen[in.BlockID] = true
		if in.Type != "input" {
			if json.Unmarshal(b, &plain) != nil {
				return v, bad
			}
			if _, ok := plain.check(); !ok {
				return v, bad
			}
			continue
		}
		if v.Submit == nil || !in.valid() { // a view with inputs needs a submit button
			return v, bad
		}
		v.inputs = append(v.inputs, in)
	}
	return v, nil
}

func short(t *textObject, most int) bool {
	n := utf8.RuneCountInString(t.Text)
	return t.Type == "plain_text" && n > 0 && n <= most
}

func (b viewBlock) valid() bool {
	e := b.Element
	if e == nil || b.Label == nil || !short(b.Label, maxLabel) || len(e.ActionID) > maxID {
		return false
	}
	switch e.Type {
	case "plain_text_input", "url_text_input":
		return e.MaxLength <= maxInput && utf8.RuneCountInString(e.InitialValue) <= maxInput
	case "datepicker":
		_, err := time.Parse(time.DateOnly, e.InitialDate)
		return e.InitialDate == "" || err == nil
	case "users_select":
		return true
	case "static_select", "checkboxes":
		if len(e.Options) == 0 || len(e.Options) > maxOptions {
			return false
		}
		for _, o := range e.Options {
			if o.Text == nil || !short(o.Text, maxOptionText) || utf8.RuneCountInString(o.Value) > maxOptionValue {
				return false
			}
		}
		return true
	}
	return false
}

func openView(q *request) (answer, error) {
	g := q.t.triggers[q.form.Get("trigger_id")]
	switch {
	case g == nil:
		return nil, problem("invalid_trigger_id")
	case g.used:
		return nil, problem("exchanged_trigger_id")
	case q.t.now().After(g.until):
		return nil, problem("expired_trigger_id")
	}
	raw := q.raw("view")
	if _, err := readView(raw); err != nil {
		return nil, err
	}
	g.used = true
	v := View{TriggerID: q.form.Get("trigger_id"), View: raw, ID: q.t.id("V"), User: g.user, Open: true}
	q.t.views = append(q.t.views, v)
	shown := map[string]any{}
	if err := json.Unmarshal(raw, &shown); err != nil {
		return nil, problem("invalid_arguments")
	}
	shown["id"] = v.ID
	return answer{"view": shown}, nil
}

// Submit fills the modal with that id in and sends it to the app, by its address
// or OverSocket. Fields are by block id: a text, a date, a user's id, an option's
// value; what is left out keeps what stood there. The modal closes, shows the
// app's errors, or another takes its place, as the app answers.
func (t *Twin) Submit(ctx context.Context, target, viewID string, fields map[string]string) (int, []byte, error) {
	t.mu.Lock()
	i := t.view(viewID)
	if i < 0 || !t.views[i].Open {
		t.mu.Unlock()
		return 0, nil, fmt.Errorf("slack twin: no open view %s", viewID)
	}
	v := t.views[i]
	shape, err := readView(v.View)
	if err != nil {
		t.mu.Unlock()
		return 0, nil, err
	}
	values := map[string]any{}
	for _, b := range shape.inputs {
		f, given := fields[b.BlockID]
		value, filled := b.Element.state(f, given)
		if !filled && !b.Optional {
			t.mu.Unlock()
			return 0, nil, fmt.Errorf("slack twin: the modal needs %s", b.BlockID)
		}
		values[b.BlockID] = map[string]any{b.Element.ActionID: value}
	}
	shown := map[string]any{}
	_ = json.Unmarshal(v.View, &shown) // it was read above
	shown["id"], shown["state"], shown["hash"] = v.ID, map[string]any{"values": values}, "1."+v.ID
	payload := map[string]any{
		"type": "view_submission", "team": map[string]any{"id": Team, "domain": "twin"}, "api_app_id": "A0TWIN", "token": "unused",
		"user": map[string]any{"id": v.User, "team_id": Team}, "trigger_id": t.newTrigger(v.User), "view": shown, "response_urls": []any{},
	}
	t.mu.Unlock()
	status, body, err := t.Payload(ctx, target, payload)
	if err == nil && status == http.StatusOK {
		t.submitted(v.ID, body)
	}
	return status, body, err
}

// submitted does with a modal what the app answered.
func (t *Twin) submitted(id string, body []byte) {
	var said struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	_ = json.Unmarshal(body, &said) // no body closes it
	t.mu.Lock()
	defer t.mu.Unlock()
	v := &t.views[t.view(id)]
	v.Errors = said.Errors
	switch said.Action {
	case "errors":
	case "update":
		if _, err := readView(said.View); err == nil {
			v.View = said.View
		}
	default:
		v.Open = false
	}
}

// state is an element as a submission carries it.
func (e viewElement) state(f string, given bool) (map[string]any, bool) {
	or := func(initial string) any {
		switch {
		case given && f != "":
			return f
		case !given && initial != "":
			return initial
		}
		return nil
	}
	out := map[string]any{"type": e.Type}
	var v any
	switch e.Type {
	case "datepicker":
		v = or(e.InitialDate)
		out["selected_date"] = v
	case "users_select":
		v = or(e.InitialUser)
		out["selected_user"] = v
	case "static_select":
		initial := ""
		if e.InitialOption != nil {
			initial = e.InitialOption.Value
		}
		if v = or(initial); v != nil {
			out["selected_option"] = map[string]any{"value": v}
		} else {
			out["selected_option"] = nil
		}
	case "checkboxes":
		chosen := []any{}
		if v = or(""); v != nil {
			chosen = append(chosen, map[string]any{"value": v})
		}
		out["selected_options"] = chosen
	default:
		v = or(e.InitialValue)
		out["value"] = v
	}
	return out, v != nil
}

func (t *Twin) view(id string) int {
	for i := range t.views {
		if t.views[i].ID == id {
			return i
		}
	}
	return -1
}
