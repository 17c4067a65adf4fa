package slack

import (
	"context"
	"errors"
	"testing"

	"zesei/internal/fake"
)

func TestASayingWhoseAnswerWasLostStandsOnce(t *testing.T) {
	w, d := openTwin(t)
	ctx := context.Background()
	s := Saying{Channel: "#shop-sec", Text: "report", Key: "summary|1"}
	w.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "chat.postMessage", Times: 1})
	var doubt *InDoubt
	if _, err := d.Say(ctx, s); !errors.As(err, &doubt) {
		t.Fatalf("got %v, want *InDoubt", err)
	}
	s.Since = d.now()
	ts, err := d.Say(ctx, s)
	if err != nil || ts == "" {
		t.Fatalf("got %q, %v", ts, err)
	}
	if n := len(w.Messages("#shop-sec")); n != 1 {
		t.Errorf("it stands %d times", n)
	}
	s.Thread, s.Text = ts, "more"
	if _, err := d.Say(ctx, s); err != nil {
		t.Fatal(err)
	}
	if m := w.Messages("#shop-sec"); len(m) != 1 {
		t.Errorf("the thread's first message has the key, and it was said again: %+v", m)
	}
	s.Key = "summary|1|more"
	if _, err := d.Say(ctx, s); err != nil {
		t.Fatal(err)
	}
	if m := w.Messages("#shop-sec"); len(m) != 2 || m[1].ThreadTS != ts {
		t.Errorf("got %+v", m)
	}
}

func TestAnUploadInDoubtIsFoundByItsFile(t *testing.T) {
	w, d := openTwin(t)
	ctx := context.Background()
	w.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "files.completeUploadExternal", Times: 1})
	intended := ""
	_, err := d.Upload(ctx, "#shop-sec", "a.csv", []byte("a"), "one", "", func(id string) error { intended = id; return nil })
	var doubt *InDoubt
	if !errors.As(err, &doubt) || doubt.FileID != intended || intended == "" {
		t.Fatalf("got %v with file %q intended", err, intended)
	}
	if ts, err := d.Shared(ctx, "#shop-sec", intended, d.now()); err != nil || ts != w.Messages("#shop-sec")[0].TS {
		t.Errorf("got %q, %v", ts, err)
	}
	if ts, err := d.Shared(ctx, "#shop-sec", "F0NOTHING1", d.now()); err != nil || ts != "" {
		t.Errorf("got %q, %v", ts, err)
	}
	stop := errors.New("not kept")
	if _, err := d.Upload(ctx, "#shop-sec", "b.csv", []byte("b"), "two", "", func(string) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if n := len(w.Uploads()); n != 1 {
		t.Errorf("%d files are visible", n)
	}
}
