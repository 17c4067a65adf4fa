package report

import (
	"context"
	"encoding/json"
	"time"

	"zesei/internal/store"
)

// FixTime is how long cases had been open that were closed as fixed in the
// period. Both are nil where there are none.
type FixTime struct {
	N           int
	Median, P90 *time.Duration
}

// MarshalJSON writes times in seconds.
func (f FixTime) MarshalJSON() ([]byte, error) {
	seconds := func(d *time.Duration) *int64 {
		if d == nil {
			return nil
		}
		s := int64(d.Seconds())
		return &s
	}
	return json.Marshal(struct {
		N      int    `json:"n"`
		Median *int64 `json:"median_seconds"`
		P90    *int64 `json:"p90_seconds"`
	}{f.N, seconds(f.Median), seconds(f.P90)})
}

func (s *Summary) readFixTime(ctx context.Context, q store.Querier, of SummaryOf) error {
	took, err := store.FixTimes(ctx, q, of.Owner, of.From.In(of.Zone), of.To.Add(1).In(of.Zone))
	s.FixTime = fixTime(took)
	return err
}

// fixTime takes times in ascending order. The median of an even number is the
// mean of the middle two; the 90th percentile is the smallest time within which
// nine tenths were fixed (nearest rank).
func fixTime(took []time.Duration) FixTime {
	n := len(took)
	if n == 0 {
		return FixTime{}
	}
	median := (took[(n-1)/2] + took[n/2]) / 2
	p90 := took[(9*n+9)/10-1]
	return FixTime{N: n, Median: &median, P90: &p90}
}

// AgeCount counts open cases by how long they have been open.
type AgeCount struct {
	// Days is the upper limit; 0: above all limits.
	Days int `json:"days"`
	N    int `json:"n"`
}

var (
	ageDays   = []int{7, 30, 90, 180}
	ageLimits = func() (out []time.Duration) {
		for _, d := range ageDays {
			out = append(out, time.Duration(d)*24*time.Hour)
		}
		return out
	}()
)

func ages(waiting []store.Waiting) []AgeCount {
	out := make([]AgeCount, len(ageDays)+1)
	for i, d := range ageDays {
		out[i].Days = d
	}
	for _, w := range waiting {
		for i, n := range w.Ages {
			out[i].N += n
		}
	}
	return out
}
