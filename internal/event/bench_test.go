package event

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// long gives an object with one array of n findings of about 3 KB without
// holding it.
type long struct {
	left  int
	body  string
	next  string
	part  string
	ended bool
}

func newLong(n int) *long {
	fields := make([]string, 0, 40)
	for i := range 40 {
		fields = append(fields, fmt.Sprintf(`"aws/field/%d":"value of the field %d"`, i, i))
	}
	body := finding(1)
	body = body[:len(body)-1] + `,"Title":"Security groups should not allow unrestricted access to ports with high risk","Description":"` + strings.Repeat("This control checks that. ", 20) + `","ProductFields":{` + strings.Join(fields, ",") + `},"Severity":{"Normalized":90,"Label":"CRITICAL"}}`
	return &long{left: n, body: body, next: "," + body, part: `{"Findings":[` + body}
}

func (l *long) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if l.part == "" {
			switch l.left--; {
			case l.left > 0:
				l.part = l.next
			case !l.ended:
				l.ended = true
				l.part = "]}"
			default:
				if n == 0 {
					return 0, io.EOF
				}
				return n, nil
			}
		}
		c := copy(p[n:], l.part)
		l.part = l.part[c:]
		n += c
	}
	return n, nil
}

// A long input must not need more memory than a short one.
func TestReaderNeedsNoMoreMemoryForALongInput(t *testing.T) {
	size := 256 << 20
	if testing.Short() {
		size = 32 << 20
	}
	src := newLong(1)
	n := size / len(src.body)
	r := NewReader(newLong(n), "long")
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	count := 0
	for {
		item, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil || item.Err != nil {
			t.Fatal(err, item.Err)
		}
		count++
		if count%(n/8) == 0 {
			runtime.ReadMemStats(&now)
			if now.HeapAlloc > before.HeapAlloc+8<<20 {
				t.Fatalf("heap grew from %d to %d bytes after %d items", before.HeapAlloc, now.HeapAlloc, count)
			}
		}
	}
	runtime.ReadMemStats(&now)
	if count != n {
		t.Errorf("%d items, want %d", count, n)
	}
	if total := now.TotalAlloc - before.TotalAlloc; total > 16<<20 {
		t.Errorf("%d bytes allocated for an input of %d", total, size)
	}
}

func BenchmarkReader(b *testing.B) {
	src := newLong(1)
	n := 64 << 20 / len(src.body)
	b.SetBytes(int64(n * len(src.body)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(newLong(n), "long")
		for {
			if _, err := r.Next(); err != nil {
				break
			}
		}
	}
}

func BenchmarkReaderPretty(b *testing.B) {
	one := strings.NewReplacer(`,"`, ",\n        \"", `{"`, "{\n      \"").Replace(newLong(1).body)
	in := "[\n" + strings.Repeat(one+",\n", 2000) + one + "]"
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		r := NewReader(strings.NewReader(in), "pretty")
		for {
			if _, err := r.Next(); err != nil {
				break
			}
		}
	}
}
