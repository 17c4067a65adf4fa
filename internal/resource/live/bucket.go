package live

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"zesei/internal/awscloud"
	"zesei/internal/resource"
)

// Facts of a bucket.
const (
	FactLocation     = "location"     // string: the bucket's Region
	FactPolicy       = "policy"       // string: the bucket policy as JSON; absent when it has none
	FactPolicyPublic = "policyPublic" // bool: AWS's own verdict (GetBucketPolicyStatus)
	FactGrants       = "grants"       // []Grant: the ACL
	FactMFADelete    = "mfaDelete"    // bool
)

// S3 is what is asked of S3.
type S3 interface {
	GetBucketLocation(context.Context, *s3.GetBucketLocationInput, ...func(*s3.Options)) (*s3.GetBucketLocationOutput, error)
	GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error)
	GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
	GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error)
	GetBucketPolicy(context.Context, *s3.GetBucketPolicyInput, ...func(*s3.Options)) (*s3.GetBucketPolicyOutput, error)
	GetBucketPolicyStatus(context.Context, *s3.GetBucketPolicyStatusInput, ...func(*s3.Options)) (*s3.GetBucketPolicyStatusOutput, error)
	GetBucketWebsite(context.Context, *s3.GetBucketWebsiteInput, ...func(*s3.Options)) (*s3.GetBucketWebsiteOutput, error)
	GetBucketAcl(context.Context, *s3.GetBucketAclInput, ...func(*s3.Options)) (*s3.GetBucketAclOutput, error)
	GetBucketLogging(context.Context, *s3.GetBucketLoggingInput, ...func(*s3.Options)) (*s3.GetBucketLoggingOutput, error)
	GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error)
	GetBucketOwnershipControls(context.Context, *s3.GetBucketOwnershipControlsInput, ...func(*s3.Options)) (*s3.GetBucketOwnershipControlsOutput, error)
	GetBucketTagging(context.Context, *s3.GetBucketTaggingInput, ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error)
}

var _ S3 = (*s3.Client)(nil)

// S3's answers that mean "not set" (S3 API reference, "List of error codes").
const noPublicAccessBlock = "NoSuchPublicAccessBlockConfiguration"

var notSet = map[string]bool{
	noPublicAccessBlock: true,
	"ServerSideEncryptionConfigurationNotFoundError": true,
	"NoSuchBucketPolicy":                             true,
	"NoSuchWebsiteConfiguration":                     true,
	"NoSuchLifecycleConfiguration":                   true,
	"OwnershipControlsNotFoundError":                 true,
	"NoSuchTagSet":                                   true,
}

// part is one call of a bucket's read: it writes what it learns into the
// resource while holding the bucket's lock.
type part struct {
	name string // property or fact that stays unread when the call fails
	read func(context.Context, *bucketRead) error
}

// bucketRead is a bucket while it is being read.
type bucketRead struct {
	api   S3
	name  *string
	owner *string
	mu    sync.Mutex
	res   resource.Resource
}

func (b *bucketRead) property(name string, value any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.res.Properties[name] = value
}

func (b *bucketRead) fact(name string, value any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.res.Facts[name] = value
}

// ReadBucket reads one bucket. A bucket of that name in another account is
// refused by S3 (expected owner) and so counts as unknown. Parts that S3 refuses
// are named in resource.Unread; if it refuses all, the error says so. Any other
// failure ends the read, because it would pass by asking again.
func ReadBucket(ctx context.Context, api S3, ref resource.Ref) (resource.Resource, error) {
	name := idOf(ref.ARN)
	b := &bucketRead{api: api, name: aws.String(name), owner: aws.String(ref.Account), res: resource.Resource{
		Ref: ref, ID: name, Name: name, Tags: map[string]string{},
		Properties: map[string]any{"BucketName": name},
		Facts:      map[string]any{},
	}}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	refused := make([]error, len(bucketParts))
	var wg sync.WaitGroup
	turns := make(chan struct{}, parallelReads)
	for i, p := range bucketParts {
		turns <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-turns }()
			err := p.read(ctx, b)
			switch {
			case err == nil, notSet[awscloud.Code(err)]:
			case awscloud.Code(err) == "NoSuchBucket":
				stop(&resource.NotFoundError{Ref: ref})
			case lasting(err):
				refused[i] = err
			default:
				stop(fmt.Errorf("read %s of bucket %s: %w", p.name, name, err))
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return resource.Resource{}, context.Cause(ctx)
	}
	return b.finish(refused)
}

// lasting says whether asking again would get the same answer: a refusal, or a
// configuration that S3 does not offer here.
func lasting(err error) bool {
	k := awscloud.Classify(err)
	return k == awscloud.Denied || k == awscloud.Invalid
}

func (b *bucketRead) finish(refused []error) (resource.Resource, error) {
	unread := map[string]string{}
	var first error
	for i, err := range refused {
		if err == nil {
			continue
		}
		if first == nil {
			first = err
		}
		unread[bucketParts[i].name] = reason(err)
	}
	if len(unread) == len(bucketParts) {
		return resource.Resource{}, fmt.Errorf("read bucket %s: %w", *b.name, first)
	}
	if len(unread) > 0 {
		b.res.Facts[resource.Unread] = unread
	}
	_, b.res.TagsUnread = unread["Tags"]
	return b.res, nil
}
