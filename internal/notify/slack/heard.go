package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// HeardKind says how somebody spoke to the app.
type HeardKind string

// The ways to speak to the app.
const (
	Press HeardKind = "press" // of a button in a message
	Form  HeardKind = "form"  // a modal was sent
	Words HeardKind = "words" // the app was mentioned in a channel
	Other HeardKind = "other" // anything else: acknowledged, and nothing follows
)

// Heard is what somebody did in Slack. All of it was written by the one who did
// it: who they are, and what they may do, is looked up by User.
type Heard struct {
	Kind HeardKind
	// Delivery is the same when the same is delivered again.
	Delivery string
	Team     string // workspace in which it happened
	User     string // member id
	UserTeam string // workspace that the member is of
	Channel  string // id; "" of a form
	Message  string // ts of the message that was pressed, or written
	Thread   string // ts of the first message of its thread; "" none

	Do    string // press: action id
	Value string // press: the button's value
	// Trigger opens a modal within three seconds.
	Trigger string
	// ResponseURL takes five answers within half an hour. It is a secret.
	ResponseURL string

	Form   string            // form: callback id
	About  string            // form: its private metadata
	Fields map[string]string // form: what was filled in, by block id; several options are joined with commas

	Text string // words: as Slack wrote them
	App  string // words: member id of the app itself, where Slack says it
}

var errNoPayload = errors.New("this is no payload of Slack's")

type who struct {
	ID     string `json:"id"`
	TeamID string `json:"team_id"`
}

// ParseInteraction reads the payload of an interaction: a press of a button or a
// form that was sent.
// https://docs.slack.dev/reference/interaction-payloads
func ParseInteraction(payload []byte) (Heard, error) {
	var in struct {
		Type        string `json:"type"`
		Team        *who   `json:"team"`
		User        who    `json:"user"`
		Channel     who    `json:"channel"`
		TriggerID   string `json:"trigger_id"`
		ResponseURL string `json:"response_url"`
		Container   struct {
			ChannelID string `json:"channel_id"`
			MessageTS string `json:"message_ts"`
			ThreadTS  string `json:"thread_ts"`
		} `json:"container"`
		Message struct {
			ThreadTS string `json:"thread_ts"`
		} `json:"message"`
		Actions []struct {
			ActionID string `json:"action_id"`
			Value    string `json:"value"`
			ActionTS string `json:"action_ts"`
		} `json:"actions"`
		View struct {
			ID         string `json:"id"`
			CallbackID string `json:"callback_id"`
			Metadata   string `json:"private_metadata"`
			State      struct {
				Values map[string]map[string]field `json:"values"`
			} `json:"state"`
		} `json:"view"`
	}
	if err := json.Unmarshal(payload, &in); err != nil {
		return Heard{}, fmt.Errorf("%w: %w", errNoPayload, syntaxOnly(err))
	}
	h := Heard{Kind: Other, User: in.User.ID, UserTeam: in.User.TeamID, Trigger: in.TriggerID, ResponseURL: in.ResponseURL}
	if in.Team != nil {
		h.Team = in.Team.ID
	}
	switch {
	case in.Type == "":
		return Heard{}, errNoPayload
	case in.Type == "block_actions" && len(in.Actions) > 0 && in.Container.MessageTS != "":
		a := in.Actions[0]
		h.Kind, h.Do, h.Value = Press, a.ActionID, a.Value
		h.Channel, h.Message = first(in.Channel.ID, in.Container.ChannelID), in.Container.MessageTS
		h.Thread = first(in.Container.ThreadTS, in.Message.ThreadTS)
		h.Delivery = strings.Join([]string{"press", h.User, h.Channel, h.Message, a.ActionID, a.ActionTS}, "|")
	case in.Type == "view_submission":
		h.Kind, h.Form, h.About = Form, in.View.CallbackID, in.View.Metadata
		h.Delivery = "form|" + h.User + "|" + in.View.ID
		h.Fields = map[string]string{}
		for block, byAction := range in.View.State.Values {
			for _, f := range byAction {
				h.Fields[block] = f.text()
			}
		}
	}
	if h.Kind != Other && h.User == "" {
		return Heard{}, fmt.Errorf("%w: it names no user", errNoPayload)
	}
	return h, nil
}

// field is one element of a form as Slack sends it back.
type field struct {
	Value           *string  `json:"value"`
	SelectedDate    *string  `json:"selected_date"`
	SelectedUser    *string  `json:"selected_user"`
	SelectedOption  *option  `json:"selected_option"`
	SelectedOptions []option `json:"selected_options"`
}

type option struct {
	Value string `json:"value"`
}

func (f *field) text() string {
	for _, s := range []*string{f.Value, f.SelectedDate, f.SelectedUser} {
		if s != nil {
			return *s
		}
	}
	if f.SelectedOption != nil {
		return f.SelectedOption.Value
	}
	var all []string
	for _, o := range f.SelectedOptions {
		all = append(all, o.Value)
	}
	return strings.Join(all, ",")
}

// ParseEvent reads a request of the Events API. A challenge is to be sent back as
// it is: Slack checks the address with it.
// https://docs.slack.dev/apis/events-api/
func ParseEvent(body []byte) (h Heard, challenge string, err error) {
	var in struct {
		Type           string `json:"type"`
		Challenge      string `json:"challenge"`
		TeamID         string `json:"team_id"`
		EventID        string `json:"event_id"`
		Authorizations []struct {
			UserID string `json:"user_id"`
		} `json:"authorizations"`
		Event struct {
			Type     string `json:"type"`
			User     string `json:"user"`
			UserTeam string `json:"user_team"`
			Team     string `json:"team"`
			BotID    string `json:"bot_id"`
			Text     string `json:"text"`
			Channel  string `json:"channel"`
			TS       string `json:"ts"`
			ThreadTS string `json:"thread_ts"`
		} `json:"event"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return h, "", fmt.Errorf("%w: %w", errNoPayload, syntaxOnly(err))
	}
	switch e := in.Event; {
	case in.Type == "url_verification":
		return Heard{Kind: Other}, in.Challenge, nil
	case in.Type != "event_callback":
		if in.Type == "" {
			return h, "", errNoPayload
		}
	case e.Type == "app_mention" && e.BotID == "":
		if e.User == "" || in.EventID == "" {
			return h, "", fmt.Errorf("%w: it names no user or no event", errNoPayload)
		}
		h = Heard{Kind: Words, Delivery: "event|" + in.EventID, Team: in.TeamID, User: e.User, UserTeam: first(e.UserTeam, e.Team),
			Channel: e.Channel, Message: e.TS, Thread: e.ThreadTS, Text: e.Text}
		if len(in.Authorizations) > 0 {
			h.App = in.Authorizations[0].UserID
		}
		return h, "", nil
	}
	return Heard{Kind: Other, Team: in.TeamID}, "", nil
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// syntaxOnly keeps what was sent out of an error.
func syntaxOnly(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("no JSON at offset %d", syntax.Offset)
	}
	return errors.New("a field has another type than Slack's")
}
