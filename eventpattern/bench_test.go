package eventpattern_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"zesei/eventpattern"
)

// BenchmarkSet matches events of 2 KB against N rules: the events of the corpus
// of at least 1,500 bytes, which are 2.1 KB on average (1.7 KB where the corpus
// is made up); the rules are made from the whole corpus. Each round goes over the same
// events twice, once with gjson.Valid and once with the Set; ratio is the
// median over the rounds of the Set's time divided by gjson's, so that what
// else runs on the machine weighs on both.
//
//	ratio          time of Set.Match ÷ time of gjson.Valid
//	events/s       of Set.Match
//	gjson-events/s of gjson.Valid
//	matches/event  how many rules match an event on average
//	build-ms       time to build the Set from parsed patterns
//	heap-MB        memory that the Set keeps
func BenchmarkSet(b *testing.B) {
	all, kind := corpus()
	var events [][]byte
	size := 0
	for _, e := range all {
		if len(e) >= 1500 {
			events = append(events, e)
			size += len(e)
		}
	}
	b.Logf("%d %s events of %d bytes", len(events), kind, size/len(events))
	for _, n := range []int{1, 10, 100, 1000, 10000} {
		b.Run(fmt.Sprintf("N=%d", n), func(b *testing.B) {
			patterns := makeRules(b, n, all)
			before := heap()
			start := time.Now()
			set, err := eventpattern.NewSet(patterns...)
			if err != nil {
				b.Fatal(err)
			}
			build := time.Since(start)
			size := float64(heap()-before) / 1e6
			benchmarkMatch(b, set, events)
			b.ReportMetric(float64(build.Microseconds())/1e3, "build-ms")
			b.ReportMetric(size, "heap-MB")
			runtime.KeepAlive(patterns)
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

const batch = 250 // events between two looks at the clock

func benchmarkMatch(b *testing.B, set *eventpattern.Set, events [][]byte) {
	var ratios []float64
	var ours, theirs time.Duration
	matches, rounds, at := 0, 0, 0
	dst := make([]int, 0, set.Len())
	for _, e := range events { // fill the pool's scratch before counting allocations
		dst, _ = set.Match(e, dst[:0])
	}
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += batch {
		chunk := events[at:min(at+batch, len(events))]
		if at += batch; at >= len(events) {
			at = 0
		}
		t0 := time.Now()
		for _, e := range chunk {
			if !gjson.ValidBytes(e) {
				b.Fatal("not valid")
			}
		}
		t1 := time.Now()
		for _, e := range chunk {
			var err error
			if dst, err = set.Match(e, dst[:0]); err != nil {
				b.Fatal(err)
			}
			matches += len(dst)
		}
		t2 := time.Now()
		ours, theirs = ours+t2.Sub(t1), theirs+t1.Sub(t0)
		ratios = append(ratios, float64(t2.Sub(t1))/float64(t1.Sub(t0)))
		rounds += len(chunk)
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(float64(rounds)/ours.Seconds(), "events/s")
	b.ReportMetric(float64(rounds)/theirs.Seconds(), "gjson-events/s")
	b.ReportMetric(float64(matches)/float64(rounds), "matches/event")
}
