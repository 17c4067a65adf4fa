package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"zesei/internal/app"
	"zesei/internal/fake"
	"zesei/internal/job"
	"zesei/internal/notify"
	"zesei/internal/notify/webhook"
	"zesei/internal/store"
)

// told counts the mails to an address whose subject holds a text.
func (o *office) told(address, text string) (n int) {
	for _, l := range o.to(address) {
		if strings.Contains(l.subject, text) {
			n++
		}
	}
	return n
}

// passes lets time pass, and works what comes due.
func (w *town) passes(d, step time.Duration) {
	w.t.Helper()
	for ; d > 0; d -= step {
		w.later(step)
		w.work()
	}
}

func (w *town) deadJobs() (n int) {
	w.t.Helper()
	list, err := job.Pending(w.t.Context(), w.app.DB.View(), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, j := range list {
		if j.State == "dead" {
			n++
		}
	}
	return n
}

// mended is a town whose default owner is told by Slack and by mail.
func mended(t *testing.T, language string) (*town, *office) {
	w := newTown(t, 100)
	o := w.mails()
	w.rewrite("zesei.yaml", `security: {slack: "#sec"`, `security: {slack: "#sec", language: `+language+`, email: sec@example.com`)
	w.app.Close()
	w.open()
	return w, o
}

func TestAFailingSlackIsReportedByMailOnceAndItsMessagesGoOutAfterwards(t *testing.T) {
	for language, want := range map[string][3]string{
		"en": {"Messages by Slack do not go out", "install it again from zesei's manifest", "Messages by Slack go out again"},
		"ja": {"Slack でメッセージを送れていません", "zesei のマニフェストでインストールし直してください", "Slack でメッセージを送れるようになりました"},
	} {
		w, o := mended(t, language)
		mend := w.slack.Faults().Add(fake.Fault{Kind: fake.Deny, Operation: "chat.postMessage"})
		w.take(w.bucketFails(shop, "S3.8", "one"), w.bucketFails(shop, "S3.8", "two"))
		w.passes(6*time.Minute, time.Minute)
		if n := o.told("sec@example.com", want[0]); n != 1 {
			t.Fatalf("%s: told %d times, want once: %+v", language, n, o.to("sec@example.com"))
		}
		l := o.to("sec@example.com")[0]
		for _, text := range []string{"missing_scope", want[1], "zesei doctor"} {
			if !strings.Contains(l.parts["text/plain"], text) {
				t.Errorf("%s: no %q in %q", language, text, l.parts["text/plain"])
			}
		}
		if w.deadJobs() == 0 {
			t.Fatalf("%s: nothing was given up", language)
		}
		if err := w.app.Close(); err != nil { // a restart tells nothing again
			t.Fatal(err)
		}
		w.open()
		w.passes(23*time.Hour, 15*time.Minute)
		if n := o.told("sec@example.com", want[0]); n != 1 {
			t.Errorf("%s: told %d times within a day", language, n)
		}
		w.passes(2*time.Hour, 15*time.Minute)
		if n := o.told("sec@example.com", want[0]); n != 2 {
			t.Errorf("%s: told %d times in a day and more, want again on the next day", language, n)
		}
		mend()
		w.passes(time.Hour, 5*time.Minute)
		if n := o.told("sec@example.com", want[2]); n != 1 {
			t.Errorf("%s: that it works was told %d times: %+v", language, n, o.to("sec@example.com"))
		}
		if n := w.deadJobs(); n != 0 {
			t.Errorf("%s: %d jobs are still given up", language, n)
		}
		if n := len(w.heads("#shop-sec")); n != 1 {
			t.Errorf("%s: %d messages in the owner's channel, want the one that waited", language, n)
		}
	}
}

func TestAShortFaultIsToldToNobody(t *testing.T) {
	w, o := mended(t, "en")
	mend := w.slack.Faults().Add(fake.Fault{Kind: fake.ServerError, Operation: "chat.postMessage"})
	w.take(w.bucketFails(shop, "S3.8", "one"))
	w.passes(10*time.Minute, time.Minute)
	mend()
	w.passes(time.Hour, 5*time.Minute)
	for _, l := range o.to("sec@example.com") {
		t.Errorf("told of a fault of ten minutes: %s", l.subject)
	}
	if n := len(w.heads("#shop-sec")); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestALongFaultIsToldAfterAQuarterOfAnHour(t *testing.T) {
	w, o := mended(t, "en")
	mend := w.slack.Faults().Add(fake.Fault{Kind: fake.ServerError, Operation: "chat.postMessage"})
	w.take(w.bucketFails(shop, "S3.8", "one"))
	w.passes(14*time.Minute, time.Minute)
	if n := len(o.to("sec@example.com")); n != 0 {
		t.Errorf("told %d times too early", n)
	}
	w.passes(4*time.Minute, time.Minute)
	if n := o.told("sec@example.com", "Messages by Slack do not go out"); n != 1 {
		t.Errorf("told %d times", n)
	}
	mend()
	w.passes(2*time.Hour, 10*time.Minute)
	if n := o.told("sec@example.com", "go out again"); n != 1 {
		t.Errorf("that it works was told %d times", n)
	}
}

func TestAChannelThatIsNotThereIsReportedToTheDefaultOwnerWithItsOwner(t *testing.T) {
	w := newTown(t, 100)
	w.rewrite("zesei.yaml", `"#shop-sec"`, `"#shop-gone"`)
	w.app.Close()
	w.open()
	w.take(w.bucketFails(shop, "S3.8", "one"))
	w.passes(30*time.Minute, time.Minute)
	m := w.heads("#sec")
	if len(m) != 1 || !strings.Contains(m[0].Text, "Slack #shop-gone do not go out") || !strings.Contains(m[0].Text, "Meant for: shop") || !strings.Contains(m[0].Text, "channel_not_found") {
		t.Fatalf("got %+v", m)
	}
	// The name is put right: what waited goes to the new channel.
	w.app.Close()
	w.rewrite("zesei.yaml", `"#shop-gone"`, `"#shop-sec"`)
	w.open()
	w.passes(30*time.Minute, 5*time.Minute)
	if n := len(w.heads("#shop-sec")); n != 1 {
		t.Errorf("%d messages in the right channel", n)
	}
	if n := w.deadJobs(); n != 0 {
		t.Errorf("%d jobs are still given up", n)
	}
}

func TestTheConfiguredChannelHearsOfFailures(t *testing.T) {
	w, o := mended(t, "en")
	w.rewrite("zesei.yaml", `notify: {`, `notify: {report_failures: slack, `)
	w.app.Close()
	w.rewrite("zesei.yaml", `shop: {slack: "#shop-sec"`, `shop: {email: shop@example.com`)
	w.open()
	o.order(func() { o.always = &smtp.SMTPError{Code: 554, Message: "not from you"} })
	w.take(w.bucketFails(shop, "S3.8", "one"))
	w.passes(5*time.Minute, time.Minute)
	m := w.heads("#sec")
	if len(m) != 1 || !strings.Contains(m[0].Text, "Messages by mail do not go out") || !strings.Contains(m[0].Text, "not from you") {
		t.Fatalf("got %+v", m)
	}
	o.order(func() { o.always = nil })
	w.passes(time.Hour, 5*time.Minute)
	if got := o.to("shop@example.com"); len(got) != 1 {
		t.Errorf("%d mails arrived", len(got))
	}
	if m := w.heads("#sec"); len(m) != 2 || !strings.Contains(m[1].Text, "Messages by mail go out again") {
		t.Errorf("got %+v", m)
	}
}

func TestAnAddressThatIsNotThereStopsNoOther(t *testing.T) {
	w, o := mended(t, "en")
	w.app.Close()
	w.rewrite("zesei.yaml", `shop: {slack: "#shop-sec"`, `shop: {email: nobody@example.com`)
	w.open()
	o.order(func() { o.refuse["nobody@example.com"] = &smtp.SMTPError{Code: 550, Message: "no such user"} })
	w.take(w.bucketFails(shop, "S3.8", "one"))
	w.passes(5*time.Minute, time.Minute)
	if m := w.heads("#sec"); len(m) != 1 || !strings.Contains(m[0].Text, "mail nobody@example.com do not go out") || !strings.Contains(m[0].Text, "Meant for: shop") {
		t.Errorf("got %+v", m)
	}
}

func TestARunThatSlackRefusesIsReportedByMail(t *testing.T) {
	w, o := mended(t, "ja")
	w.take(w.bucketFails(shop, "S3.8", "one"))
	w.schedule(`{cron: "0 9 * * *", do: summary, slack: "#not-there"}`)
	w.nextMorning()
	w.passes(10*time.Minute, time.Minute)
	m := w.heads("#sec")
	if len(m) != 1 || !strings.Contains(m[0].Text, "定期レポートを配信できませんでした") || !strings.Contains(m[0].Text, "#not-there") {
		t.Fatalf("got %+v", m)
	}
	mend := w.slack.Faults().Add(fake.Fault{Kind: fake.ServerError})
	w.nextMorning()
	w.passes(50*time.Minute, time.Minute)
	if n := o.told("sec@example.com", "定期レポートを配信できませんでした"); n != 1 {
		t.Errorf("told %d times by mail", n)
	}
	mend()
}

// hook is a webhook's receiver that may refuse what holds a text.
type hook struct {
	heard
	refuse string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	refuse := h.refuse
	h.mu.Unlock()
	if refuse != "" && strings.Contains(string(b), refuse) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	h.add(string(b))
}

// troubles are the failures that the receiver was told of.
func (h *hook) troubles(t *testing.T) (out []notify.Trouble) {
	t.Helper()
	for _, raw := range h.all() {
		var p webhook.Payload
		if err := json.Unmarshal([]byte(raw), &p); err != nil {
			t.Fatal(err)
		}
		if p.Kind == notify.Failure {
			out = append(out, *p.Trouble)
		}
	}
	return out
}

func (w *town) hooks() *hook {
	w.t.Helper()
	h := &hook{}
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	w.t.Setenv("TOWN_HOOK", "a secret of sixteen bytes")
	w.rewrite("zesei.yaml", `notify: {`, `notify: {webhook: {url: "`+s.URL+`", secret: "${env:TOWN_HOOK}"}, `)
	w.app.Close()
	w.open()
	return h
}

func TestWhereTheReportItselfDoesNotComeTheNextChannelTells(t *testing.T) {
	w, o := mended(t, "en")
	h := w.hooks()
	o.order(func() { o.always = &smtp.SMTPError{Code: 554, Message: "not from you"} })
	mend := w.slack.Faults().Add(fake.Fault{Kind: fake.Deny, Operation: "chat.postMessage"})
	w.take(w.bucketFails(shop, "S3.8", "one"))
	w.passes(time.Hour, 5*time.Minute)
	told := map[string]int{}
	for _, x := range h.troubles(t) {
		told[x.What+" "+x.Channel]++
	}
	if told["channel-fails slack"] != 1 || told["channel-fails email"] != 1 {
		t.Errorf("told %v, want of both, once each", told)
	}
	mend()
	o.order(func() { o.always = nil })
	w.passes(time.Hour, 5*time.Minute)
	told = map[string]int{}
	for _, x := range h.troubles(t) {
		told[x.What+" "+x.Channel]++
	}
	if told["channel-works slack"] != 1 || told["channel-works email"] != 1 || w.deadJobs() != 0 {
		t.Errorf("told %v; %d jobs are still given up", told, w.deadJobs())
	}
}

func TestOneRefusedMessageIsReportedOnceAndTheOthersGoOut(t *testing.T) {
	w, _ := mended(t, "ja")
	h := w.hooks()
	h.mu.Lock()
	h.refuse = "too-big"
	h.mu.Unlock()
	w.take(w.bucketFails(shop, "S3.8", "too-big"))
	w.take(w.evaluated(shop, "EC2.19", w.openGroup(shop, "web"), "FAILED"))
	w.passes(26*time.Hour, 30*time.Minute)
	said := 0
	for _, m := range w.heads("#sec") {
		if strings.Contains(m.Text, "Webhook に受け付けられないメッセージがあります") && strings.Contains(m.Text, "宛先: shop") && strings.Contains(m.Text, "413") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("told %d times: %+v", said, w.heads("#sec"))
	}
	if all := strings.Join(h.all(), "\n"); !strings.Contains(all, "EC2.19") {
		t.Error("the other message did not go out")
	}
	states, err := w.app.ChannelStates(t.Context())
	if err != nil || len(states) != 1 || !strings.HasPrefix(states[0].Channel, "message ") {
		t.Errorf("%+v (%v)", states, err)
	}
}

func TestALateSummaryArrivesOnceAfterAll(t *testing.T) {
	w, o := mended(t, "en")
	w.take(w.bucketFails(shop, "S3.8", "one"))
	w.schedule(`{cron: "0 9 * * *", do: summary, slack: "#shop-sec", email: ops@example.com}`)
	before := len(w.heads("#shop-sec"))
	mend := w.slack.Faults().Add(fake.Fault{Kind: fake.ServerError})
	w.nextMorning()
	w.passes(50*time.Minute, time.Minute)
	if n := o.told("ops@example.com", "could not be delivered"); n != 1 {
		t.Fatalf("told %d times by the other way: %+v", n, o.to("ops@example.com"))
	}
	states, err := w.app.ScheduleStates(t.Context())
	if err != nil || len(states) != 1 || !strings.Contains(states[0].Failed, "slack:#shop-sec: ") {
		t.Errorf("%+v (%v)", states, err)
	}
	mend()
	w.passes(3*time.Hour, 10*time.Minute)
	if n := len(w.heads("#shop-sec")) - before; n != 1 {
		t.Errorf("%d summaries arrived late, want one", n)
	}
	if n := len(o.to("ops@example.com")); n != 2 {
		t.Errorf("%d mails, want the summary and the report", n)
	}
	if states, err := w.app.ScheduleStates(t.Context()); err != nil || states[0].Failed != "" || states[0].Last.IsZero() {
		t.Errorf("%+v (%v)", states, err)
	}
}

func TestARunTellsByItsOtherWay(t *testing.T) {
	w, o := mended(t, "en")
	w.take(w.bucketFails(shop, "S3.8", "one"))
	w.schedule(`{cron: "0 9 * * *", do: summary, slack: "#not-there", email: [ops@example.com, nobody@example.com]}`)
	o.order(func() { o.refuse["nobody@example.com"] = &smtp.SMTPError{Code: 550, Message: "no such user"} })
	w.nextMorning()
	w.passes(10*time.Minute, time.Minute)
	got := o.to("ops@example.com")
	if len(got) != 2 || !strings.Contains(got[1].subject, "could not be delivered") {
		t.Fatalf("got %+v", got)
	}
	for _, text := range []string{"slack:#not-there: ", "email:nobody@example.com: ", "no such user"} {
		if !strings.Contains(got[1].parts["text/plain"], text) {
			t.Errorf("no %q in %q", text, got[1].parts["text/plain"])
		}
	}
}

// What a long outage held back goes out in portions, to the last.
func TestMoreThanOnePortionIsSentAfterAnOutage(t *testing.T) {
	w := newTown(t, 100)
	now := w.now()
	o := store.Outage{Channel: "slack:#shop-sec", Since: now.Add(-time.Hour), LastAt: now.Add(-time.Minute), OverAt: now, Reason: "r"}
	err := w.app.DB.Update(t.Context(), func(tx *store.Tx) error {
		for range app.SentAtOnce {
			m := store.Message{Kind: store.MessageCases, Owner: "shop", Channel: "slack:#shop-sec", OpenedAt: now, Until: now, SendAfter: now}
			if err := store.AddMessage(t.Context(), tx, &m); err != nil {
				return err
			}
			if _, err := tx.Exec(t.Context(), `INSERT INTO jobs (kind, subject, wanted, done, run_at, attempts, lease_until, lease, state, error) VALUES ('message', $1, 1, 0, 0, 16, 0, '', 'dead', '')`, m.ID); err != nil {
				return err
			}
		}
		return store.SaveOutage(t.Context(), tx, &o)
	})
	if err != nil {
		t.Fatal(err)
	}
	var later *job.LaterError
	if err := w.app.Queue.Handlers[app.JobOutage](t.Context(), job.Job{Kind: app.JobOutage, Subject: strconv.FormatInt(o.ID, 10)}); !errors.As(err, &later) {
		t.Errorf("the rest is forgotten: %v", err)
	}
}
