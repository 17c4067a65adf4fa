package app_test

import (
	"strings"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// again closes the App and opens it, as the next run does, and works.
func (w *town) again(files *strings.Replacer) {
	w.t.Helper()
	w.reconfigure(files)
	w.work()
}

func TestAnAccountThatChangesHandsTakesItsCasesAlong(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.evaluated(shop, "EC2.19", w.openGroup(shop, "web"), "FAILED"), w.evaluated(sandbox, "EC2.13", w.openGroup(sandbox, "old"), "FAILED"))
	due := map[string]time.Time{}
	for _, f := range w.cases() {
		due[f.Key.Account] = f.Terms.Due
	}
	w.later(24 * time.Hour)
	w.again(strings.NewReplacer("name: shop-prod, owner: shop", "name: shop-prod, owner: security"))
	for _, f := range w.cases() {
		want := "shop"
		if f.Key.Account == shop {
			want = "security"
		}
		if f.Terms.Owner != want {
			t.Errorf("the case of %s belongs to %s, want %s", f.Key.Account, f.Terms.Owner, want)
		}
		if !f.Terms.Due.Equal(due[f.Key.Account]) {
			t.Errorf("the deadline in %s moved from %s to %s", f.Key.Account, due[f.Key.Account], f.Terms.Due)
		}
		chain, err := store.Audit(t.Context(), w.app.DB.View(), f.ID, store.ShortKey(f.Key))
		if err != nil {
			t.Fatal(err)
		}
		moved := false
		for _, e := range chain {
			moved = moved || e.What == "decided" && strings.Contains(e.Why, "owner shop → security")
		}
		if moved != (f.Key.Account == shop) {
			t.Errorf("the chain in %s: %+v", f.Key.Account, chain)
		}
	}
	for _, m := range w.heads("shop-sec") {
		if strings.Contains(m.Text, shop) && !strings.Contains(m.Text, "担当がsecurityに変わりました") {
			t.Errorf("the old owner reads %s", m.Text)
		}
	}
	if n := len(w.heads("sec")); n != 1 {
		t.Errorf("the new owner was told %d times, want once", n)
	}
}

func TestTouchingThePolicyGivesNobodyNewTime(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.evaluated(shop, "EC2.19", w.openGroup(shop, "web"), "FAILED"))
	before := w.only(casefile.Open)
	w.later(48 * time.Hour)
	w.rewrite("policy.yaml", "standards:", "controls: {S3.1: {do: notify}}\nstandards:")
	w.again(strings.NewReplacer())
	after := w.only(casefile.Open)
	if before.Terms.Policy == after.Terms.Policy || !after.Terms.Due.Equal(before.Terms.Due) || after.AuditSeq != before.AuditSeq {
		t.Errorf("due %s → %s, %d → %d rows of audit", before.Terms.Due, after.Terms.Due, before.AuditSeq, after.AuditSeq)
	}
}
