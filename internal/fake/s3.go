package fake

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// s3Protocol is restXml as S3 speaks it: bucket and key in the path or the
// host, the sub-resource in the query.
type s3Protocol struct{}

// subresources are the bucket configurations: query name → operation suffix.
var subresources = map[string]string{
	"encryption": "BucketEncryption", "versioning": "BucketVersioning", "publicAccessBlock": "PublicAccessBlock", "policy": "BucketPolicy",
	"policyStatus": "BucketPolicyStatus", "website": "BucketWebsite", "acl": "BucketAcl", "tagging": "BucketTagging", "location": "BucketLocation",
	"logging": "BucketLogging", "lifecycle": "BucketLifecycleConfiguration", "ownershipControls": "BucketOwnershipControls",
}

func (s3Protocol) operation(c *call) (string, error) {
	name, key := splitPath(c.http)
	c.path = map[string]string{"bucket": name, "key": key}
	verb := map[string]string{"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Head", "POST": "Post"}[c.http.Method]
	q := c.http.URL.Query()
	switch {
	case name == "":
		return "ListBuckets", nil
	case key != "":
		return verb + "Object", nil
	case q.Has("versions"):
		return "ListObjectVersions", nil
	}
	for sub, suffix := range subresources {
		if q.Has(sub) {
			return verb + suffix, nil
		}
	}
	switch verb {
	case "Put":
		return "CreateBucket", nil
	case "Head", "Delete":
		return verb + "Bucket", nil
	}
	if q.Get("list-type") == "2" {
		return "ListObjectsV2", nil
	}
	return verb + "Bucket?" + c.http.URL.RawQuery, nil
}

// splitPath finds bucket and key, from /bucket/key or bucket.host/key.
func splitPath(r *http.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for _, suffix := range []string{".localhost", ".amazonaws.com", ".amazonaws.com.cn"} {
		label, ok := strings.CutSuffix(host, suffix)
		if !ok || net.ParseIP(host) != nil {
			continue
		}
		if i := strings.LastIndex(label, ".s3"); suffix != ".localhost" && i > 0 {
			return label[:i], path
		} else if suffix == ".localhost" {
			return label, path
		}
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

func (s3Protocol) answer(w http.ResponseWriter, c *call, out any) {
	switch v := out.(type) {
	case nil:
		status := http.StatusOK
		if c.http.Method == http.MethodDelete {
			status = http.StatusNoContent
		}
		w.WriteHeader(status)
	case s3Raw:
		maps.Copy(w.Header(), v.header)
		w.WriteHeader(orStatus(v.status, http.StatusOK))
		if c.http.Method != http.MethodHead {
			_, _ = w.Write(v.body)
		}
	default:
		b, err := xml.Marshal(out)
		if err != nil {
			panic("fake: an answer cannot be written as XML: " + err.Error())
		}
		w.Header().Set("Content-Type", "application/xml")
		_, _ = w.Write([]byte(xml.Header))
		_, _ = w.Write(b)
	}
}

// s3Raw is an answer whose body is not XML of ours.
type s3Raw struct {
	status int
	header http.Header
	body   []byte
}

func (s3Protocol) refuse(w http.ResponseWriter, c *call, e *apiError) {
	for k, v := range e.Fields {
		if s, ok := v.(string); ok {
			w.Header().Set(k, s)
		}
	}
	if c.http.Method == http.MethodHead { // a HEAD has no body to explain itself in
		w.WriteHeader(e.Status)
		return
	}
	writeXML(w, e.Status, []byte("<Error><Code>"+escape(e.Code)+"</Code><Message>"+escape(e.Message)+"</Message><Resource>"+
		escape(c.http.URL.Path)+"</Resource><RequestId>"+c.requestID+"</RequestId></Error>"))
}

func (s3Protocol) input(c *call) json.RawMessage {
	in := map[string]any{}
	addQuery(in, c.http.URL.Query())
	for k, v := range c.path {
		if v != "" {
			in[k] = v
		}
	}
	if len(c.body) > 0 && len(c.body) < 1<<16 && c.path["key"] == "" {
		in["body"] = string(c.body)
	}
	b, _ := json.Marshal(in)
	return b
}

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
