package intake

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ObjectClient is what is asked of S3: *s3.Client.
type ObjectClient interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Bucket takes in the objects that notifications of S3 name: trail files as
// CloudTrail delivers them, and anything else that Intake reads. An object is
// read as a stream; what it holds is committed batch by batch, and what was
// committed before a fault changes nothing when it is read again.
type Bucket struct {
	intake  *Intake
	metrics *Metrics
	connect func(ctx context.Context, region string) (ObjectClient, error)
	reading chan struct{}

	mu      sync.Mutex
	clients map[string]ObjectClient
}

var _ Objects = (*Bucket)(nil)

// maxObjects is how many objects are read side by side: each holds a few
// megabytes.
const maxObjects = 4

// NewBucket returns a Bucket; connect gives a client for the Region of a bucket,
// m may be nil.
func NewBucket(in *Intake, m *Metrics, connect func(ctx context.Context, region string) (ObjectClient, error)) *Bucket {
	return &Bucket{intake: in, metrics: m, connect: connect, reading: make(chan struct{}, maxObjects), clients: map[string]ObjectClient{}}
}

const viaS3 = "s3"

// Object takes an object in.
func (b *Bucket) Object(ctx context.Context, o Object) error {
	if !o.holdsEvents() {
		return nil
	}
	select {
	case b.reading <- struct{}{}:
		defer func() { <-b.reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	client, err := b.client(ctx, o.Region)
	if err != nil {
		return err
	}
	in := &s3.GetObjectInput{Bucket: &o.Bucket, Key: &o.Key}
	if o.Version != "" && o.Version != "null" {
		in.VersionId = aws.String(o.Version)
	}
	out, err := client.GetObject(ctx, in)
	if err != nil {
		return fmt.Errorf("reading the object: %w", err)
	}
	defer out.Body.Close()
	t, err := b.intake.Read(ctx, out.Body, "s3://"+o.Bucket+"/"+o.Key)
	b.metrics.Count(viaS3, t)
	return err
}

// holdsEvents leaves out what lies beside trail files and holds no event: the
// digest files of CloudTrail, the marks of folders.
func (o Object) holdsEvents() bool {
	return !strings.Contains(o.Key, "/CloudTrail-Digest/") && !strings.HasSuffix(o.Key, "/")
}

func (b *Bucket) client(ctx context.Context, region string) (ObjectClient, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.clients[region]; c != nil {
		return c, nil
	}
	c, err := b.connect(ctx, region)
	if err != nil {
		return nil, err
	}
	b.clients[region] = c
	return c, nil
}

// created reads an EventBridge event "Object Created" of S3, which names an
// object as an event notification does.
func created(raw []byte) (Object, bool) {
	var e struct {
		DetailType string `json:"detail-type"`
		Source     string `json:"source"`
		Region     string `json:"region"`
		Detail     struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key     string `json:"key"`
				Size    int64  `json:"size"`
				Version string `json:"version-id"`
			} `json:"object"`
		} `json:"detail"`
	}
	if !bytes.Contains(raw, []byte(`"aws.s3"`)) || json.Unmarshal(raw, &e, jsontext.AllowDuplicateNames(true)) != nil ||
		e.Source != "aws.s3" || e.DetailType != "Object Created" || e.Detail.Bucket.Name == "" || e.Detail.Object.Key == "" {
		return Object{}, false
	}
	return Object{Bucket: e.Detail.Bucket.Name, Key: e.Detail.Object.Key, Version: e.Detail.Object.Version, Region: e.Region, Size: e.Detail.Object.Size}, true
}
