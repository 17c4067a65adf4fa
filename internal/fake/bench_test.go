package fake

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

// ask serves one signed request without a network in between.
func ask(b *testing.B, c *Cloud, k Keys, service, method, path, body string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+k.AccessKeyID+"/20260401/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	if w.Code != 200 {
		b.Fatalf("%d %s", w.Code, w.Body)
	}
}

func BenchmarkDescribeSecurityGroupRules(b *testing.B) {
	c := NewCloud(Options{})
	k := c.AddAccount(Account{ID: "111122223333"})
	id := ""
	for i := range 100 {
		id = c.AddSecurityGroup("111122223333", "us-east-1", SecurityGroup{Name: fmt.Sprint("g", i)})
	}
	for b.Loop() {
		ask(b, c, k, "ec2", "POST", "/", "Action=DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1="+id)
	}
}

func BenchmarkGetFindingsPageOf10000(b *testing.B) {
	c := NewCloud(Options{})
	k := c.AddAccount(Account{ID: "111122223333"})
	for i := range 10000 {
		if err := c.PutFinding("111122223333", "us-east-1", fmt.Appendf(nil, `{"Id":"f%d","ProductArn":"p","Compliance":{"Status":"FAILED"}}`, i)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		ask(b, c, k, "securityhub", "POST", "/findings", `{"Filters":{"ComplianceStatus":[{"Value":"FAILED","Comparison":"EQUALS"}]},"MaxResults":100}`)
	}
}
