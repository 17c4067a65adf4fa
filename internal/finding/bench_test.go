package finding

import (
	"testing"

	"zesei/internal/event"
)

// BenchmarkDecode decodes one bare finding of Security Hub's, of about 3 KB.
func BenchmarkDecode(b *testing.B) {
	for name, format := range map[string]event.Format{"ec2.19-consolidated.json": event.ASFF, "ec2.19-v2.ocsf.json": event.OCSF} {
		b.Run(string(format), func(b *testing.B) {
			doc := fixture(b, name)
			if format == event.ASFF {
				fields := doc["ProductFields"].(map[string]any)
				for _, c := range "abcdefghij" {
					fields["aws/securityhub/field/"+string(c)] = "a value of some length, as annotations and names have"
				}
			}
			item := event.Item{Format: format, Raw: doc.raw(b)}
			d := NewDecoder(newTestCatalogue())
			b.SetBytes(int64(len(item.Raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Decode(item, received); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "findings/s")
		})
	}
}
