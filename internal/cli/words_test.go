package cli

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/job"
	"zesei/internal/report"
)

func TestAnAccountIsNoRootUserInAListOfFindings(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:root"
	for want, r := range map[string]report.Row{
		"shop":         {Resource: arn, Account: "111122223333", AccountName: "shop"},
		"111122223333": {Resource: arn, Account: "111122223333"},
		"root":         {Resource: "arn:aws:iam::111122223333:role/root", Account: "111122223333"},
	} {
		if got := findingResource(r); got != want {
			t.Errorf("%s: %s, expected %s", r.Resource, got, want)
		}
	}
}

func TestNobodyWaitsForHousekeepingUnlessItFailed(t *testing.T) {
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	out := strings.Join(waiting([]job.Waiting{
		{Kind: "prune", State: "ready", RunAt: at}, {Kind: "history", State: "ready", RunAt: at}, {Kind: "message", State: "ready", RunAt: at},
	}), "\n")
	if out != "waits: 1 message, next at 2026-11-02T00:00:00Z" {
		t.Error(out)
	}
	if out := waiting([]job.Waiting{{Kind: "prune", State: "dead", RunAt: at}}); len(out) != 1 {
		t.Error("what failed is not said")
	}
}
