package fake

import (
	"encoding/xml"
	"net/http"
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
