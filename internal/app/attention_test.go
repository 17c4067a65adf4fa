package app_test

import (
	"strings"
	"testing"
	"time"
)

const attentionPolicy = `
standards: [fsbp]
deadlines: {CRITICAL: 14 days, HIGH: 14 days}
attention: 1 per week
quiet_hours: 20:00-08:00
responses:
  - {severity: [CRITICAL, HIGH], do: track}
fix:
  - {mode: "off"}
group_wait: 1m
`

// tired is a town whose policy lets one message a week through. It is 10:00 where
// the owner is.
func tired(t *testing.T) *town {
	w := newTown(t, 100)
	w.app.Close()
	w.write("policy.yaml", attentionPolicy)
	w.open()
	tokyo := time.FixedZone("JST", 9*60*60)
	now := w.now().In(tokyo)
	w.later(time.Date(now.Year(), now.Month(), now.Day()+1, 10, 0, 0, 0, tokyo).Sub(now))
	return w
}

func TestAboveTheBudgetAnOwnerHearsOnceInTheMorningAndOfCriticalAtOnce(t *testing.T) {
	w := tired(t)
	fails := func(control, name string) {
		w.take(w.evaluated(shop, control, w.openGroup(shop, name), "FAILED"))
		w.later(2 * time.Minute)
		w.work()
	}
	fails("EC2.18", "web") // HIGH
	if n := len(w.heads("shop-sec")); n != 1 {
		t.Fatalf("%d messages within the budget", n)
	}
	fails("EC2.13", "batch") // HIGH, and above it
	fails("EC2.13", "api")
	if n := len(w.heads("shop-sec")); n != 1 {
		t.Errorf("%d messages, want what is above the budget to wait", n)
	}
	fails("EC2.19", "hole") // CRITICAL
	if got := w.heads("shop-sec"); len(got) != 2 || !strings.Contains(got[1].Text, "EC2.19") {
		t.Errorf("what is CRITICAL was held back: %d messages", len(got))
	}
	w.days(1)
	got := w.heads("shop-sec")
	if len(got) != 3 {
		t.Fatalf("%d messages a day later, want one summary more", len(got))
	}
	if text := got[2].Text; !strings.Contains(text, "1. [HIGH] EC2.13") || !strings.Contains(text, "2リソース") || !strings.Contains(text, "優先度順") {
		t.Errorf("the summary reads %q", text)
	}
	// Opened again it says nothing anew; a summary follows only what is new.
	w.app.Close()
	w.open()
	w.days(2)
	if n := len(w.heads("shop-sec")); n != 3 {
		t.Errorf("%d messages after a restart and two quiet days", n)
	}
}

func TestAPersonOfTwoOwnersGetsOneDigestByMail(t *testing.T) {
	w := newTown(t, 100)
	o := w.mails()
	w.rewrite("zesei.yaml", `shop: {slack: "#shop-sec",`, `shop: {email: [taro@example.com, hana@example.com],`)
	w.rewrite("zesei.yaml", `security: {slack: "#sec",`, `security: {email: [Taro@example.com],`)
	w.rewrite("zesei.yaml", `name: sandbox, owner: shop`, `name: sandbox, owner: security`)
	w.write("policy.yaml", "standards: [fsbp]\nnotify: {in: daily, then: suppress}\nresponses: [{do: notify}]\nfix: [{mode: \"off\"}]\n")
	w.app.Close()
	w.open()
	w.take(w.evaluated(shop, "EC2.18", w.openGroup(shop, "web"), "FAILED"), w.evaluated(sandbox, "EC2.13", w.openGroup(sandbox, "toy"), "FAILED"))
	w.days(2)
	taro, hana := append(o.to("taro@example.com"), o.to("Taro@example.com")...), o.to("hana@example.com")
	if len(taro) != 1 || len(hana) != 1 {
		t.Fatalf("%d mails to taro, %d to hana, want one each", len(taro), len(hana))
	}
	text := taro[0].parts["text/plain"]
	first, second := strings.Index(text, "\nsecurity\n"), strings.Index(text, "\nshop\n")
	if !strings.Contains(taro[0].subject, "security, shop") || first < 0 || second < first ||
		!strings.Contains(text[first:second], "EC2.13") || !strings.Contains(text[second:], "EC2.18") {
		t.Errorf("taro reads %q\n%s", taro[0].subject, text)
	}
	if text := hana[0].parts["text/plain"]; strings.Contains(text, "EC2.13") || !strings.Contains(text, "EC2.18") || !strings.HasPrefix(hana[0].subject, "shop:") {
		t.Errorf("hana reads %q\n%s", hana[0].subject, text)
	}
	for _, l := range append(taro, hana...) {
		if strings.Contains(l.parts["text/plain"], "抑制済み") || strings.Contains(l.parts["text/plain"], "suppressed") {
			t.Errorf("a copy of the digest shows what another copy led to:\n%s", l.parts["text/plain"])
		}
	}
}
