package event

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
)

// FuzzReader holds what every input must: no panic, an end, positions that
// never go back, each item usable or with a reason; and what is accepted as a
// line of valid JSON in means that it comes out.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		finding(1), ocsf, trail, dome9, imported, insight,
		"[" + finding(1) + "," + finding(2)[:80] + "," + ocsf + "]",
		`{"Findings":[` + finding(1) + `],"NextToken":1}` + "\n" + trail,
		`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":` + quote(imported) + `}}]}`,
		`{"Events":[{"CloudTrailEvent":` + quote(trail) + `}]}`,
		"[1,2,\"x\",null]", "\ufeff{}", compress(ocsf), "[[[[[[[[[[[[{}", `{"a":"\`, "{\"a\n",
	} {
		f.Add([]byte(seed), uint8(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, limit uint8) {
		r := NewReader(bytes.NewReader(in), "fuzz")
		if limit > 0 {
			r.Limit = int(limit)
		}
		var last int64
		for n := 0; ; n++ {
			item, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n > len(in)+8 && (len(in) < 2 || in[0] != 0x1f) {
				t.Fatal("more items than bytes")
			}
			if item.Offset < last {
				t.Fatalf("offset %d after %d", item.Offset, last)
			}
			last = item.Offset
			if item.Format == Unknown && item.Err == nil {
				t.Fatalf("unknown without a reason: %q", item.Raw)
			}
		}
	})
}

// FuzzScan compares the scanner with encoding/json: it may accept a bad number
// or \u escape, and nothing else that is no JSON; it accepts all that is JSON.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{finding(1), `[1,-2.5e+3,true,false,null,"\u00e9\n"]`, `{"a":{},"b":[]}`, `[,]`, `{"a":}`, "\"\x01\"", `[1 2]`, `{"a":1,}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var s scan
		s.reset()
		s.skim = true // lists of items are values here
		end := s.run(in, true)
		ok := end == whole && len(bytes.TrimLeft(in[s.pos:], " \t\r\n")) == 0
		valid := json.Valid(in)
		if valid && !ok && bytes.Count(in, []byte("["))+bytes.Count(in, []byte("{")) < maxDepth-1 {
			t.Fatalf("refused: %s", s.fault)
		}
		if ok && !valid && !bytes.ContainsAny(in, `-+.eE0\`) {
			t.Fatalf("accepted what is no JSON")
		}
	})
}
