package slack

import (
	"strings"
)

func (c *Channel) show() map[string]any {
	return map[string]any{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": !c.Private, "is_private": c.Private,
		"is_member": c.Member, "is_archived": c.Archived,
	}
}

func listChannels(q *request) (answer, error) {
	var found []*Channel
	for _, c := range q.t.channels {
		wanted := q.form.Get("types")
		kind := "public_channel"
		if c.Private {
			kind = "private_channel"
		}
		if c.With != "" || c.Private && !c.Member || q.flag("exclude_archived") && c.Archived || wanted == "" && c.Private || wanted != "" && !strings.Contains(wanted, kind) {
			continue
		}
		found = append(found, c)
	}
	start, size, err := q.window(len(found), 100, 1000)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, c := range found[start:min(start+size, len(found))] {
		list = append(list, c.show())
	}
	return answer{"channels": list, "response_metadata": map[string]string{"next_cursor": cursor(start+size, start+size < len(found))}}, nil
}

func channelInfo(q *request) (answer, error) {
	c := q.t.channel(q.form.Get("channel"))
	if c == nil || c.ID != q.form.Get("channel") || c.Private && !c.Member {
		return nil, problem("channel_not_found")
	}
	return answer{"channel": c.show()}, nil
}

func (u User) show() map[string]any {
	return map[string]any{
		"id": u.ID, "team_id": "T0TWIN", "name": u.Name, "real_name": u.Name, "is_bot": u.ID == BotUser,
		"profile": map[string]any{"email": u.Email, "real_name": u.Name, "display_name": u.Name},
	}
}

func lookupByEmail(q *request) (answer, error) {
	for _, u := range q.t.users {
		if u.Email != "" && strings.EqualFold(u.Email, q.form.Get("email")) {
			return answer{"user": u.show()}, nil
		}
	}
	return nil, problem("users_not_found")
}

func userInfo(q *request) (answer, error) {
	for _, u := range q.t.users {
		if u.ID == q.form.Get("user") {
			return answer{"user": u.show()}, nil
		}
	}
	return nil, problem("user_not_found")
}
