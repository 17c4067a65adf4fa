package remedy

import (
	"strings"
	"testing"

	"zesei/internal/policy"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

func bucketOf(properties, facts map[string]any) resource.Resource {
	if properties == nil {
		properties = map[string]any{}
	}
	if facts == nil {
		facts = map[string]any{live.FactPolicyPublic: false, live.FactGrants: []live.Grant{}}
	}
	return resource.Resource{
		Ref: resource.Ref{Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Type: live.Bucket, ARN: "arn:aws:s3:::shop-logs"},
		ID:  "shop-logs", Name: "shop-logs", Tags: map[string]string{}, Properties: properties, Facts: facts,
	}
}

func TestBucketPlans(t *testing.T) {
	some := map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": false}
	account := resource.Resource{Ref: resource.Ref{Account: "111122223333", Region: "global", Type: live.Account}, ID: "111122223333", Properties: map[string]any{"PublicAccessBlockConfiguration": map[string]any{}}}
	const owner = `"ExpectedBucketOwner":"111122223333"`
	for _, c := range []struct {
		name, remedy string
		res          resource.Resource
		with         map[string]string
		step, undo   string
		mode         policy.FixMode
	}{
		{"encryption", "s3-encryption", bucketOf(nil, nil), nil,
			`s3 PutBucketEncryption {"Bucket":"shop-logs",` + owner + `,"ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}}`,
			`s3 DeleteBucketEncryption {"Bucket":"shop-logs",` + owner + `}`, policy.FixAuto},
		{"encryption with a key", "s3-encryption", bucketOf(nil, nil), map[string]string{"kms_key": "alias/shop"},
			`s3 PutBucketEncryption {"Bucket":"shop-logs",` + owner + `,"ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"KMSMasterKeyID":"alias/shop","SSEAlgorithm":"aws:kms"},"BucketKeyEnabled":true}]}}`,
			`s3 DeleteBucketEncryption {"Bucket":"shop-logs",` + owner + `}`, policy.FixAuto},
		{"versioning", "s3-versioning", bucketOf(nil, nil), nil,
			`s3 PutBucketVersioning {"Bucket":"shop-logs",` + owner + `,"VersioningConfiguration":{"Status":"Enabled"}}`,
			`s3 PutBucketVersioning {"Bucket":"shop-logs",` + owner + `,"VersioningConfiguration":{"Status":"Suspended"}}`, policy.FixAuto},
		{"block, none before", "s3-public-access-block", bucketOf(nil, nil), nil,
			`s3 PutPublicAccessBlock {"Bucket":"shop-logs",` + owner + `,"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}}`,
			`s3 DeletePublicAccessBlock {"Bucket":"shop-logs",` + owner + `}`, policy.FixAuto},
		{"block, some before", "s3-public-access-block", bucketOf(map[string]any{"PublicAccessBlockConfiguration": some}, nil), nil,
			`s3 PutPublicAccessBlock {"Bucket":"shop-logs",` + owner + `,"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}}`,
			`s3 PutPublicAccessBlock {"Bucket":"shop-logs",` + owner + `,"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"BlockPublicPolicy":false,"IgnorePublicAcls":false,"RestrictPublicBuckets":false}}`, policy.FixAuto},
		{"account block waits for a person", "s3-account-public-access-block", account, nil,
			`s3control PutPublicAccessBlock {"AccountId":"111122223333","PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}}`,
			`s3control DeletePublicAccessBlock {"AccountId":"111122223333"}`, policy.FixApprove},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := prepare(t, c.remedy, Request{Resource: c.res, Controls: []string{"S3.4"}, With: c.with, IaC: "none"})
			show := func(s Step) string { return s.Service + " " + s.Operation + " " + string(s.Params) }
			if len(p.Steps) != 1 || show(p.Steps[0]) != c.step {
				t.Errorf("step\n got  %s\n want %s", show(p.Steps[0]), c.step)
			}
			if len(p.Inverse) != 1 || show(p.Inverse[0]) != c.undo {
				t.Errorf("undo\n got  %s\n want %s", show(p.Inverse[0]), c.undo)
			}
			if got := p.Limit(policy.FixAuto); got != c.mode {
				t.Errorf("auto becomes %s, want %s", got, c.mode)
			}
		})
	}
}

func TestABucketThatIsMeantToBePublicIsOnlySuggested(t *testing.T) {
	for _, c := range []struct {
		name       string
		properties map[string]any
		facts      map[string]any
		says       string
	}{
		{"public policy", nil, map[string]any{live.FactPolicyPublic: true, live.FactPolicy: "{}"}, "policy"},
		{"a policy that nobody judged", nil, map[string]any{live.FactPolicy: "{}"}, "did not say"},
		{"unread policy status", nil, map[string]any{resource.Unread: map[string]string{live.FactPolicyPublic: "denied"}}, "cannot be told"},
		{"website", map[string]any{"WebsiteConfiguration": map[string]any{"IndexDocument": "index.html"}}, nil, "website"},
		{"public ACL", nil, map[string]any{live.FactPolicyPublic: false, live.FactGrants: []live.Grant{{Grantee: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: "READ"}}}, "ACL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := prepare(t, "s3-public-access-block", request(bucketOf(c.properties, c.facts), "S3.8"))
			if p.Limit(policy.FixApprove) != policy.FixSuggest || len(p.SuggestOnly) != 1 || !strings.Contains(p.SuggestOnly[0].EN, c.says) {
				t.Errorf("%v", p.SuggestOnly)
			}
		})
	}
}
