package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"zesei/internal/awscloud"
	"zesei/internal/resource"
)

// The types that can be read.
const (
	SecurityGroup = "AWS::EC2::SecurityGroup"
	Bucket        = "AWS::S3::Bucket"
	// AccountPublicAccessBlock is the account-wide S3 setting. CloudFormation
	// has no such type; Account names the same read, as the catalogue does.
	AccountPublicAccessBlock = "AWS::S3::AccountPublicAccessBlock"
	Account                  = "AWS::::Account"
)

// Cloud gives the way into an account: *awscloud.Cloud.
type Cloud interface {
	For(ctx context.Context, account, region string, purpose awscloud.Purpose, session string) (aws.Config, error)
}

// Reader reads resources through each account's read access. It is safe for
// concurrent use.
type Reader struct{ cloud Cloud }

// NewReader makes a Reader.
func NewReader(c Cloud) *Reader { return &Reader{cloud: c} }

// UnsupportedError says that resources of a type cannot be read.
type UnsupportedError struct{ Type string }

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("resources of type %s cannot be read live", e.Type)
}

// Result is the outcome of one read of a batch.
type Result struct {
	Resource resource.Resource
	Err      error
}

// Supports says whether resources of a type can be read.
func Supports(resourceType string) bool {
	switch resourceType {
	case SecurityGroup, Bucket, AccountPublicAccessBlock, Account:
		return true
	}
	return false
}

// Read reads one resource now.
func (r *Reader) Read(ctx context.Context, ref resource.Ref) (resource.Resource, error) {
	if !Supports(ref.Type) {
		return resource.Resource{}, &UnsupportedError{Type: ref.Type}
	}
	cfg, err := r.cloud.For(ctx, ref.Account, ref.Region, awscloud.Read, "")
	if err != nil {
		return resource.Resource{}, err
	}
	switch ref.Type {
	case SecurityGroup:
		return ReadSecurityGroup(ctx, ec2.NewFromConfig(cfg), ref)
	case Bucket:
		return ReadBucket(ctx, awscloud.S3(cfg), ref)
	default:
		return ReadAccountPublicAccessBlock(ctx, awscloud.S3Control(cfg), ref)
	}
}

// place is where a batch of security groups stands together.
type place struct{ account, region string }

// parallelReads bounds the reads of one batch that run at the same time.
const parallelReads = 4

// BatchRead reads many resources with few calls: security groups of one account
// and Region are asked for together. The result has an entry per ref, by ARN.
func (r *Reader) BatchRead(ctx context.Context, refs []resource.Ref) map[string]Result {
	groups := map[place][]resource.Ref{}
	var single []resource.Ref
	seen := map[string]bool{}
	for _, ref := range refs {
		switch {
		case seen[ref.ARN]:
			continue
		case ref.Type == SecurityGroup:
			p := place{ref.Account, ref.Region}
			groups[p] = append(groups[p], ref)
		default:
			single = append(single, ref)
		}
		seen[ref.ARN] = true
	}
	out := make(map[string]Result, len(seen))
	var mu sync.Mutex
	keep := func(arn string, res Result) {
		mu.Lock()
		defer mu.Unlock()
		out[arn] = res
	}
	var wg sync.WaitGroup
	turns := make(chan struct{}, parallelReads)
	start := func(read func()) {
		turns <- struct{}{}
		wg.Go(func() { defer func() { <-turns }(); read() })
	}
	for p, members := range groups {
		start(func() {
			for arn, res := range r.groups(ctx, p, members) {
				keep(arn, res)
			}
		})
	}
	for _, ref := range single {
		start(func() {
			res, err := r.Read(ctx, ref)
			keep(ref.ARN, Result{res, err})
		})
	}
	wg.Wait()
	return out
}

func (r *Reader) groups(ctx context.Context, p place, refs []resource.Ref) map[string]Result {
	cfg, err := r.cloud.For(ctx, p.account, p.region, awscloud.Read, "")
	if err != nil {
		out := map[string]Result{}
		for _, ref := range refs {
			out[ref.ARN] = Result{Err: err}
		}
		return out
	}
	return ReadSecurityGroups(ctx, ec2.NewFromConfig(cfg), refs)
}

// idOf is the last part of an ARN: sg-… or a bucket's name.
func idOf(arn string) string {
	rest := arn[strings.LastIndexByte(arn, ':')+1:]
	return rest[strings.LastIndexByte(rest, '/')+1:]
}

// reason says in few words why a part could not be read.
func reason(err error) string {
	if code := awscloud.Code(err); code != "" {
		return string(awscloud.Classify(err)) + " (" + code + ")"
	}
	var refused *awscloud.NoAccessError
	if errors.As(err, &refused) {
		return refused.Error()
	}
	return string(awscloud.Classify(err))
}
