package app

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"zesei/internal/awscloud"
)

// as gives the way into a Region with the role that an intake names, or with the
// caller's own credentials where it names none. A role that may not be assumed is
// an *awscloud.NoAccessError.
func (a *App) as(ctx context.Context, role, region string) (aws.Config, error) {
	cfg, err := a.Cloud.Ambient(ctx, region)
	if err != nil || role == "" {
		return cfg, err
	}
	external := a.Directory.roles(accountOf(role)).ExternalID
	credentials := aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = awscloud.SessionPrefix + "intake"
		if external != "" {
			o.ExternalID = aws.String(external)
		}
	}), func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = time.Minute })
	if _, err := credentials.Retrieve(ctx); err != nil {
		if awscloud.Classify(err) == awscloud.Denied {
			return cfg, &awscloud.NoAccessError{Account: accountOf(role), Purpose: awscloud.Read, Err: err,
				Reason: fmt.Sprintf("role %s may not be assumed (%s): check its trust policy and external id", role, awscloud.Code(err))}
		}
		return cfg, fmt.Errorf("assume role %s: %w", role, err)
	}
	cfg.Credentials = credentials
	return cfg, nil
}
