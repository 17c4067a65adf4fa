package remedy

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"zesei/internal/awscloud"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

// EC2 is what remedies send to EC2.
type EC2 interface {
	AuthorizeSecurityGroupIngress(context.Context, *ec2.AuthorizeSecurityGroupIngressInput, ...func(*ec2.Options)) (*ec2.AuthorizeSecurityGroupIngressOutput, error)
	AuthorizeSecurityGroupEgress(context.Context, *ec2.AuthorizeSecurityGroupEgressInput, ...func(*ec2.Options)) (*ec2.AuthorizeSecurityGroupEgressOutput, error)
	RevokeSecurityGroupIngress(context.Context, *ec2.RevokeSecurityGroupIngressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupIngressOutput, error)
	RevokeSecurityGroupEgress(context.Context, *ec2.RevokeSecurityGroupEgressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupEgressOutput, error)
}

// S3 is what remedies send to S3.
type S3 interface {
	PutBucketEncryption(context.Context, *s3.PutBucketEncryptionInput, ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error)
	DeleteBucketEncryption(context.Context, *s3.DeleteBucketEncryptionInput, ...func(*s3.Options)) (*s3.DeleteBucketEncryptionOutput, error)
	PutBucketVersioning(context.Context, *s3.PutBucketVersioningInput, ...func(*s3.Options)) (*s3.PutBucketVersioningOutput, error)
	PutPublicAccessBlock(context.Context, *s3.PutPublicAccessBlockInput, ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error)
	DeletePublicAccessBlock(context.Context, *s3.DeletePublicAccessBlockInput, ...func(*s3.Options)) (*s3.DeletePublicAccessBlockOutput, error)
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
}

// S3Control is what remedies send to S3 Control.
type S3Control interface {
	PutPublicAccessBlock(context.Context, *s3control.PutPublicAccessBlockInput, ...func(*s3control.Options)) (*s3control.PutPublicAccessBlockOutput, error)
	DeletePublicAccessBlock(context.Context, *s3control.DeletePublicAccessBlockInput, ...func(*s3control.Options)) (*s3control.DeletePublicAccessBlockOutput, error)
}

// Trail is what Opener asks of CloudTrail.
type Trail interface {
	LookupEvents(context.Context, *cloudtrail.LookupEventsInput, ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error)
}

var (
	_ EC2       = (*ec2.Client)(nil)
	_ S3        = (*s3.Client)(nil)
	_ S3Control = (*s3control.Client)(nil)
	_ Trail     = (*cloudtrail.Client)(nil)
)

// Clients gives the ways to change a resource's account, in a role session of
// the given name, and to read its trail.
type Clients interface {
	EC2(ctx context.Context, ref resource.Ref, session string) (EC2, error)
	S3(ctx context.Context, ref resource.Ref, session string) (S3, error)
	S3Control(ctx context.Context, ref resource.Ref, session string) (S3Control, error)
	Trail(ctx context.Context, ref resource.Ref) (Trail, error)
}

// CloudClients are the Clients of an awscloud.Cloud: changes go through the
// account's write role, the trail through its read role.
type CloudClients struct{ Cloud live.Cloud }

var _ Clients = CloudClients{}

// EC2 makes the client of the resource's account and Region.
func (c CloudClients) EC2(ctx context.Context, ref resource.Ref, session string) (EC2, error) {
	cfg, err := c.Cloud.For(ctx, ref.Account, ref.Region, awscloud.Write, session)
	if err != nil {
		return nil, err
	}
	return ec2.NewFromConfig(cfg), nil
}

// S3 makes the client of the resource's account and Region.
func (c CloudClients) S3(ctx context.Context, ref resource.Ref, session string) (S3, error) {
	cfg, err := c.Cloud.For(ctx, ref.Account, ref.Region, awscloud.Write, session)
	if err != nil {
		return nil, err
	}
	return awscloud.S3(cfg), nil
}

// S3Control makes the client of the resource's account.
func (c CloudClients) S3Control(ctx context.Context, ref resource.Ref, session string) (S3Control, error) {
	cfg, err := c.Cloud.For(ctx, ref.Account, ref.Region, awscloud.Write, session)
	if err != nil {
		return nil, err
	}
	return awscloud.S3Control(cfg), nil
}

// Trail makes the reading client of the resource's account and Region.
func (c CloudClients) Trail(ctx context.Context, ref resource.Ref) (Trail, error) {
	cfg, err := c.Cloud.For(ctx, ref.Account, ref.Region, awscloud.Read, "")
	if err != nil {
		return nil, err
	}
	return cloudtrail.NewFromConfig(cfg), nil
}
