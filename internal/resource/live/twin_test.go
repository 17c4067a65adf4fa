package live

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"zesei/internal/awscloud"
	"zesei/internal/control"
	"zesei/internal/fake"
	"zesei/internal/resource"
)

const (
	account = "111122223333"
	region  = "ap-northeast-1"
)

// scene is the offline twin with one account, and a Reader over it.
type scene struct {
	*testing.T
	aws    *fake.Cloud
	cloud  *awscloud.Cloud
	reader *Reader
}

func newScene(t *testing.T) scene {
	t.Helper()
	twin := fake.NewCloud(fake.Options{Seed: 1})
	keys := twin.AddAccount(fake.Account{ID: account})
	server := httptest.NewServer(twin)
	t.Cleanup(server.Close)
	cloud := awscloud.New(awscloud.Config{
		Base:         &aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")},
		BaseEndpoint: server.URL, Limits: awscloud.Unlimited, MaxAttempts: 1,
	})
	return scene{T: t, aws: twin, cloud: cloud, reader: NewReader(cloud)}
}

func (s scene) config() aws.Config {
	s.Helper()
	cfg, err := s.cloud.For(s.Context(), account, region, awscloud.Write, "zesei-test")
	s.must(err)
	return cfg
}

func (s scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func groupRef(id string) resource.Ref {
	return resource.Ref{Partition: "aws", Account: account, Region: region, Type: SecurityGroup, ARN: fmt.Sprintf("arn:aws:ec2:%s:%s:security-group/%s", region, account, id)}
}

func bucketRef(name string) resource.Ref {
	return resource.Ref{Partition: "aws", Account: account, Region: region, Type: Bucket, ARN: "arn:aws:s3:::" + name}
}

func accountRef(typ string) resource.Ref {
	return resource.Ref{Partition: "aws", Account: account, Region: "global", Type: typ, ARN: "arn:aws:iam::" + account + ":root"}
}

func (s scene) group() string {
	return s.aws.AddSecurityGroup(account, region, fake.SecurityGroup{
		Name: "web", Description: "front", Tags: map[string]string{"Team": "shop"},
		Rules: []fake.SecurityGroupRule{
			{Protocol: "tcp", From: 0, To: 65535, CIDR4: "0.0.0.0/0", Description: "everything", Tags: map[string]string{"by": "hand"}},
			{Protocol: "-1", CIDR6: "::/0"},
			{Protocol: "icmp", From: 8, To: -1, CIDR4: "10.0.0.0/8"},
			{Protocol: "udp", From: 53, To: 53, PrefixList: "pl-12345678"},
		},
	})
}

func TestASecurityGroupIsReadAsCloudFormationStatesIt(t *testing.T) {
	s := newScene(t)
	id := s.group()
	eni := s.aws.AddNetworkInterface(account, region, fake.NetworkInterface{Groups: []string{id}})
	r, err := s.reader.Read(t.Context(), groupRef(id))
	s.must(err)
	want := []any{
		map[string]any{"IpProtocol": "tcp", "FromPort": int64(0), "ToPort": int64(65535), "CidrIp": "0.0.0.0/0", "Description": "everything"},
		map[string]any{"IpProtocol": "-1", "CidrIpv6": "::/0"},
		map[string]any{"IpProtocol": "icmp", "FromPort": int64(8), "ToPort": int64(-1), "CidrIp": "10.0.0.0/8"},
		map[string]any{"IpProtocol": "udp", "FromPort": int64(53), "ToPort": int64(53), "SourcePrefixListId": "pl-12345678"},
	}
	if d := cmp.Diff(want, r.Properties["SecurityGroupIngress"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{map[string]any{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}}, r.Properties["SecurityGroupEgress"]); d != "" {
		t.Error(d)
	}
	if r.ID != id || r.Name != "web" || r.Tags["Team"] != "shop" || r.TagsUnread || r.UnreadParts() != nil || r.Facts[FactDefault] != false {
		t.Errorf("%+v", r)
	}
	rules := r.Facts[FactRules].([]SecurityGroupRule)
	if len(rules) != 5 || rules[0].ID == "" || rules[0].GroupOf != id || rules[0].Tags["by"] != "hand" || !rules[4].Egress {
		t.Errorf("%+v", rules)
	}
	if d := cmp.Diff(Interfaces{IDs: []string{eni}}, r.Facts[FactInterfaces]); d != "" {
		t.Error(d)
	}
}

func TestTheChecksJudgeWhatWasRead(t *testing.T) {
	s := newScene(t)
	cat, err := control.Load()
	s.must(err)
	k := control.NewChecker(cat)
	id := s.group()
	judge := func(id string, ref resource.Ref) control.Verdict {
		t.Helper()
		r, err := s.reader.Read(t.Context(), ref)
		s.must(err)
		v, err := k.Evaluate(id, r)
		s.must(err)
		return v
	}
	if v := judge("EC2.19", groupRef(id)); v.Status != control.Failed || v.Why != "tcp 0-65535 from 0.0.0.0/0; all traffic from ::/0" {
		t.Errorf("%+v", v)
	}
	for _, g := range s.aws.SecurityGroups(account, region) {
		if g.Name == "default" {
			if v := judge("EC2.2", groupRef(g.ID)); v.Status != control.Failed || len(v.Offending) != 2 {
				t.Errorf("%+v", v)
			}
		}
	}
	s.aws.AddBucket(account, region, "today", false)
	s.aws.AddBucket(account, region, "old", true)
	for bucket, want := range map[string]control.Outcome{"today": control.Passed, "old": control.Failed} {
		if v := judge("S3.8", bucketRef(bucket)); v.Status != want {
			t.Errorf("S3.8 of %s: %+v", bucket, v)
		}
		if v := judge("S3.14", bucketRef(bucket)); v.Status != control.Failed {
			t.Errorf("S3.14 of %s: %+v", bucket, v)
		}
	}
	for _, typ := range []string{Account, AccountPublicAccessBlock} {
		if v := judge("S3.1", accountRef(typ)); v.Status != control.Failed {
			t.Errorf("S3.1: %+v", v)
		}
	}
	yes := aws.Bool(true)
	_, err = awscloud.S3Control(s.config()).PutPublicAccessBlock(t.Context(), &s3control.PutPublicAccessBlockInput{
		AccountId: aws.String(account),
		PublicAccessBlockConfiguration: &s3controltypes.PublicAccessBlockConfiguration{
			BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes,
		},
	})
	s.must(err)
	if v := judge("S3.1", accountRef(Account)); v.Status != control.Passed {
		t.Errorf("S3.1: %+v", v)
	}
}

func TestOnlyAWSsOwnWordMeansGone(t *testing.T) {
	s := newScene(t)
	s.aws.AddBucket(account, region, "logs", false)
	refs := []resource.Ref{groupRef("sg-0123456789abcdef0"), bucketRef("absent"), groupRef(s.group()), bucketRef("logs")}
	for _, ref := range refs[:2] {
		_, err := s.reader.Read(t.Context(), ref)
		var gone *resource.NotFoundError
		if !errors.As(err, &gone) || gone.Ref != ref {
			t.Errorf("%s: %v, want not found", ref.ARN, err)
		}
	}
	var unsupported *UnsupportedError
	if _, err := s.reader.Read(t.Context(), resource.Ref{Type: "AWS::IAM::Role"}); !errors.As(err, &unsupported) || Supports("AWS::IAM::Role") {
		t.Errorf("%v", err)
	}
	var refused *awscloud.NoAccessError
	other := groupRef("sg-1")
	other.Account = "444455556666"
	if _, err := s.reader.Read(t.Context(), other); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	if res := s.reader.BatchRead(t.Context(), []resource.Ref{other})[other.ARN]; !errors.As(res.Err, &refused) {
		t.Errorf("%v", res.Err)
	}
}

func TestTroubleIsNeverGone(t *testing.T) {
	for _, kind := range []fake.FaultKind{fake.Throttle, fake.Deny, fake.ServerError, fake.Hang} {
		for _, typ := range []string{SecurityGroup, Bucket, Account} {
			t.Run(string(kind)+" "+typ, func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				s.aws.AddBucket(account, region, "logs", false)
				ref := map[string]resource.Ref{SecurityGroup: groupRef(s.group()), Bucket: bucketRef("logs"), Account: accountRef(Account)}[typ]
				s.aws.Faults().Add(fake.Fault{Kind: kind})
				_, err := s.reader.Read(t.Context(), ref)
				var gone *resource.NotFoundError
				if err == nil || errors.As(err, &gone) {
					t.Error(err)
				}
			})
		}
	}
}

func TestARuleThatEitherReadStillShowsCounts(t *testing.T) {
	s := newScene(t)
	id := s.group()
	api := ec2.NewFromConfig(s.config())
	r, err := s.reader.Read(t.Context(), groupRef(id))
	s.must(err)
	rules := r.Facts[FactRules].([]SecurityGroupRule)
	for _, stale := range []string{"DescribeSecurityGroups", "DescribeSecurityGroupRules"} {
		withdraw := s.aws.Faults().Add(fake.Fault{Kind: fake.Stale, Operation: stale})
		_, err = api.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: &id, SecurityGroupRuleIds: []string{rules[0].ID}})
		s.must(err)
		r, err := s.reader.Read(t.Context(), groupRef(id))
		s.must(err)
		if got := len(r.Properties["SecurityGroupIngress"].([]any)); got != 4 {
			t.Errorf("with stale %s %d rules are seen, want all 4 until both reads agree", stale, got)
		}
		withdraw()
		r, err = s.reader.Read(t.Context(), groupRef(id))
		s.must(err)
		if got := len(r.Properties["SecurityGroupIngress"].([]any)); got != 3 {
			t.Errorf("%d rules once both reads agree, want 3", got)
		}
		added, err := api.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{{
			IpProtocol: aws.String("tcp"), FromPort: aws.Int32(0), ToPort: aws.Int32(65535), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}},
		}}})
		s.must(err)
		rules[0].ID = aws.ToString(added.SecurityGroupRules[0].SecurityGroupRuleId)
	}
}

func TestAnUnreadPartIsNamed(t *testing.T) {
	s := newScene(t)
	id := s.group()
	s.aws.AddBucket(account, region, "logs", false)
	deny := func(operation string) (withdraw func()) {
		return s.aws.Faults().Add(fake.Fault{Kind: fake.Deny, Operation: operation})
	}
	for _, c := range []struct {
		ref             resource.Ref
		operation, part string
	}{
		{groupRef(id), "DescribeSecurityGroupRules", FactRules},
		{groupRef(id), "DescribeNetworkInterfaces", FactInterfaces},
		{bucketRef("logs"), "GetPublicAccessBlock", "PublicAccessBlockConfiguration"},
		{bucketRef("logs"), "GetBucketPolicyStatus", FactPolicyPublic},
		{bucketRef("logs"), "GetBucketTagging", "Tags"},
	} {
		withdraw := deny(c.operation)
		r, err := s.reader.Read(t.Context(), c.ref)
		s.must(err)
		if unread := r.UnreadParts(); len(unread) != 1 || unread[c.part] == "" {
			t.Errorf("%s refused: unread %v, want %s", c.operation, unread, c.part)
		}
		if r.TagsUnread != (c.part == "Tags") {
			t.Errorf("%s refused: TagsUnread %t", c.operation, r.TagsUnread)
		}
		if _, has := r.Facts[FactRules]; c.part == FactRules && has {
			t.Error("rules stand among the facts though they were not read")
		}
		if in, ok := r.Properties["SecurityGroupIngress"].([]any); ok && len(in) != 4 {
			t.Errorf("%s refused: %d rules", c.operation, len(in))
		}
		withdraw()
	}
	defer s.aws.Faults().Add(fake.Fault{Kind: fake.Throttle, Operation: "DescribeSecurityGroupRules"})()
	if _, err := s.reader.Read(t.Context(), groupRef(id)); awscloud.Classify(err) != awscloud.Throttled {
		t.Errorf("a throttle passes by asking again and is no unread part: %v", err)
	}
}

func TestABatchAsksOnceForManyGroups(t *testing.T) {
	s := newScene(t)
	s.aws.AddBucket(account, region, "logs", false)
	var refs []resource.Ref
	for range 250 {
		refs = append(refs, groupRef(s.aws.AddSecurityGroup(account, region, fake.SecurityGroup{Name: fmt.Sprint("g", len(refs))})))
	}
	gone := groupRef("sg-0123456789abcdef0")
	refs = append(refs, gone, bucketRef("logs"), refs[0])
	got := s.reader.BatchRead(t.Context(), refs)
	if len(got) != 252 {
		t.Errorf("%d results", len(got))
	}
	for _, ref := range refs {
		res, ok := got[ref.ARN]
		var notFound *resource.NotFoundError
		switch {
		case !ok:
			t.Errorf("%s is missing", ref.ARN)
		case ref == gone:
			if !errors.As(res.Err, &notFound) {
				t.Errorf("%v", res.Err)
			}
		case res.Err != nil || res.Resource.Ref != ref:
			t.Errorf("%s: %+v", ref.ARN, res)
		}
	}
	for operation, want := range map[string]int{"DescribeSecurityGroups": 3, "DescribeSecurityGroupRules": 2, "DescribeNetworkInterfaces": 2} {
		if n := s.aws.Journal().Count(fake.Query{Operation: operation}); n != want {
			t.Errorf("%d calls of %s, want %d", n, operation, want)
		}
	}
}

func TestABucketIsReadWhole(t *testing.T) {
	s := newScene(t)
	s.aws.AddBucket(account, region, "site", true)
	api := awscloud.S3(s.config())
	name := aws.String("site")
	put := func(_ any, err error) { t.Helper(); s.must(err) }
	put(api.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled}}))
	put(api.PutBucketTagging(t.Context(), &s3.PutBucketTaggingInput{Bucket: name, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("Team"), Value: aws.String("shop")}}}}))
	put(api.PutBucketWebsite(t.Context(), &s3.PutBucketWebsiteInput{Bucket: name, WebsiteConfiguration: &s3types.WebsiteConfiguration{IndexDocument: &s3types.IndexDocument{Suffix: aws.String("index.html")}}}))
	put(api.PutBucketLogging(t.Context(), &s3.PutBucketLoggingInput{Bucket: name, BucketLoggingStatus: &s3types.BucketLoggingStatus{LoggingEnabled: &s3types.LoggingEnabled{TargetBucket: aws.String("site"), TargetPrefix: aws.String("l/")}}}))
	put(api.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: name, LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: []s3types.LifecycleRule{{
		ID: aws.String("old"), Status: s3types.ExpirationStatusEnabled, Filter: &s3types.LifecycleRuleFilter{Prefix: aws.String("l/")}, Expiration: &s3types.LifecycleExpiration{Days: aws.Int32(30)},
	}}}}))
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::site/*"}]}`
	put(api.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: name, Policy: aws.String(policy)}))

	r, err := s.reader.Read(t.Context(), bucketRef("site"))
	s.must(err)
	encryption := r.Properties["BucketEncryption"]
	delete(r.Properties, "BucketEncryption")
	delete(r.Properties, "OwnershipControls")
	want := map[string]any{
		"BucketName":              "site",
		"VersioningConfiguration": map[string]any{"Status": "Enabled"},
		"WebsiteConfiguration":    map[string]any{"IndexDocument": "index.html"},
		"LoggingConfiguration":    map[string]any{"DestinationBucketName": "site", "LogFilePrefix": "l/"},
		"LifecycleConfiguration":  map[string]any{"Rules": []any{map[string]any{"Id": "old", "Status": "Enabled", "Prefix": "l/", "ExpirationInDays": int64(30)}}},
	}
	if d := cmp.Diff(want, r.Properties); d != "" {
		t.Error(d)
	}
	rules := encryption.(map[string]any)["ServerSideEncryptionConfiguration"].([]any)
	if by := rules[0].(map[string]any)["ServerSideEncryptionByDefault"].(map[string]any); by["SSEAlgorithm"] != "AES256" {
		t.Errorf("%v", encryption)
	}
	if r.Tags["Team"] != "shop" || r.Facts[FactLocation] != region || r.Facts[FactPolicy] != policy || r.Facts[FactPolicyPublic] != true || r.Facts[FactMFADelete] != false || r.UnreadParts() != nil {
		t.Errorf("%+v", r)
	}
	if grants := r.Facts[FactGrants].([]Grant); len(grants) == 0 || grants[0].Permission != "FULL_CONTROL" {
		t.Errorf("%+v", grants)
	}
}

func TestRulesBeyondOnePageAreRead(t *testing.T) {
	s := newScene(t)
	var rules []fake.SecurityGroupRule
	for i := range 1100 {
		rules = append(rules, fake.SecurityGroupRule{Protocol: "tcp", From: 10000 + i, To: 10000 + i, CIDR4: "10.0.0.0/8"})
	}
	id := s.aws.AddSecurityGroup(account, region, fake.SecurityGroup{Name: "many", Rules: rules})
	r, err := s.reader.Read(t.Context(), groupRef(id))
	s.must(err)
	if n := len(r.Facts[FactRules].([]SecurityGroupRule)); n != 1101 {
		t.Errorf("%d rules, want 1100 and the open egress", n)
	}
	if n := s.aws.Journal().Count(fake.Query{Operation: "DescribeSecurityGroupRules"}); n != 2 {
		t.Errorf("%d pages", n)
	}
}

func BenchmarkReadSecurityGroup(b *testing.B) {
	twin := fake.NewCloud(fake.Options{Seed: 1})
	keys := twin.AddAccount(fake.Account{ID: account})
	server := httptest.NewServer(twin)
	defer server.Close()
	reader := NewReader(awscloud.New(awscloud.Config{
		Base:         &aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")},
		BaseEndpoint: server.URL, Limits: awscloud.Unlimited,
	}))
	ref := groupRef(twin.AddSecurityGroup(account, region, fake.SecurityGroup{Name: "web"}))
	for b.Loop() {
		if _, err := reader.Read(b.Context(), ref); err != nil {
			b.Fatal(err)
		}
	}
}
