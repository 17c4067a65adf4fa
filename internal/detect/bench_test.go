package detect

import (
	"path/filepath"
	"testing"

	"github.com/tidwall/gjson"

	"zesei/internal/event"
)

// BenchmarkDetect runs real CloudTrail records through all packs, beside
// gjson.Valid on the same bytes.
func BenchmarkDetect(b *testing.B) {
	var records [][]byte
	total := 0
	recorded(b, filepath.Join(shared(b, "testdata"), "cloudtrail"), func(_ string, item event.Item) {
		if item.Format == event.CloudTrailItem {
			records = append(records, append([]byte(nil), item.Raw...))
			total += len(item.Raw)
		}
	})
	batch := engine(b, Options{}, Names()...).Batch(nil)
	run := func(name string, each func(raw []byte)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(total / len(records)))
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				each(records[n%len(records)])
			}
		})
	}
	run("gjson.Valid", func(raw []byte) { gjson.ValidBytes(raw) })
	run("all packs", func(raw []byte) { _, _ = batch.Detect(event.CloudTrailItem, raw, noon) })
	run("envelope", func(raw []byte) { h := readHead(raw, batch.engine.logs); batch.buf = h.wrap(raw, batch.buf[:0]) })
	run("event patterns", func(raw []byte) { batch.hits, _ = batch.engine.events.Match(raw, batch.hits[:0]) })
	run("log filters", func(raw []byte) { batch.hits = batch.engine.logs.Match(raw, batch.hits[:0]) })
}
