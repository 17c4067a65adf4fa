package detect

import (
	"path/filepath"
	"testing"

	"zesei/internal/event"
)

// What wakes no rule must be what Detect says nothing of: else an event would be
// passed over. Held for every recorded event, with and without the places that
// the reader tells.
func TestWhatIsDetectedWakes(t *testing.T) {
	e := engine(t, Options{Trusted: func(string, string) bool { return true }}, Names()...)
	woken, items := 0, 0
	look := func(_ string, item event.Item) {
		if item.Err != nil {
			return
		}
		items++
		wakes := e.Wakes(item)
		b := e.Batch(nil)
		hits, err := b.Detect(item.Format, item.Raw, noon)
		if (len(hits) > 0 || err != nil || len(b.Changes()) > 0) && !wakes {
			t.Errorf("%d hits (%v) of an event that wakes none: %.200s", len(hits), err, item.Raw)
		}
		item.Members = nil
		if e.Wakes(item) != wakes {
			t.Errorf("without its members known it wakes %v: %.200s", !wakes, item.Raw)
		}
		if wakes {
			woken++
		}
	}
	for _, p := range Names() {
		packs, err := Load(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range packs[0].Rules {
			for _, x := range append(r.Examples.Match, r.Examples.NoMatch...) {
				format, raw, err := x.item(0)
				if err != nil {
					t.Fatal(err)
				}
				look(p, event.Item{Format: format, Raw: raw})
			}
		}
	}
	if woken == 0 || woken == items {
		t.Errorf("%d of %d examples wake a rule", woken, items)
	}
	root := shared(t, "testdata")
	for _, folder := range []string{"cloudtrail", "guardduty", "events"} {
		recorded(t, filepath.Join(root, folder), look)
	}
	t.Logf("%d of %d wake a rule", woken, items)
}
