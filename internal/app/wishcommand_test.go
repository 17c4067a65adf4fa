package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/store"
)

// Where nothing comes back from Slack, a wish that is made on the command line
// calls the approvers all the same, once, and names the command.
func TestAWishCallsItsApproversWhereNobodyHearsButtons(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.evaluated(shop, "EC2.19", w.openGroup(shop, "web"), "FAILED"))
	list, _, err := store.List(context.Background(), w.app.DB.View(), store.Filter{})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d cases, %v", len(list), err)
	}
	x, err := w.app.Work.AskException(context.Background(), w.app.Person("hana"), casework.Ask{Case: list[0].ID, Reason: "a lab", Until: w.now().Add(48 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w.wait(3 * time.Minute)
	calls := 0
	for _, m := range w.slack.Messages("shop-sec") {
		if !strings.Contains(m.Text, "zesei exception approve "+x.ID) {
			continue
		}
		calls++
		if m.ThreadTS == "" || !strings.Contains(m.Text, "<@"+taro+">") || strings.Contains(string(m.Blocks), "actions") || strings.Contains(m.Text, "ボタン") {
			t.Errorf("thread %q: %s\n%s", m.ThreadTS, m.Text, m.Blocks)
		}
	}
	if calls != 1 {
		t.Errorf("told %d times", calls)
	}
}
