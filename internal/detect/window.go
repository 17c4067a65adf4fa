package detect

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// slices of a Window's span in which events are counted.
const windowSlices = 12

// windowMemory is how long, at least, a Window remembers behind the newest
// event, for records that come late: CloudTrail delivers within about 15
// minutes, a queue may hold them for hours.
const windowMemory = 6 * time.Hour

// Window counts events until Count of them lie within a span of time, as a
// metric filter with its alarm does, over every stretch of the span's twelfths:
// whatever fires the alarm, whose period lies on such a stretch, fires here.
//
// It counts by the time at which an event happened, each event id once, and
// needs no more memory a slice than Count ids: so the order of arrival, late
// records and repeated deliveries do not change what it says. An event older
// than its memory is not counted.
type Window struct {
	count  int
	within time.Duration
	state  windowState
}

type windowState struct {
	Slice  int64             `json:"slice"` // its length in seconds
	Newest int64             `json:"newest"`
	Seen   map[int64][]int64 `json:"seen,omitempty"`  // slice → hashes of event ids, at most count
	Fired  [][2]int64        `json:"fired,omitempty"` // first and last slice of each time that it fired
}

// NewWindow returns an empty Window.
func NewWindow(count int, within time.Duration) *Window {
	return &Window{count: count, within: within, state: windowState{Slice: sliceOf(within), Seen: map[int64][]int64{}}}
}

func sliceOf(within time.Duration) int64 {
	return max(1, int64((within+windowSlices*time.Second-1)/(windowSlices*time.Second)))
}

// RestoreWindow returns the Window of a Snapshot. State of a rule whose span has
// changed since begins anew.
func RestoreWindow(count int, within time.Duration, snapshot []byte) (*Window, error) {
	w := NewWindow(count, within)
	var s windowState
	if err := json.Unmarshal(snapshot, &s); err != nil {
		return nil, fmt.Errorf("reading the stored state of a window: %w", err)
	}
	if s.Slice == w.state.Slice {
		if s.Seen == nil {
			s.Seen = map[int64][]int64{}
		}
		w.state = s
	}
	return w, nil
}

// Snapshot returns the state for storing.
func (w *Window) Snapshot() []byte {
	b, err := json.Marshal(w.state)
	if err != nil {
		panic(err) // numbers always encode
	}
	return b
}

// Expires is when the Window will have forgotten everything.
func (w *Window) Expires() time.Time {
	return time.Unix((w.state.Newest+1)*w.state.Slice, 0).Add(w.memory()).UTC()
}

func (w *Window) memory() time.Duration { return max(windowMemory, 2*w.within) }

// Add counts an event and says whether with it the threshold is reached, and
// when the stretch of time that reached it began. It fires once a stretch:
// further events that touch one that fired belong to it.
func (w *Window) Add(id int64, at time.Time) (since time.Time, fires bool) {
	s := &w.state
	slice := at.Unix() / s.Slice
	keep := int64(w.memory()/time.Second) / s.Slice
	if slice < s.Newest-keep {
		return time.Time{}, false
	}
	if slice > s.Newest {
		s.Newest = slice
		for old := range s.Seen {
			if old < slice-keep {
				delete(s.Seen, old)
			}
		}
		s.Fired = slices.DeleteFunc(s.Fired, func(f [2]int64) bool { return f[1] < slice-keep })
	}
	seen := s.Seen[slice]
	if len(seen) >= w.count || slices.Contains(seen, id) {
		w.prolong(slice)
		return time.Time{}, false
	}
	s.Seen[slice] = append(seen, id)
	span := min(windowSlices, max(1, int64(w.within/time.Second)/s.Slice))
	for first := slice - span + 1; first <= slice; first++ {
		total := 0
		for i := first; i < first+span; i++ {
			total += len(s.Seen[i])
		}
		if total < w.count {
			continue
		}
		return w.fire(first, first+span-1)
	}
	w.prolong(slice)
	return time.Time{}, false
}

// prolong notes an event behind a stretch that fired: as long as such events
// follow each other it is one happening.
func (w *Window) prolong(slice int64) {
	for i := range w.state.Fired {
		f := &w.state.Fired[i]
		if slice >= f[0] && slice <= f[1]+windowSlices {
			f[1] = max(f[1], slice)
		}
	}
}

func (w *Window) fire(first, last int64) (time.Time, bool) {
	for i := range w.state.Fired {
		f := &w.state.Fired[i]
		if first <= f[1]+1 && last >= f[0]-1 {
			f[0], f[1] = min(f[0], first), max(f[1], last)
			return time.Time{}, false
		}
	}
	w.state.Fired = append(w.state.Fired, [2]int64{first, last})
	return time.Unix(first*w.state.Slice, 0).UTC(), true
}
