package slack_test

import (
	"strings"
	"testing"

	api "github.com/slack-go/slack"

	"zesei/internal/fake/slack"
)

func TestAPersonIsWrittenToByTheirMemberID(t *testing.T) {
	twin, c, _ := workspace(t)
	taro := twin.AddUser(slack.User{Name: "taro"})
	post(t, c, taro, api.MsgOptionText("one", false))
	opened, _, _, err := c.OpenConversationContext(ctx, &api.OpenConversationParameters{Users: []string{taro}})
	if err != nil || !strings.HasPrefix(opened.ID, "D") {
		t.Fatalf("%+v, %v", opened, err)
	}
	post(t, c, opened.ID, api.MsgOptionText("two", false))
	if got := twin.Messages(taro); len(got) != 2 || got[0].Channel != opened.ID {
		t.Errorf("taro got %+v, want both in the one conversation", got)
	}
	list, _, err := c.GetConversationsContext(ctx, &api.GetConversationsParameters{Types: []string{"public_channel", "private_channel"}})
	if err != nil || len(list) != 1 {
		t.Errorf("%d channels are listed, want only the one that is no conversation with a person (%v)", len(list), err)
	}
	_, _, err = c.PostMessageContext(ctx, "U0NOBODY1", api.MsgOptionText("three", false))
	want(t, err, "channel_not_found")
}
