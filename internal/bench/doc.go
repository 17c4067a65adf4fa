// Package bench measures what design promises in numbers: how fast findings are
// taken in, how soon an event leads to a proved fix, how much memory a large
// input takes and how quickly a large store answers. `make bench` runs it.
//
// Speeds are ratios between two things measured in the same run on the same
// machine, so that they mean the same everywhere. What is measured is the real
// program with its real policy and catalogue; findings are generated, alike in
// size and shape to what Security Hub sends, and everything stays on loopback.
//
// Sizes can be set: ZESEI_BENCH_FINDINGS (of one intake), ZESEI_BENCH_MB (of the
// input whose memory is measured), ZESEI_BENCH_CASES (of the large store).
package bench
