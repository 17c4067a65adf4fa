package fake

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// FuzzCloud sends anything at all: the twin answers, and its lock is free after.
func FuzzCloud(f *testing.F) {
	f.Add("ec2", "POST", "/", "", "Action=AuthorizeSecurityGroupIngress&GroupId=sg-1&IpPermissions.1.IpProtocol=tcp&IpPermissions.99.FromPort=1")
	f.Add("ec2", "POST", "/", "", "Action=DescribeSecurityGroups&Filter.1.Name=tag-key&Filter.1.Value.1=*&NextToken=x")
	f.Add("securityhub", "POST", "/findings", "", `{"Filters":{"Id":[{"Value":"x","Comparison":"PREFIX"}]},"MaxResults":1}`)
	f.Add("securityhub", "PATCH", "/findings/batchupdate", "", `{"FindingIdentifiers":[{}],"Note":5,"Workflow":[]}`)
	f.Add("securityhub", "POST", "/findings/import", "", `{"Findings":[5,null,{"Id":1}]}`)
	f.Add("securityhub", "GET", "/standards/controls/arn:aws", "", "")
	f.Add("s3", "PUT", "/bucket-a?encryption", "", "<ServerSideEncryptionConfiguration/>")
	f.Add("s3", "GET", "/bucket-a?versions&max-keys=0", "", "")
	f.Add("sqs", "POST", "/", "AmazonSQS.ReceiveMessage", `{"QueueUrl":"http://x/111122223333/q"}`)
	f.Add("sns", "POST", "/", "", "Action=Publish&TopicArn=a:b")
	f.Add("organizations", "POST", "/", "AWSOrganizationsV20161128.ListParents", `{"ChildId":"ou-twin-1"}`)
	f.Add("cloudtrail", "POST", "/", "CloudTrail_20131101.LookupEvents", `{"NextToken":"x","MaxResults":0}`)
	f.Fuzz(func(t *testing.T, service, method, path, target, body string) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(method+path+target+service, " \r\n\x00") || method == "" {
			t.Skip()
		}
		c := NewCloud(Options{Now: func() time.Time { return time.Unix(1e9, 0) }})
		k := c.AddAccount(Account{ID: "111122223333"})
		c.EnableHub("111122223333", "us-east-1", "fsbp")
		c.AddBucket("111122223333", "us-east-1", "bucket-a", false)
		c.AddQueue("111122223333", "us-east-1", "q", "", 0)
		c.Organize("111122223333")
		r, err := http.NewRequest(method, "http://twin"+path, strings.NewReader(body))
		if err != nil {
			t.Skip()
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+k.AccessKeyID+"/20260401/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
		r.Header.Set("X-Amz-Target", target)
		if strings.Contains(body, "WaitTimeSeconds") || strings.Contains(body, "http") && service == "sns" {
			t.Skip() // waits, or calls out
		}
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 {
			t.Fatalf("status %d", w.Code)
		}
		c.Accounts() // would hang if the lock were held
	})
}

func FuzzCanonicalCIDR(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "100.68.0.18/18", "::/0", "2001:db8::1/64", "0.0.0.0", "", "1.2.3.4/33"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, v6 bool) {
		got, err := canonicalCIDR(s, v6)
		if err != nil {
			return
		}
		p := netip.MustParsePrefix(got)
		if p != p.Masked() || p.Addr().Is6() != v6 {
			t.Fatalf("%q became %q", s, got)
		}
		if again, err := canonicalCIDR(got, v6); err != nil || again != got {
			t.Fatalf("%q is not stable: %q %v", got, again, err)
		}
	})
}

func FuzzUnchunk(f *testing.F) {
	f.Add([]byte("5;chunk-signature=x\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"))
	f.Add([]byte("5\r\nhel"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out := unchunk(b); len(out) > len(b) {
			t.Fatal("grew")
		}
	})
}

func TestUnchunk(t *testing.T) {
	got := unchunk([]byte("5;chunk-signature=x\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"))
	if string(got) != "hello world" {
		t.Fatalf("%q", got)
	}
}
