package live

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"zesei/internal/awscloud"
	"zesei/internal/resource"
)

// S3Control is what is asked of S3 Control.
type S3Control interface {
	GetPublicAccessBlock(context.Context, *s3control.GetPublicAccessBlockInput, ...func(*s3control.Options)) (*s3control.GetPublicAccessBlockOutput, error)
}

var _ S3Control = (*s3control.Client)(nil)

// ReadAccountPublicAccessBlock reads the account's S3 public access block. The
// account always exists: where nothing was ever set, the configuration is an
// empty map.
func ReadAccountPublicAccessBlock(ctx context.Context, api S3Control, ref resource.Ref) (resource.Resource, error) {
	block := map[string]any{}
	out, err := api.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(ref.Account)})
	switch {
	case awscloud.Code(err) == noPublicAccessBlock:
	case err != nil:
		return resource.Resource{}, fmt.Errorf("read the S3 public access block of account %s: %w", ref.Account, err)
	case out.PublicAccessBlockConfiguration != nil:
		c := out.PublicAccessBlockConfiguration
		block = accessBlock(c.BlockPublicAcls, c.BlockPublicPolicy, c.IgnorePublicAcls, c.RestrictPublicBuckets)
	}
	return resource.Resource{
		Ref: ref, ID: ref.Account, Name: ref.Account,
		Properties: map[string]any{"PublicAccessBlockConfiguration": block},
	}, nil
}

// accessBlock states the four settings as CloudFormation does; AWS leaves out
// what was never set.
func accessBlock(blockACLs, blockPolicy, ignoreACLs, restrict *bool) map[string]any {
	m := map[string]any{}
	for name, v := range map[string]*bool{
		"BlockPublicAcls": blockACLs, "BlockPublicPolicy": blockPolicy,
		"IgnorePublicAcls": ignoreACLs, "RestrictPublicBuckets": restrict,
	} {
		if v != nil {
			m[name] = *v
		}
	}
	return m
}
