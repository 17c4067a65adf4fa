package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"zesei/internal/awscloud"
)

// Grant is one line of a bucket's ACL.
type Grant struct {
	Grantee    string // group URI, canonical user id or address
	Permission string // READ, WRITE, READ_ACP, WRITE_ACP, FULL_CONTROL
}

// bucketParts are the calls of a bucket's read.
var bucketParts = []part{
	{FactLocation, readLocation},
	{"BucketEncryption", readEncryption},
	{"VersioningConfiguration", readVersioning},
	{"PublicAccessBlockConfiguration", readAccessBlock},
	{FactPolicy, readPolicy},
	{FactPolicyPublic, readPolicyStatus},
	{"WebsiteConfiguration", readWebsite},
	{FactGrants, readGrants},
	{"LoggingConfiguration", readLogging},
	{"LifecycleConfiguration", readLifecycle},
	{"OwnershipControls", readOwnership},
	{"Tags", readTags},
}

func readLocation(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil {
		return err
	}
	// GetBucketLocation: null means us-east-1, EU means eu-west-1.
	region := string(out.LocationConstraint)
	switch region {
	case "":
		region = "us-east-1"
	case string(types.BucketLocationConstraintEu):
		region = "eu-west-1"
	}
	b.fact(FactLocation, region)
	return nil
}

func readEncryption(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil || out.ServerSideEncryptionConfiguration == nil {
		return err
	}
	rules := []any{}
	for _, r := range out.ServerSideEncryptionConfiguration.Rules {
		rule := map[string]any{}
		if d := r.ApplyServerSideEncryptionByDefault; d != nil {
			by := map[string]any{"SSEAlgorithm": string(d.SSEAlgorithm)}
			put(by, "KMSMasterKeyID", d.KMSMasterKeyID)
			rule["ServerSideEncryptionByDefault"] = by
		}
		put(rule, "BucketKeyEnabled", r.BucketKeyEnabled)
		rules = append(rules, rule)
	}
	b.property("BucketEncryption", map[string]any{"ServerSideEncryptionConfiguration": rules})
	return nil
}

func readVersioning(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil {
		return err
	}
	if out.Status != "" { // a bucket that was never versioned has no status
		b.property("VersioningConfiguration", map[string]any{"Status": string(out.Status)})
	}
	b.fact(FactMFADelete, out.MFADelete == types.MFADeleteStatusEnabled)
	return nil
}

func readAccessBlock(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil || out.PublicAccessBlockConfiguration == nil {
		return err
	}
	c := out.PublicAccessBlockConfiguration
	b.property("PublicAccessBlockConfiguration", accessBlock(c.BlockPublicAcls, c.BlockPublicPolicy, c.IgnorePublicAcls, c.RestrictPublicBuckets))
	return nil
}

func readPolicy(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil {
		return err
	}
	b.fact(FactPolicy, aws.ToString(out.Policy))
	return nil
}

func readPolicyStatus(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	switch {
	case notSet[awscloud.Code(err)]:
		b.fact(FactPolicyPublic, false)
	case err != nil:
		return err
	case out.PolicyStatus != nil && out.PolicyStatus.IsPublic != nil:
		b.fact(FactPolicyPublic, *out.PolicyStatus.IsPublic)
	}
	return nil
}

func readWebsite(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil {
		return err
	}
	site := map[string]any{}
	if out.IndexDocument != nil {
		put(site, "IndexDocument", out.IndexDocument.Suffix)
	}
	if out.ErrorDocument != nil {
		put(site, "ErrorDocument", out.ErrorDocument.Key)
	}
	if to := out.RedirectAllRequestsTo; to != nil {
		site["RedirectAllRequestsTo"] = map[string]any{"HostName": aws.ToString(to.HostName), "Protocol": string(to.Protocol)}
	}
	b.property("WebsiteConfiguration", site)
	return nil
}

func readGrants(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil {
		return err
	}
	grants := []Grant{}
	for _, g := range out.Grants {
		who := ""
		if g.Grantee != nil {
			for _, s := range []*string{g.Grantee.URI, g.Grantee.ID, g.Grantee.EmailAddress} {
				if who == "" {
					who = aws.ToString(s)
				}
			}
		}
		grants = append(grants, Grant{Grantee: who, Permission: string(g.Permission)})
	}
	b.fact(FactGrants, grants)
	return nil
}

func readLogging(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil || out.LoggingEnabled == nil {
		return err
	}
	b.property("LoggingConfiguration", map[string]any{
		"DestinationBucketName": aws.ToString(out.LoggingEnabled.TargetBucket),
		"LogFilePrefix":         aws.ToString(out.LoggingEnabled.TargetPrefix),
	})
	return nil
}

func readLifecycle(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil {
		return err
	}
	rules := []any{}
	for _, r := range out.Rules {
		rules = append(rules, lifecycleRule(r))
	}
	b.property("LifecycleConfiguration", map[string]any{"Rules": rules})
	return nil
}

// lifecycleRule states what decides whether and when a rule acts, under
// CloudFormation's names.
func lifecycleRule(r types.LifecycleRule) map[string]any {
	m := map[string]any{"Status": string(r.Status)}
	put(m, "Id", r.ID)
	if r.Filter != nil {
		put(m, "Prefix", r.Filter.Prefix)
	}
	if e := r.Expiration; e != nil {
		put(m, "ExpirationInDays", e.Days)
	}
	if e := r.NoncurrentVersionExpiration; e != nil && e.NoncurrentDays != nil {
		m["NoncurrentVersionExpiration"] = map[string]any{"NoncurrentDays": int64(*e.NoncurrentDays)}
	}
	if e := r.AbortIncompleteMultipartUpload; e != nil && e.DaysAfterInitiation != nil {
		m["AbortIncompleteMultipartUpload"] = map[string]any{"DaysAfterInitiation": int64(*e.DaysAfterInitiation)}
	}
	if len(r.Transitions) > 0 {
		moves := []any{}
		for _, t := range r.Transitions {
			move := map[string]any{"StorageClass": string(t.StorageClass)}
			put(move, "TransitionInDays", t.Days)
			moves = append(moves, move)
		}
		m["Transitions"] = moves
	}
	return m
}

func readOwnership(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil || out.OwnershipControls == nil {
		return err
	}
	rules := []any{}
	for _, r := range out.OwnershipControls.Rules {
		rules = append(rules, map[string]any{"ObjectOwnership": string(r.ObjectOwnership)})
	}
	b.property("OwnershipControls", map[string]any{"Rules": rules})
	return nil
}

func readTags(ctx context.Context, b *bucketRead) error {
	out, err := b.api.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b.name, ExpectedBucketOwner: b.owner})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range out.TagSet {
		b.res.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return nil
}

// put writes a value that AWS stated; what it left out stays absent.
func put[T string | bool | int32](m map[string]any, key string, value *T) {
	if value == nil {
		return
	}
	switch v := any(*value).(type) {
	case int32:
		m[key] = int64(v)
	default:
		m[key] = v
	}
}
