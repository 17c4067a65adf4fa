package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"zesei/internal/app"
	"zesei/internal/awscloud"
	"zesei/internal/config"
	"zesei/internal/fake"
	"zesei/internal/store"
)

// BenchmarkEventToVerifiedFix is the time from an EventBridge event coming in to
// the fix of the hole that it tells of being read back and verified: case, plan,
// calls and proof, each committed, on the twin without delays.
func BenchmarkEventToVerifiedFix(b *testing.B) {
	const account, region = "111122223333", "ap-northeast-1"
	dir := b.TempDir()
	twin := fake.NewCloud(fake.Options{Seed: 1})
	keys := twin.AddAccount(fake.Account{ID: account})
	twin.EnableHub(account, region, "fsbp")
	server := httptest.NewServer(twin)
	defer server.Close()
	write(b, filepath.Join(dir, "policy.yaml"), []byte(`standards: [fsbp]
deadlines: {CRITICAL: 3 days, HIGH: 2 weeks, MEDIUM: 30 days, LOW: 90 days}
responses: [{do: track}]
fix: [{controls: [EC2.19], mode: auto, with: {how: revoke}}, {mode: "off"}]
limits: {fixes: 1000000 per hour, per_account: 1000000 per hour}
`))
	file := filepath.Join(dir, "zesei.yaml")
	write(b, file, fmt.Appendf(nil, "store: sqlite:%s\npolicy: policy.yaml\nowners: {shop: {default: true}}\naccounts: [{id: %q, name: shop, owner: shop, iac: none}]\n", filepath.Join(dir, "z.db"), account))
	c, err := config.Load(file)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	base := aws.Config{Region: region, BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, "")}
	a, err := app.Open(ctx, app.Options{Config: c, Cloud: awscloud.Config{Base: &base, Limits: awscloud.Unlimited}, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	commits := make(chan struct{}, 1)
	a.Work.Committed = func() {
		a.Queue.Poke()
		select {
		case commits <- struct{}{}:
		default:
		}
	}
	var run sync.WaitGroup
	run.Go(func() { _ = a.Queue.Run(ctx) })
	defer run.Wait()
	defer cancel()

	var all []time.Duration
	for i := 0; b.Loop(); i++ {
		id := twin.AddSecurityGroup(account, region, fake.SecurityGroup{Name: fmt.Sprint("web-", i), Rules: []fake.SecurityGroupRule{
			{Protocol: "tcp", From: 3389, To: 3389, CIDR4: "0.0.0.0/0"}, {Protocol: "tcp", From: 443, To: 443, CIDR4: "10.0.0.0/8"}}})
		arn := "arn:aws:ec2:" + region + ":" + account + ":security-group/" + id
		finding := twin.Evaluate(account, region, fake.Evaluation{Control: "EC2.19", ResourceType: "AwsEc2SecurityGroup", ResourceID: arn, Status: "FAILED"})
		raw, _ := twin.Finding(account, region, finding)
		event, err := json.Marshal(map[string]any{"version": "0", "id": fmt.Sprint(i), "detail-type": "Security Hub Findings - Imported", "source": "aws.securityhub", "account": account,
			"time": time.Now().UTC().Format(time.RFC3339), "region": region, "resources": []string{}, "detail": map[string]any{"findings": []json.RawMessage{raw}}})
		if err != nil {
			b.Fatal(err)
		}
		before := time.Now()
		if _, err := a.Intake.Read(ctx, bytes.NewReader(event), "event"); err != nil {
			b.Fatal(err)
		}
		for verified := false; !verified; {
			select {
			case <-commits:
			case <-time.After(10 * time.Second):
				b.Fatal("no fix was verified")
			}
			fixes, err := store.Fixes(ctx, a.DB.View(), arn, store.FixVerified, 1)
			if err != nil {
				b.Fatal(err)
			}
			verified = len(fixes) == 1
		}
		all = append(all, time.Since(before))
	}
	b.ReportMetric(ms(quantile(all, 0.5)), "p50-ms")
	b.ReportMetric(ms(quantile(all, 0.99)), "p99-ms")
}
