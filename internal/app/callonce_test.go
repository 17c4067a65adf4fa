package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/fake/slack"
	"zesei/internal/store"
)

// Who asked for an exception hears of its end once: directly, or where that does
// not arrive by a mention in the channel.
func TestWhoAskedForAnExceptionIsCalledOnceAboutItsEnd(t *testing.T) {
	for name, reachable := range map[string]bool{"directly": true, "in the channel": false} {
		t.Run(name, func(t *testing.T) {
			w := remembering(t)
			if reachable {
				w.slack.AddUser(slack.User{ID: taro, Name: "taro"})
			}
			w.take(w.evaluated(shop, "EC2.19", w.openGroup(shop, "web"), "FAILED"))
			list, _, err := store.List(context.Background(), w.app.DB.View(), store.Filter{})
			if err != nil || len(list) != 1 {
				t.Fatalf("%d cases, %v", len(list), err)
			}
			x, err := w.app.Work.AskException(context.Background(), w.app.Person("taro"), casework.Ask{Case: list[0].ID, Reason: "a lab", Until: w.now().Add(48 * time.Hour)})
			if err == nil {
				_, err = w.app.Work.ApproveException(context.Background(), casework.Person{ID: "cli:jiro", Approver: true}, x.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.later(26 * time.Hour)
			w.wait(10 * time.Minute)
			ends := func(channel string) (n, mentions int) {
				for _, m := range w.slack.Messages(channel) {
					if strings.Contains(m.Text, "zesei exception ask --renews "+x.ID) {
						n++
						mentions += strings.Count(m.Text, "<@"+taro+">")
					}
				}
				return n, mentions
			}
			n, mentions := ends("shop-sec")
			if n != 1 || (mentions == 0) != reachable {
				t.Errorf("the channel: told %d times with %d mentions", n, mentions)
			}
			if n, _ := ends(taro); (n == 1) != reachable {
				t.Errorf("directly: told %d times", n)
			}
		})
	}
}
