package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"zesei/internal/app"
	"zesei/internal/casework"
	"zesei/internal/detect"
	"zesei/internal/event"
	"zesei/internal/intake"
	"zesei/internal/policy"
)

// BenchmarkTrail reads a CloudTrail file, gzip, with all packs on:
//
//   - store: as `zesei ingest` does, to the durable store (store÷gunzip);
//   - detect: the same without a store, nothing kept (detect÷gunzip);
//
// each beside the bare decompression of the same bytes in the same run. The trail
// repeats real records (../shared/testdata/cloudtrail; a few of our own where
// these are not here) with new event ids until it has ZESEI_BENCH_TRAIL_MB.
func BenchmarkTrail(b *testing.B) {
	packs, err := detect.Load(detect.Names()...)
	if err != nil {
		b.Fatal(err)
	}
	engine, err := detect.New(packs, detect.Options{Trusted: func(string, string) bool { return true }})
	if err != nil {
		b.Fatal(err)
	}
	records, kind := trailRecords(b, engine)
	file, raw, events := trail(b, records, size(b, "ZESEI_BENCH_TRAIL_MB", 64)<<20)
	b.Logf("%s: %d records, %d events, %d MB, gzip %d MB", kind, len(records), events, raw>>20, len(file)>>20)
	gunzip := func() { gunzipAlone(b, file) }
	b.Run("store", func(b *testing.B) {
		var alone, whole time.Duration
		for b.Loop() {
			b.StopTimer()
			a := openTrail(b, b.TempDir())
			b.StartTimer()
			alone += timed(gunzip)
			whole += timed(func() {
				t, err := a.Intake.Read(context.Background(), bytes.NewReader(file), "trail.json.gz")
				if err != nil || t.Events != events {
					b.Fatalf("%+v %v", t, err)
				}
			})
			b.StopTimer()
			a.Close()
			b.StartTimer()
		}
		report(b, raw, events, whole, alone, "store÷gunzip")
	})
	b.Run("detect", func(b *testing.B) {
		var alone, whole time.Duration
		for b.Loop() {
			alone += timed(gunzip)
			whole += timed(func() {
				in := intake.Intake{Work: detector{engine}, Now: time.Now, Wakes: engine.Wakes, Detects: func(event.Format) bool { return true }}
				if t, err := in.Read(context.Background(), bytes.NewReader(file), "trail.json.gz"); err != nil || t.Events != events {
					b.Fatalf("%+v %v", t, err)
				}
			})
		}
		report(b, raw, events, whole, alone, "detect÷gunzip")
	})
}

func timed(f func()) time.Duration {
	before := time.Now()
	f()
	return time.Since(before)
}

func report(b *testing.B, raw, events int, whole, alone time.Duration, ratio string) {
	b.ReportMetric(float64(whole)/float64(alone), ratio)
	b.ReportMetric(float64(b.N)*float64(events)/whole.Seconds(), "events/s")
	b.ReportMetric(float64(b.N)*float64(raw)/1e6/whole.Seconds(), "MB/s")
	b.ReportMetric(float64(b.N)*float64(raw)/1e6/alone.Seconds(), "gunzip-MB/s")
}

func gunzipAlone(b *testing.B, file []byte) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err == nil {
		_, err = io.Copy(io.Discard, z)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// detector stands for casework without a store: it detects and forgets.
type detector struct{ engine *detect.Engine }

func (d detector) Take(_ context.Context, a casework.Arrival) (r casework.Result, err error) {
	batch := d.engine.Batch(nil)
	for _, e := range a.Events {
		hits, err := batch.Detect(e.Format, e.Raw, e.At)
		if err != nil {
			return r, err
		}
		r.Detected += len(hits)
	}
	return r, nil
}

// openTrail opens zesei with all packs on a new store.
func openTrail(b *testing.B, dir string) *app.App {
	b.Helper()
	file := filepath.Join(dir, "zesei.yaml")
	rules, _ := policy.Shipped("s2")
	write(b, filepath.Join(dir, "policy.yaml"), rules)
	write(b, file, fmt.Appendf(nil, "store: sqlite:%s\npolicy: policy.yaml\nowners: {sec: {slack: \"#sec\", default: true}}\nnotify: {slack: {token: \"${env:ZESEI_BENCH_TOKEN}\"}}\ndetect: {packs: [%s]}\n",
		filepath.Join(dir, "z.db"), strings.Join(detect.Names(), ", ")))
	b.Setenv("ZESEI_BENCH_TOKEN", "xoxb-bench")
	a, err := app.Open(context.Background(), app.Options{ConfigPath: file, Offline: true})
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// judged leaves out records whose account id their publishers have blotted out:
// an engine refuses them as nobody's.
func judged(engine *detect.Engine, item event.Item) bool {
	_, err := engine.Batch(nil).Detect(item.Format, item.Raw, time.Now())
	return err == nil
}

// trailRecords are the records that a trail is made of.
func trailRecords(b *testing.B, engine *detect.Engine) (records [][]byte, kind string) {
	root, err := filepath.Abs("../../../shared/testdata/cloudtrail")
	if err != nil {
		b.Fatal(err)
	}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".json") || strings.Contains(d.Name(), "panther") {
			return nil // labelled examples, shortened by hand, are no trail
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for r := event.NewReader(f, path); ; {
			item, err := r.Next()
			if err != nil {
				return nil
			}
			if item.Format == event.CloudTrailItem && bytes.Contains(item.Raw, []byte(`"eventID"`)) && judged(engine, item) {
				records = append(records, bytes.Clone(item.Raw))
			}
		}
	})
	if len(records) > 0 {
		return records, "recorded trails"
	}
	if os.Getenv("ZESEI_REQUIRE") == "all" {
		b.Fatal("the recorded trails (../shared/testdata/cloudtrail) are not here")
	}
	for i, name := range []string{"DescribeInstances", "ListBuckets", "GetCallerIdentity", "AssumeRole", "PutObject", "AuthorizeSecurityGroupIngress"} {
		records = append(records, fmt.Appendf(nil, `{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:taro","arn":"arn:aws:sts::111122223333:assumed-role/admin/taro","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/admin","accountId":"111122223333","userName":"admin"},"attributes":{"creationDate":"2026-11-20T08:00:00Z","mfaAuthenticated":"true"}}},"eventTime":"2026-11-20T09:%02d:00Z","eventSource":"ec2.amazonaws.com","eventName":%q,"awsRegion":"ap-northeast-1","sourceIPAddress":"203.0.113.9","userAgent":"aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux lang/python","requestParameters":{"groupId":"sg-0123456789abcdef0","filterSet":{}},"responseElements":null,"requestID":"5c1b3f1e-0000-4000-8000-00000000%04d","eventID":"00000000-0000-4000-8000-000000000000","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"ec2.ap-northeast-1.amazonaws.com"}}`, i, name, i))
	}
	return records, "records of our own"
}

// trail repeats records, each with an event id of its own, in documents as
// CloudTrail delivers them.
func trail(b *testing.B, records [][]byte, atLeast int) (file []byte, raw, events int) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	var doc bytes.Buffer
	r := rand.New(rand.NewPCG(7, 7))
	for raw < atLeast {
		doc.Reset()
		doc.WriteString(`{"Records":[`)
		for i := range 2000 {
			if i > 0 {
				doc.WriteByte(',')
			}
			doc.Write(withID(records[events%len(records)], fmt.Sprintf("%08x-%04x-4000-8000-%012x", r.Uint32(), uint16(r.Uint32()), events)))
			events++
		}
		doc.WriteString("]}\n")
		raw += doc.Len()
		if _, err := z.Write(doc.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes(), raw, events
}

// withID replaces a record's eventID.
func withID(record []byte, id string) []byte {
	before, rest, ok := bytes.Cut(record, []byte(`"eventID"`))
	if !ok {
		return record
	}
	_, rest, ok = bytes.Cut(rest, []byte(`"`))
	if !ok {
		return record
	}
	_, rest, _ = bytes.Cut(rest, []byte(`"`))
	return bytes.Join([][]byte{before, []byte(`"eventID":"` + id + `"`), rest}, nil)
}
