package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake"
	twin "zesei/internal/fake/slack"
	"zesei/internal/notify"
	"zesei/internal/notify/notifytest"
)

func openTwin(t *testing.T) (*twin.Twin, *Deliverer) {
	t.Helper()
	c := newClock()
	w := twin.New(twin.Options{Now: c.now, Token: testToken})
	w.AddChannel("other")
	w.AddChannel("shop-sec")
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	templates, err := notify.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{Token: testToken, URL: s.URL + "/api/", Client: s.Client(), Templates: templates, Now: c.now, Sleep: c.sleep})
	if err != nil {
		t.Fatal(err)
	}
	return w, d
}

// standing is what a reader of the channel sees of each message.
func standing(t *testing.T, w *twin.Twin) []string {
	t.Helper()
	var out []string
	for _, m := range w.Messages("#shop-sec") {
		var blocks []struct{ Text struct{ Text string } }
		if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, b := range blocks {
			texts = append(texts, b.Text.Text)
		}
		out = append(out, strings.Join(texts, "\n"))
	}
	return out
}

func TestChannelSuite(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Harness {
		w, d := openTwin(t)
		mend := func() {}
		return notifytest.Harness{
			Channel: d, Via: notify.Slack, Target: "#shop-sec", Secret: testToken,
			Standing: func() []string { return standing(t, w) },
			Order: func(f notifytest.Fault) {
				switch f {
				case notifytest.Busy:
					w.Faults().Add(fake.Fault{Kind: fake.ServerError, Times: 1})
				case notifytest.Limited:
					w.Faults().Add(fake.Fault{Kind: fake.Throttle, RetryAfter: time.Minute, Times: 1})
				case notifytest.LostPost:
					w.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Times: 1})
				case notifytest.Refused:
					mend = w.Faults().Add(fake.Fault{Kind: fake.Deny})
				}
			},
			Mend: func() { mend() },
		}
	})
}

// Every third call to Slack loses its answer, fails or is throttled; the job is
// repeated until it is through.
func TestUnderStandingTroubleEveryPartIsThereOnce(t *testing.T) {
	w, d := openTwin(t)
	for _, kind := range []fake.FaultKind{fake.LostAnswer, fake.ServerError, fake.Throttle} {
		w.Faults().Add(fake.Fault{Kind: kind, Service: "slack", Probability: 0.15})
	}
	m := groupOf(8)
	var told notify.Told
	deliverAll := func() {
		for range 500 {
			actions := notify.Decide(m, told)
			if len(actions.List) == 0 && actions.Seen == nil {
				return
			}
			told, _ = d.Deliver(context.Background(), actions, told, keep)
		}
		t.Fatal("never through")
	}
	deliverAll()
	for i := range m.Cases {
		m.Cases[i].State, m.Cases[i].Reason = notify.Closed, "fixed"
	}
	deliverAll()
	m.Cases[3].State, m.Cases[3].Reason, m.Cases[3].Recurrences = notify.Open, "", 1
	deliverAll()
	parts := map[string]int{}
	for _, m := range w.Messages("#shop-sec") {
		var meta struct {
			Payload struct{ Part string } `json:"event_payload"`
		}
		if err := json.Unmarshal(m.Metadata, &meta); err != nil {
			t.Fatal(err)
		}
		parts[meta.Payload.Part]++
	}
	for part, n := range parts {
		if n != 1 {
			t.Errorf("%s stands %d times", part, n)
		}
	}
	if len(parts) != 1+8+1 {
		t.Errorf("%d parts stand, want the list, eight details and a reply: %v", len(parts), parts)
	}
}

func TestUploadOnTheTwin(t *testing.T) {
	w, d := openTwin(t)
	w.Faults().Add(fake.Fault{Kind: fake.Throttle, Operation: "files.getUploadURLExternal", Times: 1})
	if _, err := d.UploadCSV(context.Background(), "#shop-sec", "findings.csv", []byte("a\r\n"), "2件", ""); err != nil {
		t.Fatal(err)
	}
	if up := w.Uploads(); len(up) != 1 || string(up[0].Body) != "a\r\n" || up[0].Name != "findings.csv" {
		t.Errorf("uploaded %+v", up)
	}
	_, err := d.UploadCSV(context.Background(), "#nowhere", "findings.csv", []byte("a"), "", "")
	var no *notify.Permanent
	if !errors.As(err, &no) || !strings.Contains(err.Error(), "#nowhere") {
		t.Errorf("got %v", err)
	}
}

func TestALimitLongerThanPatienceIsGivenBack(t *testing.T) {
	w, d := openTwin(t)
	w.Faults().Add(fake.Fault{Kind: fake.Throttle, RetryAfter: 30 * time.Second})
	_, err := d.Deliver(context.Background(), notify.Decide(groupOf(1), notify.Told{}), notify.Told{}, keep)
	var wait *notify.RetryAfter
	if !errors.As(err, &wait) || wait.After != 30*time.Second {
		t.Errorf("got %v", err)
	}
}
