package fake_test

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"zesei/internal/fake"
	"zesei/internal/fake/mototest"
)

// TestConformance runs the same scenes against the twin and against moto. A
// scene holds only what moto is known to answer rightly.
func TestConformance(t *testing.T) {
	t.Run("twin", func(t *testing.T) {
		w := newWorld(t)
		scenes(t, newClients(w.as(shop, tokyo)))
	})
	t.Run("moto", func(t *testing.T) {
		url := mototest.Start(t)
		scenes(t, newClients(config(url, tokyo, fake.Keys{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "x"})))
	})
}

func scenes(t *testing.T, c clients) {
	for name, scene := range map[string]func(*testing.T, clients){
		"sts knows the caller":                      sceneIdentity,
		"ingress rules come and go":                 sceneIngress,
		"a rule in canonical form is the same rule": sceneDuplicate,
		"groups refer to groups":                    sceneReference,
		"rules of all protocols":                    sceneProtocols,
		"descriptions and rule changes":             sceneDescriptions,
		"dry run changes nothing":                   sceneDryRun,
		"groups are found by filters":               sceneFilters,
		"what is not there is named":                sceneMissing,
		"tags":                                      sceneTags,
		"bucket configuration":                      sceneBucket,
		"bucket policy":                             scenePolicy,
		"versions of objects":                       sceneVersions,
		"a message is hidden while it is worked on": sceneQueue,
		"a message that fails goes to dead letters": sceneDeadLetters,
		"secrets have versions":                     sceneSecret,
	} {
		t.Run(name, func(t *testing.T) { scene(t, c) })
	}
}

func sceneIdentity(t *testing.T, c clients) {
	who := must[*sts.GetCallerIdentityOutput](t)(c.sts.GetCallerIdentity(ctx, nil))
	if len(*who.Account) != 12 || !strings.HasPrefix(*who.Arn, "arn:aws:") {
		t.Fatalf("%+v", who)
	}
}

// newGroup makes a VPC of its own, so that scenes do not meet.
func newGroup(t *testing.T, c clients, name string) (id, vpc string) {
	t.Helper()
	v := must[*ec2.CreateVpcOutput](t)(c.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")}))
	vpc = *v.Vpc.VpcId
	g := must[*ec2.CreateSecurityGroupOutput](t)(c.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(name), Description: aws.String("for a test"), VpcId: aws.String(vpc),
	}))
	return *g.GroupId, vpc
}

func tcp(from, to int32, cidrs ...string) ec2types.IpPermission {
	p := ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(from), ToPort: aws.Int32(to)}
	for _, cidr := range cidrs {
		if strings.Contains(cidr, ":") {
			p.Ipv6Ranges = append(p.Ipv6Ranges, ec2types.Ipv6Range{CidrIpv6: aws.String(cidr)})
		} else {
			p.IpRanges = append(p.IpRanges, ec2types.IpRange{CidrIp: aws.String(cidr)})
		}
	}
	return p
}

// ingress lists the ingress rules of a group in words, sorted.
func ingress(t *testing.T, c clients, group string) []string {
	t.Helper()
	out := must[*ec2.DescribeSecurityGroupRulesOutput](t)(c.ec2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{
		Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{group}}},
	}))
	words := []string{}
	for _, r := range out.SecurityGroupRules {
		if aws.ToBool(r.IsEgress) {
			continue
		}
		peer := aws.ToString(r.CidrIpv4) + aws.ToString(r.CidrIpv6) + aws.ToString(r.PrefixListId)
		if r.ReferencedGroupInfo != nil {
			peer = "group"
		}
		words = append(words, fmt.Sprintf("%s %d-%d %s", *r.IpProtocol, aws.ToInt32(r.FromPort), aws.ToInt32(r.ToPort), peer))
	}
	sort.Strings(words)
	return words
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func authorize(t *testing.T, c clients, group string, p ...ec2types.IpPermission) *ec2.AuthorizeSecurityGroupIngressOutput {
	t.Helper()
	return must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: p}))
}

func sceneIngress(t *testing.T, c clients) {
	g, _ := newGroup(t, c, "ingress")
	authorize(t, c, g, tcp(22, 22, "0.0.0.0/0", "::/0"), tcp(443, 443, "10.1.0.0/16"))
	same(t, ingress(t, c, g), "tcp 22-22 0.0.0.0/0", "tcp 22-22 ::/0", "tcp 443-443 10.1.0.0/16")
	must[*ec2.RevokeSecurityGroupIngressOutput](t)(c.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []ec2types.IpPermission{tcp(22, 22, "0.0.0.0/0")}}))
	same(t, ingress(t, c, g), "tcp 22-22 ::/0", "tcp 443-443 10.1.0.0/16")
	_, err := c.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []ec2types.IpPermission{tcp(22, 22, "0.0.0.0/0")}})
	refused(t, err, "InvalidPermission.NotFound")
	rules := must[*ec2.DescribeSecurityGroupRulesOutput](t)(c.ec2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{g}}}}))
	for _, r := range rules.SecurityGroupRules {
		if aws.ToString(r.CidrIpv6) == "::/0" {
			must[*ec2.RevokeSecurityGroupIngressOutput](t)(c.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, SecurityGroupRuleIds: []string{*r.SecurityGroupRuleId}}))
		}
	}
	same(t, ingress(t, c, g), "tcp 443-443 10.1.0.0/16")
}

func sceneDuplicate(t *testing.T, c clients) {
	g, _ := newGroup(t, c, "duplicate")
	authorize(t, c, g, tcp(22, 22, "0.0.0.0/0"))
	_, err := c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []ec2types.IpPermission{tcp(22, 22, "0.0.0.0/0")}})
	refused(t, err, "InvalidPermission.Duplicate")
	same(t, ingress(t, c, g), "tcp 22-22 0.0.0.0/0")
}

func sceneReference(t *testing.T, c clients) {
	g, vpc := newGroup(t, c, "reference")
	other := must[*ec2.CreateSecurityGroupOutput](t)(c.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("peer"), Description: aws.String("peer"), VpcId: &vpc}))
	p := tcp(5432, 5432)
	p.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: other.GroupId}}
	authorize(t, c, g, p)
	same(t, ingress(t, c, g), "tcp 5432-5432 group")
	out := must[*ec2.DescribeSecurityGroupsOutput](t)(c.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{g}}))
	pairs := out.SecurityGroups[0].IpPermissions[0].UserIdGroupPairs
	if len(pairs) != 1 || *pairs[0].GroupId != *other.GroupId {
		t.Fatalf("pairs: %+v", pairs)
	}
}

func sceneProtocols(t *testing.T, c clients) {
	g, _ := newGroup(t, c, "protocols")
	any4 := []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}
	authorize(t, c, g,
		ec2types.IpPermission{IpProtocol: aws.String("-1"), IpRanges: any4},
		ec2types.IpPermission{IpProtocol: aws.String("udp"), FromPort: aws.Int32(53), ToPort: aws.Int32(53), IpRanges: any4},
		ec2types.IpPermission{IpProtocol: aws.String("icmp"), FromPort: aws.Int32(8), ToPort: aws.Int32(-1), IpRanges: any4},
		ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(1), ToPort: aws.Int32(2), PrefixListIds: []ec2types.PrefixListId{{PrefixListId: aws.String("pl-0123456789abcdef0")}}},
	)
	same(t, ingress(t, c, g), "-1 -1--1 0.0.0.0/0", "icmp 8--1 0.0.0.0/0", "tcp 1-2 pl-0123456789abcdef0", "udp 53-53 0.0.0.0/0")
}

func sceneDescriptions(t *testing.T, c clients) {
	g, _ := newGroup(t, c, "descriptions")
	p := tcp(22, 22, "203.0.113.0/24")
	p.IpRanges[0].Description = aws.String("office")
	authorize(t, c, g, p)
	read := func() ec2types.SecurityGroupRule {
		out := must[*ec2.DescribeSecurityGroupRulesOutput](t)(c.ec2.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{g}}}}))
		for _, r := range out.SecurityGroupRules {
			if !*r.IsEgress {
				return r
			}
		}
		t.Fatal("no ingress rule")
		return ec2types.SecurityGroupRule{}
	}
	if got := aws.ToString(read().Description); got != "office" {
		t.Fatalf("description %q", got)
	}
	p.IpRanges[0].Description = aws.String("the new office")
	must[*ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput](t)(c.ec2.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: &g, IpPermissions: []ec2types.IpPermission{p}}))
	if got := aws.ToString(read().Description); got != "the new office" {
		t.Fatalf("description %q", got)
	}
	id := *read().SecurityGroupRuleId
	must[*ec2.ModifySecurityGroupRulesOutput](t)(c.ec2.ModifySecurityGroupRules(ctx, &ec2.ModifySecurityGroupRulesInput{GroupId: &g, SecurityGroupRules: []ec2types.SecurityGroupRuleUpdate{{
		SecurityGroupRuleId: &id,
		SecurityGroupRule:   &ec2types.SecurityGroupRuleRequest{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(2222), ToPort: aws.Int32(2222), CidrIpv4: aws.String("198.51.100.0/24")},
	}}}))
	same(t, ingress(t, c, g), "tcp 2222-2222 198.51.100.0/24")
}

func sceneDryRun(t *testing.T, c clients) {
	g, _ := newGroup(t, c, "dry-run")
	_, err := c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g, DryRun: aws.Bool(true), IpPermissions: []ec2types.IpPermission{tcp(22, 22, "0.0.0.0/0")}})
	refused(t, err, "DryRunOperation")
	same(t, ingress(t, c, g))
}

func sceneFilters(t *testing.T, c clients) {
	g, vpc := newGroup(t, c, "filters")
	find := func(name string, values ...string) int {
		t.Helper()
		out := must[*ec2.DescribeSecurityGroupsOutput](t)(c.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: &name, Values: values}}}))
		return len(out.SecurityGroups)
	}
	for _, row := range []struct {
		name, value string
		want        int
	}{{"vpc-id", vpc, 2}, {"group-id", g, 1}, {"group-name", "filters", 1}, {"group-name", "filt*", 1}, {"group-id", "sg-0123456789abcdef0", 0}} {
		if got := find(row.name, row.value); got != row.want {
			t.Errorf("%s=%s: %d groups, want %d", row.name, row.value, got, row.want)
		}
	}
}

func sceneMissing(t *testing.T, c clients) {
	missing := aws.String("sg-0123456789abcdef0")
	_, err := c.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{*missing}})
	refused(t, err, "InvalidGroup.NotFound")
	_, err = c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: missing, IpPermissions: []ec2types.IpPermission{tcp(1, 1, "10.0.0.0/8")}})
	refused(t, err, "InvalidGroup.NotFound")
	_, err = c.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String("no-such-bucket-here")})
	refused(t, err, "NoSuchBucket")
	_, err = c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("absent")})
	refused(t, err, "ResourceNotFoundException")
	_, err = c.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("absent")})
	refused(t, err, "AWS.SimpleQueueService.NonExistentQueue")
}

func sceneTags(t *testing.T, c clients) {
	g, _ := newGroup(t, c, "tags")
	must[*ec2.CreateTagsOutput](t)(c.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{g}, Tags: []ec2types.Tag{{Key: aws.String("Team"), Value: aws.String("shop")}}}))
	out := must[*ec2.DescribeSecurityGroupsOutput](t)(c.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: aws.String("tag:Team"), Values: []string{"shop"}}}}))
	if len(out.SecurityGroups) != 1 || *out.SecurityGroups[0].GroupId != g {
		t.Fatalf("by tag: %+v", out.SecurityGroups)
	}
	tags := must[*ec2.DescribeTagsOutput](t)(c.ec2.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: []ec2types.Filter{{Name: aws.String("resource-id"), Values: []string{g}}}}))
	if len(tags.Tags) != 1 || *tags.Tags[0].Value != "shop" {
		t.Fatalf("tags: %+v", tags.Tags)
	}
}

func newBucket(t *testing.T, c clients, name string) *string {
	t.Helper()
	must[*s3.CreateBucketOutput](t)(c.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: tokyo}}))
	return &name
}

func sceneBucket(t *testing.T, c clients) {
	b := newBucket(t, c, "configured-bucket")
	must[*s3.PutBucketVersioningOutput](t)(c.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: b, VersioningConfiguration: &s3types.VersioningConfiguration{Status: "Enabled"}}))
	if v := must[*s3.GetBucketVersioningOutput](t)(c.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b})); v.Status != "Enabled" {
		t.Errorf("versioning %q", v.Status)
	}
	must[*s3.PutBucketEncryptionOutput](t)(c.s3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: b, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
		Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: "aws:kms"}}},
	}}))
	e := must[*s3.GetBucketEncryptionOutput](t)(c.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b}))
	if got := e.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm; got != "aws:kms" {
		t.Errorf("encryption %q", got)
	}
	must[*s3.PutPublicAccessBlockOutput](t)(c.s3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: b, PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true), IgnorePublicAcls: aws.Bool(true)}}))
	p := must[*s3.GetPublicAccessBlockOutput](t)(c.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b}))
	if cfg := p.PublicAccessBlockConfiguration; !*cfg.BlockPublicAcls || aws.ToBool(cfg.BlockPublicPolicy) {
		t.Errorf("public access block %+v", cfg)
	}
	must[*s3.DeletePublicAccessBlockOutput](t)(c.s3.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: b}))
	_, err := c.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})
	refused(t, err, "NoSuchPublicAccessBlockConfiguration")
	_, err = c.s3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b})
	refused(t, err, "NoSuchTagSet")
	must[*s3.PutBucketTaggingOutput](t)(c.s3.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: b, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("Team"), Value: aws.String("shop")}}}}))
	if tags := must[*s3.GetBucketTaggingOutput](t)(c.s3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b})); *tags.TagSet[0].Value != "shop" {
		t.Errorf("tags %+v", tags.TagSet)
	}
	_, err = c.s3.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: b})
	refused(t, err, "NoSuchWebsiteConfiguration")
	must[*s3.PutBucketWebsiteOutput](t)(c.s3.PutBucketWebsite(ctx, &s3.PutBucketWebsiteInput{Bucket: b, WebsiteConfiguration: &s3types.WebsiteConfiguration{IndexDocument: &s3types.IndexDocument{Suffix: aws.String("index.html")}}}))
	if site := must[*s3.GetBucketWebsiteOutput](t)(c.s3.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: b})); *site.IndexDocument.Suffix != "index.html" {
		t.Errorf("website %+v", site)
	}
	must[*s3.DeleteBucketWebsiteOutput](t)(c.s3.DeleteBucketWebsite(ctx, &s3.DeleteBucketWebsiteInput{Bucket: b}))
	if where := must[*s3.GetBucketLocationOutput](t)(c.s3.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: b})); where.LocationConstraint != tokyo {
		t.Errorf("location %q", where.LocationConstraint)
	}
	must[*s3.HeadBucketOutput](t)(c.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: b}))
	acl := must[*s3.GetBucketAclOutput](t)(c.s3.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: b}))
	if len(acl.Grants) != 1 || acl.Grants[0].Permission != "FULL_CONTROL" {
		t.Errorf("acl %+v", acl.Grants)
	}
}

func scenePolicy(t *testing.T, c clients) {
	b := newBucket(t, c, "policy-bucket")
	_, err := c.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b})
	refused(t, err, "NoSuchBucketPolicy")
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::policy-bucket/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	must[*s3.PutBucketPolicyOutput](t)(c.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: b, Policy: &policy}))
	if got := must[*s3.GetBucketPolicyOutput](t)(c.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b})); *got.Policy != policy {
		t.Errorf("policy %s", *got.Policy)
	}
	must[*s3.DeleteBucketPolicyOutput](t)(c.s3.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: b}))
	_, err = c.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b})
	refused(t, err, "NoSuchBucketPolicy")
}

func sceneVersions(t *testing.T, c clients) {
	b := newBucket(t, c, "versions-bucket")
	key := aws.String("logs/a b.json")
	put := func(text string) {
		must[*s3.PutObjectOutput](t)(c.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: b, Key: key, Body: strings.NewReader(text)}))
	}
	put("one")
	must[*s3.PutBucketVersioningOutput](t)(c.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: b, VersioningConfiguration: &s3types.VersioningConfiguration{Status: "Enabled"}}))
	put("two")
	got := must[*s3.GetObjectOutput](t)(c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: b, Key: key}))
	defer got.Body.Close()
	if text := must[[]byte](t)(io.ReadAll(got.Body)); string(text) != "two" {
		t.Errorf("object %q", text)
	}
	list := must[*s3.ListObjectVersionsOutput](t)(c.s3.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: b}))
	if len(list.Versions) != 2 || !*list.Versions[0].IsLatest || *list.Versions[1].VersionId != "null" {
		t.Errorf("versions %+v", list.Versions)
	}
	_, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: b, Key: aws.String("absent")})
	refused(t, err, "NoSuchKey")
}

func newQueue(t *testing.T, c clients, name string, attributes map[string]string) *string {
	t.Helper()
	return must[*sqs.CreateQueueOutput](t)(c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})).QueueUrl
}

func receive(t *testing.T, c clients, q *string) []sqstypes.Message {
	t.Helper()
	return must[*sqs.ReceiveMessageOutput](t)(c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: q, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
	})).Messages
}

func sceneQueue(t *testing.T, c clients) {
	q := newQueue(t, c, "work", nil)
	must[*sqs.SendMessageBatchOutput](t)(c.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: q, Entries: []sqstypes.SendMessageBatchRequestEntry{
		{Id: aws.String("1"), MessageBody: aws.String("one")}, {Id: aws.String("2"), MessageBody: aws.String("two")},
	}}))
	got := receive(t, c, q)
	if len(got) != 2 || got[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Fatalf("received %+v", got)
	}
	if again := receive(t, c, q); len(again) != 0 {
		t.Fatalf("hidden messages came again: %+v", again)
	}
	must[*sqs.ChangeMessageVisibilityOutput](t)(c.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: q, ReceiptHandle: got[0].ReceiptHandle, VisibilityTimeout: 0}))
	again := receive(t, c, q)
	if len(again) != 1 || again[0].Attributes["ApproximateReceiveCount"] != "2" {
		t.Fatalf("after giving back: %+v", again)
	}
	must[*sqs.DeleteMessageOutput](t)(c.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: q, ReceiptHandle: again[0].ReceiptHandle}))
	must[*sqs.DeleteMessageBatchOutput](t)(c.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: q, Entries: []sqstypes.DeleteMessageBatchRequestEntry{{Id: aws.String("x"), ReceiptHandle: got[1].ReceiptHandle}}}))
	a := must[*sqs.GetQueueAttributesOutput](t)(c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: q, AttributeNames: []sqstypes.QueueAttributeName{"All"}}))
	if a.Attributes["ApproximateNumberOfMessages"] != "0" || a.Attributes["ApproximateNumberOfMessagesNotVisible"] != "0" {
		t.Fatalf("left over: %v", a.Attributes)
	}
}

func sceneDeadLetters(t *testing.T, c clients) {
	dead := newQueue(t, c, "dead", nil)
	arn := must[*sqs.GetQueueAttributesOutput](t)(c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: dead, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})).Attributes["QueueArn"]
	q := newQueue(t, c, "flaky", map[string]string{"VisibilityTimeout": "0", "RedrivePolicy": `{"deadLetterTargetArn":"` + arn + `","maxReceiveCount":"2"}`})
	must[*sqs.SendMessageOutput](t)(c.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("poison")}))
	for range 3 {
		receive(t, c, q)
	}
	if got := receive(t, c, dead); len(got) != 1 || *got[0].Body != "poison" {
		t.Fatalf("dead letters: %+v", got)
	}
}

func sceneSecret(t *testing.T, c clients) {
	name := aws.String("slack/token")
	made := must[*secretsmanager.CreateSecretOutput](t)(c.secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: name, SecretString: aws.String("one")}))
	must[*secretsmanager.PutSecretValueOutput](t)(c.secrets.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: made.ARN, SecretString: aws.String("two")}))
	for _, row := range []struct{ id, stage, want string }{{*name, "", "two"}, {*made.ARN, "AWSCURRENT", "two"}, {*name, "AWSPREVIOUS", "one"}} {
		in := &secretsmanager.GetSecretValueInput{SecretId: &row.id}
		if row.stage != "" {
			in.VersionStage = &row.stage
		}
		if got := must[*secretsmanager.GetSecretValueOutput](t)(c.secrets.GetSecretValue(ctx, in)); *got.SecretString != row.want {
			t.Errorf("%s %s: %q, want %q", row.id, row.stage, *got.SecretString, row.want)
		}
	}
	_, err := c.secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: name, SecretString: aws.String("x")})
	refused(t, err, "ResourceExistsException")
}
