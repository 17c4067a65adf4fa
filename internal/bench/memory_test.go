package bench

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkMemoryOfALargeInput takes in a stream of 100 MB (ZESEI_BENCH_MB) of
// findings of which most are repeated, as a product's export repeats them, and
// reports the most memory that was in use meanwhile.
func BenchmarkMemoryOfALargeInput(b *testing.B) {
	megabytes := size(b, "ZESEI_BENCH_MB", 100)
	for b.Loop() {
		a := open(b, b.TempDir())
		var most atomic.Uint64
		done := make(chan struct{})
		go func() {
			t := time.NewTicker(20 * time.Millisecond)
			defer t.Stop()
			for {
				select {
				case <-done:
					return
				case <-t.C:
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					most.Store(max(most.Load(), m.HeapAlloc))
				}
			}
		}()
		in := &endless{left: int64(megabytes) << 20, at: time.Now().Add(-time.Hour)}
		before := time.Now()
		t, err := a.Intake.Read(context.Background(), in, "large")
		took := time.Since(before)
		close(done)
		a.Close()
		if err != nil || t.Dead > 0 {
			b.Fatalf("%+v %v", t, err)
		}
		b.ReportMetric(float64(megabytes)/took.Seconds(), "MB/s")
		b.ReportMetric(float64(most.Load())/(1<<20), "peak-heap-MB")
		b.ReportMetric(status("VmHWM:"), "peak-rss-MB")
	}
}

// endless writes findings until so many bytes are out.
type endless struct {
	left int64
	at   time.Time
	n    int
	b    bytes.Buffer
}

func (e *endless) Read(p []byte) (int, error) {
	for e.b.Len() < len(p) && e.left > 0 {
		before := e.b.Len()
		// A case of twenty is new.
		i := e.n
		if e.n%20 != 0 {
			i = e.n / 20 * 20
		}
		e.n++
		one(&e.b, rand.New(rand.NewPCG(uint64(i), 3)), i, e.at)
		e.b.WriteByte('\n')
		e.left -= int64(e.b.Len() - before)
	}
	if e.b.Len() == 0 {
		return 0, io.EOF
	}
	return e.b.Read(p)
}
