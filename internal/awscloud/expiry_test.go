package awscloud

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestCredentialsEndByTheCloudsOwnClock(t *testing.T) {
	now := time.Date(2027, 4, 28, 9, 0, 0, 0, time.UTC)
	fetched := 0
	b := &byClock{now: func() time.Time { return now }, provider: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		fetched++
		return aws.Credentials{AccessKeyID: "ASIA", SecretAccessKey: "secret", CanExpire: true, Expires: now.Add(15 * time.Minute)}, nil
	})}
	for _, step := range []struct {
		later time.Duration
		want  int
	}{{0, 1}, {13 * time.Minute, 1}, {2 * time.Minute, 2}, {24 * time.Hour, 3}} {
		now = now.Add(step.later)
		if _, err := b.Retrieve(t.Context()); err != nil || fetched != step.want {
			t.Errorf("at %s: fetched %d times, want %d (%v)", now, fetched, step.want, err)
		}
	}
}
