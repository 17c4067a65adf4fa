package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zesei/internal/app"
	"zesei/internal/job"
	"zesei/internal/report"
	"zesei/internal/store"
)

func TestADayIsKeptOnceOnceAnythingIsKnown(t *testing.T) {
	w := newTown(t, 100)
	keep := func(want bool) {
		t.Helper()
		if kept, err := w.app.KeepHistory(t.Context()); err != nil || kept != want {
			t.Fatalf("kept %t, %v; want %t", kept, err, want)
		}
	}
	w.cloud.EnableHub(shop, region, "fsbp")
	keep(false)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	keep(true)
	keep(false)
	w.nextMorning()
	keep(true)
	today := store.DayOf(w.now().In(w.app.Config.Zone()))
	for scope, name := range map[string]string{store.ScopeAll: "", store.ScopeAccount: shop, store.ScopeOwner: "shop"} {
		h, err := report.History(t.Context(), w.app.DB.View(), scope, name, today.Add(-9), today, "en")
		if err != nil || len(h) != 2 || len(h[0].Days) != 2 || h[0].Standard != "fsbp" || h[0].Days[1].Day != today || h[0].Days[1].Failed != 1 {
			t.Errorf("%s %s: %+v, %v", scope, name, h, err)
		}
	}
	days, err := store.Days(t.Context(), w.app.DB.View(), "shop", today, today)
	if err != nil || len(days) != 1 || days[0].Open != 1 {
		t.Errorf("%+v, %v", days, err)
	}
}

// The daily job waits an hour where nothing is known, and for the next midnight
// of the configured zone once the day is kept.
func TestTheDailyJobKeepsTheDay(t *testing.T) {
	w := newTown(t, 100)
	next := func() time.Duration {
		t.Helper()
		var later *job.LaterError
		if err := w.app.Queue.Handlers["history"](t.Context(), job.Job{}); !errors.As(err, &later) {
			t.Fatal(err)
		}
		return later.At.Sub(w.now())
	}
	if d := next(); d < 59*time.Minute || d > time.Hour {
		t.Errorf("looks again in %s", d)
	}
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	now := w.now().In(w.app.Config.Zone())
	midnight := store.DayOf(now).Add(1).In(w.app.Config.Zone())
	if at := w.now().Add(next()); at.Sub(midnight) < 4*time.Minute || at.Sub(midnight) > 6*time.Minute {
		t.Errorf("looks again at %s", at)
	}
	if has, err := store.HasDay(t.Context(), w.app.DB.View(), store.DayOf(now)); err != nil || !has {
		t.Error("the day is not kept", err)
	}
}

func TestAPassKeepsTheDay(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.bucketFails(shop, "S3.8", "shop-open"))
	if _, err := w.app.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if has, err := store.HasDay(t.Context(), w.app.DB.View(), store.DayOf(w.now().In(w.app.Config.Zone()))); err != nil || !has {
		t.Error("the day is not kept", err)
	}
}

// The summary of an owner names what is due with its ticket, leads to the
// console of the Region in which findings are, and ends as the team writes it.
func TestASummaryLeadsToTicketsAndConsole(t *testing.T) {
	w := newTown(t, 100)
	w.withRedmine()
	if err := os.MkdirAll(filepath.Join(w.dir, "words", "ja"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.write("words/ja/closing.tmpl", "{{.Owner}} の皆さん、{{.Urgent}} 件お願いします。\n")
	w.rewrite("zesei.yaml", "notify: {", "notify: {templates: ./words, ")
	w.app.Close()
	w.open()
	w.cloud.EnableHub(shop, region, "fsbp")
	sg := w.openGroup(shop, "web")
	w.take(w.evaluated(shop, "EC2.19", sg, "FAILED"))
	s, err := w.app.Summary(t.Context(), "shop", "ja")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Next) != 1 || s.Next[0].Ticket == "" || !strings.HasPrefix(s.Next[0].Link, "http://127.0.0.1:") || !strings.HasSuffix(s.Tickets, "/projects/shop/issues") {
		t.Errorf("next %+v, tickets %s", s.Next, s.Tickets)
	}
	if link := s.Standards[0].Links["CRITICAL"]; !strings.HasPrefix(link, "https://ap-northeast-1.console.aws.amazon.com/securityhub/home?region=ap-northeast-1#/findings?search=") || !strings.Contains(link, shop) {
		t.Errorf("link %s", link)
	}
	if err := w.app.PostSummary(t.Context(), app.SummaryPost{Owner: "shop"}); err != nil {
		t.Fatal(err)
	}
	heads := w.heads("shop-sec")
	text := heads[len(heads)-1].Text
	if !strings.Contains(text, "・CRITICAL:<https://ap-northeast-1.console.aws.amazon.com/") || !strings.HasSuffix(strings.TrimSpace(text), "shop の皆さん、1 件お願いします。") {
		t.Error(text)
	}
	w.write("words/ja/closing.tmpl", "{{.Nothing}}")
	if _, err := w.app.Summary(t.Context(), "shop", "ja"); err == nil || !strings.Contains(err.Error(), "ja/closing.tmpl") {
		t.Errorf("a broken template: %v", err)
	}
}
