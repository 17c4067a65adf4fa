package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"zesei/internal/audit"
	"zesei/internal/awscloud"
	"zesei/internal/config"
	"zesei/internal/job"
	"zesei/internal/store"
)

// Signer is the configured key of the audit chain; nil where none is configured.
func (a *App) Signer(ctx context.Context) (*audit.Signer, error) {
	if !a.Config.Audit.SigningKey.IsSet() {
		return nil, nil
	}
	var aws config.SecretResolver
	if a.Cloud != nil {
		aws = a.secrets()
	}
	text, err := a.Config.Audit.SigningKey.Value(ctx, aws)
	if err != nil {
		return nil, err
	}
	return audit.ParseSigner([]byte(text))
}

// SignerNeedsCloud says whether the key can only be fetched from AWS.
func SignerNeedsCloud(c *config.Config) bool {
	ref := c.Audit.SigningKey.Reference()
	return strings.HasPrefix(ref, "secretsmanager:") || strings.HasPrefix(ref, "ssm:")
}

// auditJobs binds the daily checkpoint, and asks for it where a key is
// configured and nobody has asked yet.
func (a *App) auditJobs(ctx context.Context) error {
	if !a.Config.Audit.SigningKey.IsSet() {
		a.Queue.Handlers[audit.JobCheckpoint] = func(context.Context, job.Job) error { return nil }
		return nil
	}
	a.Queue.Handlers[audit.JobCheckpoint] = a.Checkpoints().Job
	var n int
	if err := a.DB.View().QueryRowContext(ctx, `SELECT count(*) FROM jobs WHERE kind = $1 AND subject = $2 AND state = 'ready'`,
		audit.JobCheckpoint, audit.SubjectDaily).Scan(&n); err != nil || n > 0 {
		return err
	}
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		return job.Enqueue(ctx, tx, a.Now(), job.Want{Kind: audit.JobCheckpoint, Subject: audit.SubjectDaily})
	})
}

// Checkpoints makes the daily checkpoints as configured.
func (a *App) Checkpoints() *audit.Daily {
	d := &audit.Daily{DB: a.DB, Signer: a.Signer, Now: a.Now, Zone: a.Config.Zone(), Log: a.Log}
	if a.Config.Audit.Bucket != "" && a.Cloud != nil {
		d.Copy = a.copyCheckpoint
	}
	return d
}

// copyCheckpoint puts a checkpoint into the configured bucket under Object Lock,
// in compliance mode for as long as closed cases are kept: nobody can take it
// away or replace it before. Putting it twice writes the same object again.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
func (a *App) copyCheckpoint(ctx context.Context, c audit.Checkpoint) (string, error) {
	body, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return "", err
	}
	cfg, err := a.Cloud.Ambient(ctx, "")
	if err != nil {
		return "", err
	}
	key := fmt.Sprintf("zesei/%s/checkpoint-%06d.json", c.Store, c.Number)
	_, err = awscloud.S3(cfg).PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(a.Config.Audit.Bucket), Key: aws.String(key), Body: bytes.NewReader(body), ContentType: aws.String("application/json"),
		ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: aws.Time(c.At.Add(a.Config.Retention.Closed.Duration())),
	})
	if err != nil {
		return "", fmt.Errorf("bucket %s: %w", a.Config.Audit.Bucket, err)
	}
	return "s3://" + a.Config.Audit.Bucket + "/" + key, nil
}
