package fake

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bucket is one bucket with its configurations as raw XML.
type bucket struct {
	name, account, region string
	created               time.Time
	config                map[string][]byte // by query name
	public                *publicAccessBlock
	policy                string
	versioning            string
	objects               []*object // in the order of writing
	was                   *bucket
}

type object struct {
	key, version string
	body         []byte
	at           time.Time
	deleted      bool // a delete marker
	contentType  string
}

func (b *bucket) clone() *bucket {
	n := *b
	n.config = maps.Clone(b.config)
	n.objects = slices.Clone(b.objects)
	n.was = nil
	return &n
}

type publicAccessBlock struct {
	XMLName               xml.Name `xml:"PublicAccessBlockConfiguration" json:"-"`
	BlockPublicAcls       bool
	IgnorePublicAcls      bool
	BlockPublicPolicy     bool
	RestrictPublicBuckets bool
}

const defaultEncryption = `<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`

const ownerEnforced = `<OwnershipControls xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>`

// addBucket makes a bucket with the defaults of new buckets since April 2023:
// SSE-S3, block public access on, lists disabled. Held: mu.
func (c *Cloud) addBucket(account, region, name string) *bucket {
	b := &bucket{
		name: name, account: account, region: region, created: c.now().UTC(),
		config: map[string][]byte{"encryption": []byte(defaultEncryption), "ownershipControls": []byte(ownerEnforced)},
		public: &publicAccessBlock{BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true},
	}
	c.buckets[name] = b
	return b
}

// AddBucket makes a bucket with today's defaults. open takes block public
// access away, as on buckets of old.
func (c *Cloud) AddBucket(account, region, name string, open bool) {
	c.locked(func() {
		c.region(account, region)
		if b := c.addBucket(account, region, name); open {
			b.public = nil
		}
	})
}

// bucket finds the bucket of the call in the state that it sees.
func (c *call) bucket() (*bucket, error) {
	b := c.cloud.buckets[c.path["bucket"]]
	if b == nil {
		return nil, fail(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	}
	if b.account != c.account() {
		return nil, fail(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: s3:%s on resource: \"arn:%s:s3:::%s\"", c.who.ARN, c.operation, c.cloud.partition, b.name)
	}
	if b.region != c.regionName() && c.operation != "GetBucketLocation" {
		e := fail(http.StatusMovedPermanently, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")
		e.Fields = map[string]any{"X-Amz-Bucket-Region": b.region}
		return nil, e
	}
	c.resources = append(c.resources, trailResource{Type: "AWS::S3::Bucket", Name: b.name})
	if c.stale && b.was != nil {
		return b.was, nil
	}
	return b, nil
}

func createBucket(c *call) (any, error) {
	name := c.path["bucket"]
	if len(name) < 3 || len(name) > 63 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
		return nil, fail(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.")
	}
	var in struct{ LocationConstraint string }
	if len(c.body) > 0 {
		if err := xml.Unmarshal(c.body, &in); err != nil {
			return nil, fail(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
	}
	if got := orText(in.LocationConstraint, "us-east-1"); got != c.regionName() {
		return nil, fail(http.StatusBadRequest, "IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", got)
	}
	if had := c.cloud.buckets[name]; had != nil {
		if had.account == c.account() {
			return nil, fail(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
		}
		return nil, fail(http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available.")
	}
	c.cloud.addBucket(c.account(), c.regionName(), name)
	c.resources = append(c.resources, trailResource{Type: "AWS::S3::Bucket", Name: name})
	return s3Raw{header: http.Header{"Location": {"/" + name}}}, nil
}

func headBucket(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	return s3Raw{header: http.Header{"X-Amz-Bucket-Region": {b.region}}}, nil
}

func deleteBucket(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	if len(b.objects) > 0 {
		return nil, fail(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty")
	}
	delete(c.cloud.buckets, b.name)
	return nil, nil
}

type xmlBucket struct {
	Name         string
	CreationDate string
	BucketRegion string
}

func listBuckets(c *call) (any, error) {
	var list []xmlBucket
	for _, name := range slices.Sorted(maps.Keys(c.cloud.buckets)) {
		if b := c.cloud.buckets[name]; b.account == c.account() {
			list = append(list, xmlBucket{b.name, b.created.Format(asffTime), b.region})
		}
	}
	q := c.http.URL.Query()
	start, err := readToken(q.Get("continuation-token"))
	if err != nil {
		return nil, fail(http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
	}
	size := 10000
	if m := q.Get("max-buckets"); m != "" {
		if size, err = strconv.Atoi(m); err != nil || size < 1 || size > 10000 {
			return nil, fail(http.StatusBadRequest, "InvalidArgument", "max-buckets must be between 1 and 10000")
		}
	}
	start = min(start, len(list))
	end := min(start+size, len(list))
	out := struct {
		XMLName           xml.Name    `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Owner             xmlOwner    `xml:"Owner"`
		Buckets           []xmlBucket `xml:"Buckets>Bucket"`
		ContinuationToken string      `xml:"ContinuationToken,omitempty"`
	}{Owner: ownerOf(c.account()), Buckets: list[start:end]}
	if end < len(list) {
		out.ContinuationToken = writeToken(end)
	}
	return out, nil
}

type xmlOwner struct{ ID, DisplayName string }

// ownerOf is the canonical user of an account.
func ownerOf(account string) xmlOwner {
	return xmlOwner{ID: strings.Repeat("0", 52) + account, DisplayName: "owner-" + account}
}
