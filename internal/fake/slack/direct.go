package slack

import (
	"slices"
	"strings"
)

// direct is the conversation of the bot with one person, opened by its first use,
// as Slack does for chat.postMessage to a member's id; nil for nobody of the
// workspace (https://docs.slack.dev/reference/methods/chat.postMessage#channels).
// It stands under the member's id, and no list of channels shows it.
func (t *Twin) direct(user string) *Channel {
	if !slices.ContainsFunc(t.users, func(u User) bool { return u.ID == user }) {
		return nil
	}
	for _, c := range t.channels {
		if c.With == user {
			return c
		}
	}
	c := &Channel{ID: t.id("D"), Name: user, Private: true, Member: true, With: user}
	t.channels = append(t.channels, c)
	return c
}

// openConversation is conversations.open with one person.
func openConversation(q *request) (answer, error) {
	users := strings.Split(q.form.Get("users"), ",")
	if len(users) != 1 || users[0] == "" {
		return nil, problem("users_list_not_supplied")
	}
	c := q.t.direct(users[0])
	if c == nil {
		return nil, problem("user_not_found")
	}
	return answer{"channel": map[string]any{"id": c.ID, "is_im": true, "user": c.With}}, nil
}
