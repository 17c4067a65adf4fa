package detect

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"zesei/eventpattern"
	"zesei/internal/event"
	"zesei/logpattern"
)

// Whatever the baseline of aws-samples tells of an event, the pack baseline
// speaks of too; only refused calls, which change nothing, it may pass over.
func TestBaselineMissesNothingThatTheSampleBaselineTells(t *testing.T) {
	raw, err := os.ReadFile(shared(t, "reference/blea-patterns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Usecases map[string]struct {
			Rules []struct {
				ID      string
				Pattern json.RawMessage
			} `json:"event_rules"`
			Filters []struct {
				ID      string
				Pattern string `json:"filter_pattern"`
			} `json:"metric_filters"`
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	e := engine(t, Options{Trusted: func(string, string) bool { return true }}, "baseline")
	type sample struct {
		format event.Format
		raw    []byte
	}
	var samples []sample
	for _, r := range engine(t, Options{}, Names()...).Rules() {
		for _, x := range append(r.Examples.Match, r.Examples.NoMatch...) {
			format, raw, err := x.item(0)
			if err != nil {
				t.Fatal(err)
			}
			samples = append(samples, sample{format, raw})
		}
	}
	recorded(t, filepath.Join(shared(t, "testdata"), "cloudtrail"), func(_ string, item event.Item) {
		if item.Err == nil {
			samples = append(samples, sample{item.Format, append([]byte(nil), item.Raw...)})
		}
	})
	told := func(s sample) bool {
		hits, err := e.Batch(nil).Detect(s.format, s.raw, noon)
		return err != nil || len(hits) > 0
	}
	refused := logFilter(t, `{ $.errorCode = * }`)
	check := func(id string, matches func(sample) bool) {
		n := 0
		for _, s := range samples {
			if !matches(s) {
				continue
			}
			if trailOf(s.format, s.raw) != nil && refused.Match(trailOf(s.format, s.raw)) {
				continue
			}
			n++
			if !told(s) {
				t.Errorf("%s matches and the baseline says nothing: %.300s", id, s.raw)
			}
		}
		if n == 0 {
			t.Errorf("%s: no event at hand matches it", id)
		}
	}
	for _, usecase := range file.Usecases {
		for _, r := range usecase.Rules {
			p, err := eventpattern.Parse(r.Pattern)
			if err != nil {
				t.Errorf("%s: %v", r.ID, err)
				continue
			}
			check(r.ID, func(s sample) bool {
				raw := s.raw
				if s.format == event.CloudTrailItem {
					h := readHead(raw, none)
					raw = h.wrap(raw, nil)
				}
				ok, _ := p.Match(raw)
				return ok
			})
		}
		for _, f := range usecase.Filters {
			if f.ID == "UnauthorizedAttemptsFilter" {
				continue // one refusal is nothing: see TestThresholdSurvivesARestart
			}
			filter := logFilter(t, f.Pattern)
			check(f.ID, func(s sample) bool {
				record := trailOf(s.format, s.raw)
				return record != nil && filter.Match(record)
			})
		}
	}
}

func logFilter(t *testing.T, pattern string) *logpattern.Filter {
	t.Helper()
	f, err := logpattern.Parse(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func trailOf(format event.Format, raw []byte) []byte {
	if format == event.CloudTrailItem {
		return raw
	}
	if h := readHead(raw, none); h.isTrail() {
		return h.detail
	}
	return nil
}
