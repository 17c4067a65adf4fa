package eventpattern_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The benchmark's events: recorded CloudTrail records and Security Hub findings
// in the envelopes that EventBridge puts them in, or, where the recordings are
// absent, made-up ones of the same shape.

var corpus = sync.OnceValues(func() ([][]byte, string) {
	root := filepath.Join("..", "..", "shared", "testdata")
	var events [][]byte
	for _, dir := range []string{"cloudtrail", "securityhub"} {
		_ = filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				events = append(events, recordings(path)...)
			}
			return nil
		})
	}
	if len(events) > 1000 {
		return events, "recorded"
	}
	return syntheticEvents(2000), "synthetic"
})

// recordings reads the events of one file; a file that holds none gives none.
func recordings(path string) [][]byte {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil
		}
		if raw, err = io.ReadAll(z); err != nil {
			return nil
		}
	}
	var file struct {
		Records  []json.RawMessage
		Findings []json.RawMessage
		Detail   json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(raw, &file) != nil && json.Unmarshal(raw, &file.Records) != nil {
		return nil
	}
	var events [][]byte
	if file.Detail != nil {
		events = append(events, compact(raw))
	}
	for _, r := range file.Records {
		if e := trailEvent(r); e != nil {
			events = append(events, e)
		}
	}
	for _, f := range file.Findings {
		events = append(events, envelope("aws.securityhub", "Security Hub Findings - Imported", "111122223333",
			fmt.Appendf(nil, `{"findings":[%s]}`, f)))
	}
	return events
}

// trailEvent wraps a CloudTrail record.
func trailEvent(record json.RawMessage) []byte {
	var r struct{ EventSource, RecipientAccountID string }
	if json.Unmarshal(record, &r) != nil || r.EventSource == "" {
		return nil
	}
	return envelope("aws."+strings.TrimSuffix(r.EventSource, ".amazonaws.com"), "AWS API Call via CloudTrail", r.RecipientAccountID, record)
}

func envelope(source, detailType, account string, detail []byte) []byte {
	return compact(fmt.Appendf(nil, `{"version":"0","id":"b4a7b7ee-2c6e-4b1c-9c0e-7b6f0a6b9d11","detail-type":%q,"source":%q,"account":%q,`+
		`"time":"2024-05-01T00:00:00Z","region":"ap-northeast-1","resources":[],"detail":%s}`, detailType, source, account, detail))
}

func compact(raw []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil
	}
	return b.Bytes()
}

func syntheticEvents(n int) [][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(s []string) string { return s[rng.IntN(len(s))] }
	hex := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "0123456789abcdef"[rng.IntN(16)]
		}
		return string(b)
	}
	var events [][]byte
	for range n {
		service, user := pick(services), fmt.Sprintf("user-%d", rng.IntN(40))
		detail := fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROA%s:%s",`+
			`"arn":"arn:aws:sts::111122223333:assumed-role/ops/%s","accountId":"111122223333","accessKeyId":"ASIA%s",`+
			`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA%s","arn":"arn:aws:iam::111122223333:role/ops",`+
			`"accountId":"111122223333","userName":"ops"},"webIdFederationData":{},"attributes":{"creationDate":"2024-05-01T01:02:03Z",`+
			`"mfaAuthenticated":"%t"}}},"eventTime":"2024-05-01T02:03:04Z","eventSource":"%s.amazonaws.com","eventName":"%s%s",`+
			`"awsRegion":"ap-northeast-1","sourceIPAddress":"198.51.100.%d","userAgent":"aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0 exe/x86_64 prompt/off",`+
			`"requestParameters":{"name":"thing-%s","maxResults":%d,"filter":{"items":[{"name":"vpc-id","value":"vpc-%s"},{"name":"state","value":"available"}]}},`+
			`"responseElements":{"requestId":"%s","thing":{"arn":"arn:aws:%s:ap-northeast-1:111122223333:thing/%s","size":%d,"encrypted":%t,"note":"made for \"%s\""}},`+
			`"requestID":"%s","eventID":"%s","readOnly":%t,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333",`+
			`"eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%s.ap-northeast-1.amazonaws.com"}}`,
			hex(16), user, user, hex(16), hex(16), rng.IntN(2) == 0, service, pick(verbs), pick(nouns), rng.IntN(256), hex(8), rng.IntN(1000), hex(17),
			hex(32), service, hex(17), rng.IntN(500), rng.IntN(2) == 0, user, hex(32), hex(32), rng.IntN(2) == 0, service)
		events = append(events, trailEvent(json.RawMessage(detail)))
	}
	return events
}

var (
	services = strings.Fields(`ec2 s3 iam sts kms rds lambda ssm secretsmanager cloudtrail config guardduty securityhub sqs sns dynamodb ecs
		eks ecr logs monitoring events elasticloadbalancing route53 cloudfront apigateway organizations acm redshift opensearch`)
	verbs = strings.Fields(`Create Delete Describe Get List Put Update Start Stop Attach Detach Tag Untag Enable Disable Modify Associate
		Disassociate Register Deregister Authorize Revoke`)
	nouns = strings.Fields(`Instances Bucket BucketPolicy User Role Policy Key Secret Parameter Table Queue Topic Cluster Service Image
		LogGroup Alarm Rule Trail Recorder Detector Distribution Certificate SecurityGroupIngress SecurityGroupEgress Volume Snapshot Vpc
		Subnet RouteTable InternetGateway`)
)

func TestCorpusIsUsable(t *testing.T) {
	events, kind := corpus()
	size := 0
	for _, e := range events {
		if !json.Valid(e) {
			t.Fatalf("not valid: %.200s", e)
		}
		size += len(e)
	}
	t.Logf("%d %s events of %d bytes", len(events), kind, size/len(events))
	for _, e := range syntheticEvents(10) {
		if !json.Valid(e) {
			t.Fatalf("not valid: %s", e)
		}
	}
}
