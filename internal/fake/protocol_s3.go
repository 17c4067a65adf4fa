package fake

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net"
	"net/http"
	"strings"
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
