package fake

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
)

func getPolicy(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	if b.policy == "" {
		return nil, fail(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist")
	}
	return s3Raw{header: http.Header{"Content-Type": {"application/json"}}, body: []byte(b.policy)}, nil
}

// putPolicy refuses what is no policy, and a public one where the bucket or
// the account blocks public policies.
func putPolicy(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	p, err := readPolicy(c.body)
	if err != nil {
		return nil, err
	}
	account := c.ownAccount().publicAccess
	if p.public() && (b.public != nil && b.public.BlockPublicPolicy || account != nil && account.BlockPublicPolicy) {
		return nil, fail(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:%s:s3:::%s\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", c.who.ARN, c.cloud.partition, b.name)
	}
	b.policy = string(c.body)
	return s3Raw{status: http.StatusNoContent}, nil
}

func deletePolicy(c *call) (any, error) {
	b, err := c.bucket()
	if err == nil {
		b.policy = ""
	}
	return nil, err
}

func getPolicyStatus(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	if b.policy == "" {
		return nil, fail(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist")
	}
	p, err := readPolicy([]byte(b.policy))
	if err != nil {
		return nil, err
	}
	return struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PolicyStatus"`
		IsPublic bool
	}{IsPublic: p.public()}, nil
}

// policyDocument is as much of a policy as the meaning of "public" needs:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
type policyDocument struct{ Statement []policyStatement }

type policyStatement struct {
	Effect    string
	Principal any
	Action    any
	Resource  any
	Condition map[string]map[string]any
}

func readPolicy(b []byte) (policyDocument, error) {
	var p policyDocument
	bad := fail(http.StatusBadRequest, "MalformedPolicy", "This policy contains invalid Json")
	var one struct{ Statement json.RawMessage }
	if json.Unmarshal(b, &one) != nil || len(one.Statement) == 0 {
		return p, bad
	}
	if one.Statement[0] == '{' {
		one.Statement = append(append([]byte{'['}, one.Statement...), ']')
	}
	if json.Unmarshal(one.Statement, &p.Statement) != nil || len(p.Statement) == 0 {
		return p, bad
	}
	for _, s := range p.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" || s.Principal == nil {
			return p, fail(http.StatusBadRequest, "MalformedPolicy", "Missing required field Principal or invalid Effect: %s", s.Effect)
		}
	}
	return p, nil
}

// fixedKeys are condition keys whose fixed values make a statement not public.
var fixedKeys = []string{"aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceaccount", "aws:principalorgid", "aws:principalarn", "aws:userid", "aws:sourceip", "s3:x-amz-server-side-encryption-aws-kms-key-id"}

func (p policyDocument) public() bool {
	for _, s := range p.Statement {
		if s.Effect != "Allow" || !anyone(s.Principal) {
			continue
		}
		fixed := false
		for _, keys := range s.Condition {
			for k, v := range keys {
				for _, known := range fixedKeys {
					text, _ := json.Marshal(v)
					fixed = fixed || strings.ToLower(k) == known && !strings.Contains(string(text), `"*"`) && !strings.Contains(string(text), "0.0.0.0/0")
				}
			}
		}
		if !fixed {
			return true
		}
	}
	return false
}

func anyone(principal any) bool {
	switch p := principal.(type) {
	case string:
		return p == "*"
	case []any:
		for _, one := range p {
			if anyone(one) {
				return true
			}
		}
	case map[string]any:
		return anyone(p["AWS"])
	}
	return false
}
