package fake

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
)

func s3Service() *service {
	return &service{
		name: "s3", source: "s3.amazonaws.com", protocol: s3Protocol{},
		denied:    refusal{"AccessDenied", http.StatusForbidden},
		throttled: refusal{"SlowDown", http.StatusServiceUnavailable},
		operations: map[string]operation{
			"ListBuckets":                        read(listBuckets),
			"CreateBucket":                       write(createBucket),
			"HeadBucket":                         read(headBucket),
			"DeleteBucket":                       write(deleteBucket),
			"GetBucketEncryption":                read(getConfig("encryption", "ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found")),
			"PutBucketEncryption":                write(putEncryption),
			"DeleteBucketEncryption":             write(deleteEncryption),
			"GetBucketVersioning":                read(getVersioning),
			"PutBucketVersioning":                write(putVersioning),
			"GetPublicAccessBlock":               read(getPublicAccess),
			"PutPublicAccessBlock":               write(putPublicAccess),
			"DeletePublicAccessBlock":            write(deletePublicAccess),
			"GetBucketPolicy":                    read(getPolicy),
			"PutBucketPolicy":                    write(putPolicy),
			"DeleteBucketPolicy":                 write(deletePolicy),
			"GetBucketPolicyStatus":              read(getPolicyStatus),
			"GetBucketWebsite":                   read(getConfig("website", "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")),
			"PutBucketWebsite":                   write(putConfig("website", "WebsiteConfiguration")),
			"DeleteBucketWebsite":                write(deleteConfig("website")),
			"GetBucketTagging":                   read(getConfig("tagging", "NoSuchTagSet", "The TagSet does not exist")),
			"PutBucketTagging":                   write(putConfig("tagging", "Tagging")),
			"DeleteBucketTagging":                write(deleteConfig("tagging")),
			"GetBucketLogging":                   read(getLogging),
			"PutBucketLogging":                   write(putConfig("logging", "BucketLoggingStatus")),
			"GetBucketLifecycleConfiguration":    read(getConfig("lifecycle", "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")),
			"PutBucketLifecycleConfiguration":    write(putConfig("lifecycle", "LifecycleConfiguration")),
			"DeleteBucketLifecycleConfiguration": write(deleteConfig("lifecycle")),
			"GetBucketOwnershipControls":         read(getConfig("ownershipControls", "OwnershipControlsNotFoundError", "The bucket ownership controls were not found")),
			"PutBucketOwnershipControls":         write(putConfig("ownershipControls", "OwnershipControls")),
			"GetBucketAcl":                       read(getACL),
			"GetBucketLocation":                  read(getLocation),
			"ListObjectVersions":                 read(listVersions),
			"ListObjectsV2":                      read(listObjects),
			"PutObject":                          data(putObject),
			"GetObject":                          read(getObject),
			"HeadObject":                         read(getObject),
			"DeleteObject":                       data(deleteObject),
		},
	}
}

// getConfig answers a configuration as it was put.
func getConfig(name, missing, message string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		b, err := c.bucket()
		if err != nil {
			return nil, err
		}
		if b.config[name] == nil {
			return nil, fail(http.StatusNotFound, missing, "%s", message)
		}
		return rawXML(b.config[name]), nil
	}
}

func rawXML(body []byte) s3Raw {
	return s3Raw{header: http.Header{"Content-Type": {"application/xml"}}, body: body}
}

func putConfig(name, root string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		b, err := c.bucket()
		if err != nil {
			return nil, err
		}
		var in struct{ XMLName xml.Name }
		if err := xml.Unmarshal(c.body, &in); err != nil || in.XMLName.Local != root {
			return nil, malformed()
		}
		b.config[name] = c.body
		return nil, nil
	}
}

func deleteConfig(name string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		b, err := c.bucket()
		if err == nil {
			delete(b.config, name)
		}
		return nil, err
	}
}

func malformed() *apiError {
	return fail(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

func putEncryption(c *call) (any, error) {
	var in struct {
		Rule []struct {
			ApplyServerSideEncryptionByDefault struct{ SSEAlgorithm, KMSMasterKeyID string }
		}
	}
	if err := xml.Unmarshal(c.body, &in); err != nil || len(in.Rule) != 1 {
		return nil, malformed()
	}
	switch by := in.Rule[0].ApplyServerSideEncryptionByDefault; by.SSEAlgorithm {
	case "AES256":
		if by.KMSMasterKeyID != "" {
			return nil, fail(http.StatusBadRequest, "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
		}
	case "aws:kms", "aws:kms:dsse":
	default:
		return nil, malformed()
	}
	return putConfig("encryption", "ServerSideEncryptionConfiguration")(c)
}

// deleteEncryption falls back to SSE-S3: no bucket is without encryption since
// January 2023.
func deleteEncryption(c *call) (any, error) {
	b, err := c.bucket()
	if err == nil {
		b.config["encryption"] = []byte(defaultEncryption)
	}
	return nil, err
}

type versioning struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
	Status  string   `xml:"Status,omitempty"`
}

func getVersioning(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	return versioning{Status: b.versioning}, nil
}

func putVersioning(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	var in struct{ Status string }
	if err := xml.Unmarshal(c.body, &in); err != nil {
		return nil, malformed()
	}
	if in.Status != "Enabled" && in.Status != "Suspended" {
		return nil, fail(http.StatusBadRequest, "IllegalVersioningConfigurationException", "The Versioning element must be specified")
	}
	b.versioning = in.Status
	return nil, nil
}

func getPublicAccess(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	if b.public == nil {
		return nil, noPublicAccessBlock()
	}
	return b.public, nil
}

func noPublicAccessBlock() *apiError {
	return fail(http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
}

func putPublicAccess(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	var in publicAccessBlock
	if err := xml.Unmarshal(c.body, &in); err != nil {
		return nil, malformed()
	}
	in.XMLName = xml.Name{}
	b.public = &in
	return nil, nil
}

func deletePublicAccess(c *call) (any, error) {
	b, err := c.bucket()
	if err == nil {
		b.public = nil
	}
	return nil, err
}

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

func getLogging(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	if b.config["logging"] == nil {
		return rawXML([]byte(`<BucketLoggingStatus xmlns="http://doc.s3.amazonaws.com/2006-03-01"/>`)), nil
	}
	return rawXML(b.config["logging"]), nil
}

// getACL answers the owner's full control: lists are disabled on new buckets.
func getACL(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	o := ownerOf(b.account)
	return rawXML([]byte(`<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>` + o.ID + `</ID></Owner><AccessControlList><Grant>` +
		`<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>` + o.ID + `</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`)), nil
}

func getLocation(c *call) (any, error) {
	b, err := c.bucket()
	if err != nil {
		return nil, err
	}
	where := b.region
	if where == "us-east-1" {
		where = ""
	}
	return rawXML([]byte(`<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + where + `</LocationConstraint>`)), nil
}
