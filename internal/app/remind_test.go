package app_test

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
)

const remindingPolicy = `
standards: [fsbp]
deadlines: {CRITICAL: 14 days, HIGH: 14 days}
reminders: [half, 3 days before, on the day, weekly after]
escalate_after: 2 days
notify: {in: daily, then: suppress}
responses:
  - {severity: [CRITICAL], do: track}
  - {do: notify}
fix:
  - {mode: "off"}
group_wait: 1m
`

// remembering is a town whose policy reminds, and whose owner has leads.
func remembering(t *testing.T) *town {
	w := newTown(t, 100)
	w.app.Close()
	w.write("policy.yaml", remindingPolicy)
	w.rewrite("zesei.yaml", `{slack: "#shop-sec", mention: [taro]`, `{slack: "#shop-sec", escalate: "#leads", mention: [taro]`)
	w.slack.AddChannel("leads")
	w.open()
	return w
}

// days lets time pass by the hour, working what is due.
func (w *town) days(n int) {
	w.t.Helper()
	for range n * 24 {
		w.later(time.Hour)
		w.work()
	}
}

func TestAnOwnerIsRemindedAndABreachIsToldAboveOnce(t *testing.T) {
	w := remembering(t)
	w.take(w.evaluated(shop, "EC2.19", w.openGroup(shop, "web"), "FAILED"))
	if n := len(w.heads("shop-sec")); n != 1 {
		t.Fatalf("%d messages at first", n)
	}
	w.days(15) // half-way, three days before, on the day
	if n := len(w.heads("shop-sec")); n != 4 {
		t.Errorf("%d messages after the deadline, want the first and three reminders", n)
	}
	if n := len(w.heads("leads")); n != 0 {
		t.Errorf("the leads were told %d times before two days had passed", n)
	}
	w.days(14)
	if n := len(w.heads("leads")); n != 1 {
		t.Errorf("the leads were told %d times, want once", n)
	}
	if n := len(w.heads("shop-sec")); n < 5 || n > 6 {
		t.Errorf("%d messages two weeks after the deadline, want weekly ones", n)
	}
	if text := w.heads("shop-sec")[1].Text; !strings.Contains(text, "期限") {
		t.Errorf("the reminder is not in the owner's language: %s", text)
	}
}

func TestNobodyIsRemindedOfWhatIsClosed(t *testing.T) {
	w := remembering(t)
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	w.cloud.RemoveSecurityGroup(shop, region, sg)
	w.later(time.Hour)
	w.take(w.evaluated(shop, "EC2.19", sg, "PASSED"))
	w.only(casefile.Closed)
	n := len(w.heads("shop-sec"))
	w.days(20)
	if got := len(w.heads("shop-sec")); got != n {
		t.Errorf("%d messages about a closed case", got-n)
	}
}

func TestWhatIsOnlyWorthKnowingIsToldOnceAndThenSuppressed(t *testing.T) {
	w := remembering(t)
	w.take(w.evaluated(shop, "EC2.18", w.openGroup(shop, "web"), "FAILED")) // HIGH: notify
	w.only(casefile.Open)
	if n := len(w.heads("shop-sec")); n != 0 {
		t.Fatalf("%d messages before the summary", n)
	}
	w.days(2)
	if n := len(w.heads("shop-sec")); n != 1 {
		t.Errorf("%d summaries, want 1", n)
	}
	w.only(casefile.Suppressed)
	if f := string(w.cloud.Findings(shop, region)[0]); !strings.Contains(f, `"SUPPRESSED"`) {
		t.Errorf("Security Hub was not told: %s", f)
	}
}
