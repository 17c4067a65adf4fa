package app_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zesei/internal/app"
	"zesei/internal/fake"
	"zesei/internal/store"
)

// TestReloadKeepsTheLastGoodRules: a policy that cannot be read whole changes
// nothing; a good one decides what comes next and what is open.
func TestReloadKeepsTheLastGoodRules(t *testing.T) {
	p := newPlace(t, `http: {secret: "${env:LIVE_HOOK}"}`)
	p.says(1, "FAILED")
	s := p.serve()
	if status, _, answer := s.post(p.published()[0], "X-Api-Key", liveHook); status != 200 {
		t.Fatal(status, answer)
	}
	p.write("policy.yaml", "standards: [fsbp]\nresponses: [{do: trak}]\n")
	s.reload <- struct{}{}
	until(t, "the mistake in the log", func() bool { return strings.Contains(p.log.String(), `\"trak\"`) })
	if lines := caseLines(t, s.app.DB); !strings.Contains(lines[0], " open MEDIUM track ") {
		t.Fatal(lines)
	}
	if status, _, answer := s.post(p.published()[0], "X-Api-Key", liveHook); status != 200 {
		t.Fatal(status, answer)
	}
	p.write("policy.yaml", "standards: [fsbp]\nresponses: [{do: suppress, reason: not ours}]\n")
	s.reload <- struct{}{}
	a := <-s.ready
	until(t, "the new policy's decision", func() bool { return strings.Contains(caseLines(t, a.DB)[0], " suppressed MEDIUM suppress ") })
	if status, _, answer := s.post(p.published()[0], "X-Api-Key", liveHook); status != 200 {
		t.Fatal(status, answer)
	}
}

// TestTheEndWaitsForWhatWasBegun: a message that Slack takes its time over is
// finished, and kept.
func TestTheEndWaitsForWhatWasBegun(t *testing.T) {
	p := newPlace(t, `http: {secret: "${env:LIVE_HOOK}"}`)
	p.cloud.DefineControls(fake.Control{ID: "EC2.3", Title: "volumes", Severity: "CRITICAL"}) // told at once
	p.says(1, "FAILED")
	var begun atomic.Bool
	withdraw := p.slack.Faults().Add(fake.Fault{Kind: fake.Latency, Delay: 300 * time.Millisecond})
	defer withdraw()
	s := p.serve()
	if status, _, answer := s.post(p.published()[0], "X-Api-Key", liveHook); status != 200 {
		t.Fatal(status, answer)
	}
	until(t, "a lease", func() bool {
		var n int
		err := s.app.DB.View().QueryRowContext(context.Background(), `SELECT count(*) FROM jobs WHERE kind = 'message' AND lease <> ''`).Scan(&n)
		begun.Store(n > 0)
		return err == nil && n > 0
	})
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	if n := len(p.slack.Messages("sec")); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
	p.opts.Store = "sqlite:" + s.app.DB.Path()
	a := p.open()
	var told int
	if err := a.DB.View().QueryRowContext(context.Background(), `SELECT count(*) FROM messages WHERE told <> ''`).Scan(&told); err != nil || told != 1 {
		t.Errorf("%d messages are kept as told (%v)", told, err)
	}
}

// TestASlowStorePushesBack: while another writer holds the store, senders are
// told to come again, and what is taken in meanwhile is bounded.
func TestASlowStorePushesBack(t *testing.T) {
	p := newPlace(t, `http: {secret: "${env:LIVE_HOOK}"}`)
	p.says(1, "FAILED")
	s := p.serve()
	hold, held := make(chan struct{}), make(chan struct{})
	released := make(chan error, 1)
	go func() {
		released <- s.app.DB.Update(context.Background(), func(*store.Tx) error { close(held); <-hold; return nil })
	}()
	<-held
	body := p.published()[0]
	const senders = 100 // of 1 MiB each at most: more than there is room for
	got := make(chan [2]string, senders)
	for range senders {
		go func() {
			r, _ := http.NewRequest(http.MethodPost, s.url+app.EventsPath, strings.NewReader(string(body)))
			r.Header.Set("X-Api-Key", liveHook)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				got <- [2]string{err.Error(), ""}
				return
			}
			resp.Body.Close()
			got <- [2]string{resp.Status, resp.Header.Get("Retry-After")}
		}()
	}
	refused := 0
	for range senders {
		g := <-got
		if g[0] != "503 Service Unavailable" || g[1] == "" {
			t.Fatal(g)
		}
		refused++
	}
	close(hold)
	if err := <-released; err != nil {
		t.Fatal(err)
	}
	until(t, "what was taken", func() bool { return len(caseLines(t, s.app.DB)) == 1 })
	if status, _, answer := s.post(body, "X-Api-Key", liveHook); status != 200 {
		t.Error(status, answer)
	}
	if _, metrics := s.get("/metrics"); !strings.Contains(metrics, `outcome="busy",via="http"} 100`) {
		t.Error("senders that were told to come again do not show in the metrics")
	}
}

func TestAStoreIsServedOnce(t *testing.T) {
	p := newPlace(t, `http: {secret: "${env:LIVE_HOOK}"}`)
	a := p.open()
	if err := a.DB.Update(context.Background(), func(tx *store.Tx) error {
		return store.SetMeta(context.Background(), tx, "serving", "99999999999999 elsewhere:1")
	}); err != nil {
		t.Fatal(err)
	}
	err := app.Serve(context.Background(), p.opts, app.ServeOptions{})
	if err == nil || !strings.Contains(err.Error(), "elsewhere:1") || errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAQueueThatRefusesStopsNothing and is one line in the log.
func TestAQueueThatRefusesStopsNothing(t *testing.T) {
	p := newPlace(t, `http: {secret: "${env:LIVE_HOOK}"}
sqs: [{queue: "arn:aws:sqs:`+region+`:`+sandbox+`:zesei"}, {queue: "arn:aws:sqs:`+region+`:`+sandbox+`:absent"}]
securityhub: {}`)
	p.cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Service: "securityhub"})
	p.says(1, "FAILED")
	if err := p.cloud.Send(sandbox, region, "zesei", string(p.published()[0])); err != nil {
		t.Fatal(err)
	}
	s := p.serve()
	until(t, "the case", func() bool { return len(caseLines(t, s.app.DB)) == 1 })
	until(t, "the lines", func() bool {
		return strings.Contains(p.log.String(), "AccessDenied") && strings.Contains(p.log.String(), ":absent")
	})
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"Security Hub cannot be read", "finding the queue failed"} {
		if n := strings.Count(p.log.String(), what); n != 1 {
			t.Errorf("%q stands %d times in the log:\n%s", what, n, p.log.String())
		}
	}
}
