package detect

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestWindowFiresOnceAtItsThreshold(t *testing.T) {
	w := NewWindow(3, 5*time.Minute)
	for i, want := range []bool{false, false, true, false, false} {
		if _, fires := w.Add(int64(i), noon.Add(time.Duration(i)*time.Minute)); fires != want {
			t.Errorf("event %d: fires %v, want %v", i+1, fires, want)
		}
	}
	if _, fires := w.Add(10, noon.Add(2*time.Hour)); fires {
		t.Error("one event two hours later fires")
	}
	w.Add(11, noon.Add(2*time.Hour))
	if _, fires := w.Add(12, noon.Add(2*time.Hour+time.Minute)); !fires {
		t.Error("three more two hours later do not fire again")
	}
}

func TestWindowDoesNotFireOnEventsFarApart(t *testing.T) {
	w := NewWindow(3, 5*time.Minute)
	for i := range 20 {
		if _, fires := w.Add(int64(i), noon.Add(time.Duration(i)*3*time.Minute)); fires {
			t.Fatalf("event %d fires, two in five minutes", i)
		}
	}
}

func TestWindowCountsARepeatedEventOnce(t *testing.T) {
	w := NewWindow(3, 5*time.Minute)
	for range 10 {
		if _, fires := w.Add(7, noon); fires {
			t.Fatal("one event, delivered ten times, fires")
		}
	}
	w.Add(8, noon.Add(time.Second))
	if _, fires := w.Add(7, noon); fires {
		t.Error("a repeated one fires behind a second")
	}
	if _, fires := w.Add(9, noon.Add(2*time.Second)); !fires {
		t.Error("the third does not fire")
	}
}

func TestWindowCountsALateEventInItsOwnTime(t *testing.T) {
	w := NewWindow(3, 5*time.Minute)
	w.Add(1, noon)
	w.Add(2, noon.Add(time.Minute))
	w.Add(3, noon.Add(time.Hour)) // a newer one came first
	if since, fires := w.Add(4, noon.Add(2*time.Minute)); !fires || since.After(noon) {
		t.Errorf("the late third: fires %v since %v", fires, since)
	}
	if _, fires := w.Add(5, noon.Add(-24*time.Hour)); fires {
		t.Error("one beyond its memory fires")
	}
}

// Whatever the order of arrival and however often each is delivered, a window
// fires if and only if events lie close enough.
func TestWindowSaysTheSameInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		at := make([]time.Time, 2+r.IntN(12))
		for i := range at {
			at[i] = noon.Add(time.Duration(r.IntN(3600)) * time.Second)
		}
		run := func() (fired bool) {
			w := NewWindow(4, 5*time.Minute)
			order := r.Perm(len(at))
			for _, i := range append(order, r.Perm(len(at))...) {
				restored, err := RestoreWindow(4, 5*time.Minute, w.Snapshot())
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(restored.Snapshot(), w.Snapshot()) {
					t.Fatal("a restored window differs")
				}
				w = restored
				_, fires := w.Add(int64(i), at[i])
				fired = fired || fires
			}
			return fired
		}
		first := run()
		for range 4 {
			if run() != first {
				t.Fatalf("round %d: fires in one order and not in another", round)
			}
		}
		// The alarm's own count, on periods that begin at whole minutes of five.
		periods := map[int64]int{}
		for _, a := range at {
			periods[a.Unix()/300]++
		}
		for _, n := range periods {
			if n >= 4 && !first {
				t.Fatalf("round %d: an alarm would fire, the window does not", round)
			}
		}
	}
}

func TestWindowStaysSmallUnderAFlood(t *testing.T) {
	w := NewWindow(5, 5*time.Minute)
	for i := range 200_000 {
		w.Add(int64(i), noon.Add(time.Duration(i)*time.Second/2))
	}
	if n := len(w.Snapshot()); n > 128<<10 {
		t.Errorf("the state has %d bytes", n)
	}
}

func TestWindowOfAnotherSpanBeginsAnew(t *testing.T) {
	w := NewWindow(2, 5*time.Minute)
	w.Add(1, noon)
	other, err := RestoreWindow(2, time.Hour, w.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if _, fires := other.Add(2, noon); fires {
		t.Error("state of another span was used")
	}
	if _, err := RestoreWindow(2, time.Hour, []byte("{")); err == nil {
		t.Error("broken state is taken")
	}
}
