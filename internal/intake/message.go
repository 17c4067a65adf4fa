package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zesei/internal/event"
	"zesei/internal/store"
)

// MaxMessage is how large a message may be: that of SQS and EventBridge since
// 2025 (1 MiB). The whole of one that cannot be used is kept.
const MaxMessage = 1 << 20

// Object is what an S3 event notification names.
type Object struct {
	Bucket, Key, Version, Region string
	Size                         int64 // bytes
}

// Objects takes in objects of S3.
type Objects interface {
	// Object returns when everything in the object has been committed. With an
	// error the notification is delivered again.
	Object(context.Context, Object) error
}

// message is what one delivery of a queue or a sender holds.
type message struct {
	body    []byte
	batches []batch  // at most casework.BatchSize each
	objects []Object // to be taken in beside them
	id      string   // remembered with the commit; "" is not remembered
}

// counts of findings, events for the detection rules, and dead letters.
func (m *message) counts() (findings, events, dead int) {
	for _, b := range m.batches {
		findings, events, dead = findings+len(b.findings), events+b.looked, dead+len(b.dead)
	}
	return findings, events, dead
}

// read decodes a message. It never fails: what cannot be used is in it as dead
// letters, the first of them with the whole body, so that nothing is lost.
func (in *Intake) read(body []byte, source string) (m message) {
	m.body = body
	defer func() {
		if p := recover(); p != nil {
			m.batches, m.objects = []batch{wholly(body, source, fmt.Errorf("reading it made zesei stumble: %v", p))}, nil
		}
	}()
	rd := event.NewReader(bytes.NewReader(body), source)
	var b batch
	whole := false
	for {
		item, err := rd.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			in.item(&b, event.Item{Source: source, Raw: body, Err: err}, MaxMessage)
			break
		}
		if item.Err != nil && in.Objects != nil {
			if o, ok := notified(item.Raw); ok {
				if o.Key != "" {
					m.objects = append(m.objects, o)
				}
				b.read++
				continue
			}
		}
		if item.Format == event.OtherEvent && in.Objects != nil {
			if o, ok := created(item.Raw); ok {
				m.objects = append(m.objects, o) // and the rules may look at the event itself
			}
		}
		if item.Err != nil && isTestEvent(item.Raw) {
			b.read++
			continue
		}
		if item.Err != nil && !whole {
			whole, item.Raw = true, body
		}
		in.item(&b, item, MaxMessage)
		if b.full() {
			m.batches = append(m.batches, b)
			b = batch{}
		}
	}
	if b.read > 0 {
		m.batches = append(m.batches, b)
	}
	if len(m.batches) == 0 {
		m.batches = []batch{wholly(body, source, errors.New("an empty message; expected an event or a finding"))}
	}
	return m
}

// wholly is a message that is one dead letter.
func wholly(body []byte, source string, why error) batch {
	return batch{read: 1, dead: []store.Dead{{Source: source, Position: 1, Reason: why.Error(), Raw: bytes.Clone(body)}}}
}

// notified reads a record of an S3 event notification ("Event message structure"
// of the S3 user guide). One that tells of anything else than a new object, as of
// a removed one, names none.
func notified(raw []byte) (Object, bool) {
	var r struct {
		EventSource string `json:"eventSource"`
		EventName   string `json:"eventName"`
		AWSRegion   string `json:"awsRegion"`
		S3          struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key       string `json:"key"`
				Size      int64  `json:"size"`
				VersionID string `json:"versionId"`
			} `json:"object"`
		} `json:"s3"`
	}
	if json.Unmarshal(raw, &r, jsontext.AllowDuplicateNames(true)) != nil || r.EventSource != "aws:s3" || r.S3.Bucket.Name == "" || r.S3.Object.Key == "" {
		return Object{}, false
	}
	if !strings.HasPrefix(r.EventName, "ObjectCreated:") {
		return Object{}, true
	}
	key, err := url.QueryUnescape(r.S3.Object.Key) // keys are URL-encoded in notifications
	return Object{Bucket: r.S3.Bucket.Name, Key: key, Version: r.S3.Object.VersionID, Region: r.AWSRegion, Size: r.S3.Object.Size}, err == nil
}

// isTestEvent recognises what S3 sends once when notifications are set up; it
// names no object.
func isTestEvent(raw []byte) bool {
	if !bytes.Contains(raw, []byte("s3:TestEvent")) {
		return false
	}
	var t struct{ Service, Event string }
	return json.Unmarshal(raw, &t, jsontext.AllowDuplicateNames(true)) == nil && t.Service == "Amazon S3" && t.Event == "s3:TestEvent"
}

// lag is how old a message is, never negative.
func lag(now, sent time.Time) time.Duration {
	if sent.IsZero() {
		return 0
	}
	return max(0, now.Sub(sent))
}
