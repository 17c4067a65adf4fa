package fake

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// PutObjectBody stores an object as an upload would.
func (c *Cloud) PutObjectBody(bucketName, key string, body []byte) {
	c.locked(func() {
		if b := c.buckets[bucketName]; b != nil {
			c.storeObject(b, &object{key: key, body: body, contentType: "application/octet-stream"})
		}
	})
}

// storeObject keeps older versions only where versioning is on. Held: mu.
func (c *Cloud) storeObject(b *bucket, o *object) {
	o.at, o.version = c.now().UTC(), "null"
	if b.versioning == "Enabled" {
		o.version = c.upper(32)
	} else {
		b.objects = slices.DeleteFunc(b.objects, func(had *object) bool { return had.key == o.key && had.version == "null" })
	}
	b.objects = append(b.objects, o)
}

// latest is the current version of a key, or nil.
func (b *bucket) latest(key string) *object {
	for i := len(b.objects) - 1; i >= 0; i-- {
		if b.objects[i].key == key {
			return b.objects[i]
		}
	}
	return nil
}

func etag(body []byte) string {
	sum := md5.Sum(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func putObject(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	o := &object{key: c.path["key"], body: c.body, contentType: c.http.Header.Get("Content-Type")}
	c.cloud.storeObject(b, o)
	h := http.Header{"Etag": {etag(o.body)}}
	if o.version != "null" {
		h.Set("X-Amz-Version-Id", o.version)
	}
	return s3Raw{header: h}, nil
}

func getObject(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	o := b.latest(c.path["key"])
	if v := c.http.URL.Query().Get("versionId"); v != "" {
		i := slices.IndexFunc(b.objects, func(o *object) bool { return o.key == c.path["key"] && o.version == v })
		if i < 0 {
			return nil, fail(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.")
		}
		o = b.objects[i]
	}
	if o == nil || o.deleted {
		return nil, fail(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
	return s3Raw{body: o.body, header: http.Header{
		"Content-Type": {orText(o.contentType, "binary/octet-stream")}, "Etag": {etag(o.body)}, "Content-Length": {strconv.Itoa(len(o.body))},
		"Last-Modified": {o.at.Format(http.TimeFormat)}, "X-Amz-Server-Side-Encryption": {"AES256"},
	}}, nil
}

// deleteObject leaves a marker where versioning is on.
func deleteObject(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	key := c.path["key"]
	if v := c.http.URL.Query().Get("versionId"); v != "" {
		b.objects = slices.DeleteFunc(b.objects, func(o *object) bool { return o.key == key && o.version == v })
		return nil, nil
	}
	if b.versioning == "Enabled" {
		c.cloud.storeObject(b, &object{key: key, deleted: true})
		return nil, nil
	}
	b.objects = slices.DeleteFunc(b.objects, func(o *object) bool { return o.key == key })
	return nil, nil
}

type xmlVersion struct {
	XMLName      xml.Name
	Key          string
	VersionId    string
	IsLatest     bool
	LastModified string
	ETag         string `xml:"ETag,omitempty"`
	Size         *int   `xml:"Size"`
	StorageClass string `xml:"StorageClass,omitempty"`
}

// sorted lists a bucket's versions by key, newest first.
func (b *bucket) sorted(prefix string) []*object {
	var list []*object
	for i := len(b.objects) - 1; i >= 0; i-- {
		if strings.HasPrefix(b.objects[i].key, prefix) {
			list = append(list, b.objects[i])
		}
	}
	slices.SortStableFunc(list, func(x, y *object) int { return strings.Compare(x.key, y.key) })
	return list
}

func listVersions(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	q := c.http.URL.Query()
	size := pageSize(q.Get("max-keys"))
	out := struct {
		XMLName             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
		Name, Prefix        string
		MaxKeys             int
		IsTruncated         bool
		NextKeyMarker       string `xml:"NextKeyMarker,omitempty"`
		NextVersionIdMarker string `xml:"NextVersionIdMarker,omitempty"`
		Items               []xmlVersion
	}{Name: b.name, Prefix: q.Get("prefix"), MaxKeys: size}
	passed := q.Get("key-marker") == ""
	for _, o := range b.sorted(q.Get("prefix")) {
		if !passed {
			passed = o.key == q.Get("key-marker") && o.version == q.Get("version-id-marker")
			continue
		}
		if len(out.Items) == size {
			last := out.Items[size-1]
			out.IsTruncated, out.NextKeyMarker, out.NextVersionIdMarker = true, last.Key, last.VersionId
			break
		}
		v := xmlVersion{XMLName: xml.Name{Local: "DeleteMarker"}, Key: o.key, VersionId: o.version, IsLatest: b.latest(o.key) == o, LastModified: o.at.Format(asffTime)}
		if !o.deleted {
			n := len(o.body)
			v.XMLName.Local, v.ETag, v.Size, v.StorageClass = "Version", etag(o.body), &n, "STANDARD"
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

func pageSize(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1000 {
		return 1000
	}
	return n
}

type xmlObject struct {
	Key, LastModified, ETag string
	Size                    int
	StorageClass            string
}

func listObjects(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	q := c.http.URL.Query()
	size := pageSize(q.Get("max-keys"))
	out := struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name, Prefix          string
		KeyCount, MaxKeys     int
		IsTruncated           bool
		NextContinuationToken string `xml:"NextContinuationToken,omitempty"`
		Contents              []xmlObject
	}{Name: b.name, Prefix: q.Get("prefix"), MaxKeys: size}
	after := orText(q.Get("continuation-token"), q.Get("start-after"))
	for _, o := range b.sorted(q.Get("prefix")) {
		if o.key <= after && after != "" || o.deleted || b.latest(o.key) != o {
			continue
		}
		if len(out.Contents) == size {
			out.IsTruncated, out.NextContinuationToken = true, out.Contents[size-1].Key
			break
		}
		out.Contents = append(out.Contents, xmlObject{o.key, o.at.Format(asffTime), etag(o.body), len(o.body), "STANDARD"})
	}
	out.KeyCount = len(out.Contents)
	return out, nil
}

// unchunk takes the framing of aws-chunked uploads off:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
func unchunk(body []byte) []byte {
	var out []byte
	for {
		line, rest, ok := bytes.Cut(body, []byte("\r\n"))
		if !ok {
			return out
		}
		hexSize, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(hexSize), 16, 31)
		if err != nil || n == 0 || int(n) > len(rest) {
			return out
		}
		out = append(out, rest[:n]...)
		body = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
}
