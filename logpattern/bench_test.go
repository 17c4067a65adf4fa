package logpattern

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tidwall/gjson"
)

// records reads real CloudTrail records where they are at hand.
func records(b *testing.B) (all [][]byte, total int64) {
	b.Helper()
	root := shared(b, "testdata/cloudtrail")
	_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" || len(all) >= 5000 {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		var file struct{ Records []json.RawMessage }
		if json.Unmarshal(raw, &file) == nil {
			for _, r := range file.Records {
				all, total = append(all, r), total+int64(len(r))
			}
		}
		return nil
	})
	if len(all) == 0 {
		b.Skip("no records in " + root)
	}
	return all, total
}

const rootActivity = `{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}`

// BenchmarkMatch matches one JSON filter, and a set of the 14 CIS filters, on
// real CloudTrail records, beside gjson.Valid on the same bytes.
func BenchmarkMatch(b *testing.B) {
	events, total := records(b)
	one := parse(b, rootActivity)
	raw, err := os.ReadFile(shared(b, "reference/vectors/log-patterns-cis-blea.json"))
	if err != nil {
		b.Fatal(err)
	}
	var file struct {
		ByHub map[string]string `json:"securityhub_map"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		b.Fatal(err)
	}
	var filters []*Filter
	for _, pattern := range file.ByHub {
		filters = append(filters, parse(b, pattern))
	}
	set := NewSet(filters...)
	run := func(name string, each func(event []byte)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(total / int64(len(events)))
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				each(events[n%len(events)])
			}
		})
	}
	run("gjson.Valid", func(e []byte) { gjson.ValidBytes(e) })
	run("filter", func(e []byte) { one.Match(e) })
	dst := slices.Grow([]int(nil), set.Len())
	run("set of 14", func(e []byte) { dst = set.Match(e, dst[:0]) })
}

func BenchmarkTerms(b *testing.B) {
	event := []byte("2026-05-01T09:00:00+09:00 [ERROR 500] INTERNAL SERVER ERROR request=11aa22bb path=/service/resource/67")
	for _, pattern := range []string{`ERROR -timeout`, `%\[ERROR [45][0-9]{2}\]%`, `[time, level=ERROR*, ...]`} {
		f := parse(b, pattern)
		b.Run(pattern, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Match(event)
			}
		})
	}
}
