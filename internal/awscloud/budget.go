package awscloud

import (
	"context"
	"strings"
	"sync"

	"golang.org/x/time/rate"
)

// Limit is how fast an operation may be called in one account and Region.
type Limit struct {
	Rate  rate.Limit // calls a second
	Burst int
}

// Limits gives the limit of an operation and the name of the bucket that it
// shares with others of the same service; "" is a bucket of the service.
type Limits func(service, operation string) (bucket string, limit Limit)

// Unlimited holds nothing back: for the offline twin and for tests.
func Unlimited(string, string) (string, Limit) { return "", Limit{Rate: rate.Inf} }

// ownBuckets are operations with a quota of their own. Security Hub: "every
// operation 10 a second, burst 30, except …" (Security Hub API reference,
// "Welcome"). CloudTrail: LookupEvents two a second (CloudTrail quotas).
var ownBuckets = map[string]map[string]Limit{
	"SecurityHub": {
		"BatchEnableStandards":   {1, 1},
		"GetFindings":            {3, 6},
		"BatchImportFindings":    {10, 30},
		"BatchUpdateFindings":    {10, 30},
		"UpdateStandardsControl": {1, 5},
	},
	"CloudTrail": {"LookupEvents": {2, 2}},
}

// serviceLimits hold for the rest of a service: reads and writes apart, as EC2
// does (EC2 developer guide, "Request throttling": describe calls refill 20 a
// second, mutating ones 5). S3 documents no rate for bucket configuration and
// STS allows 600 a second; both stay far below.
var serviceLimits = map[string]struct{ read, write Limit }{
	"EC2":         {Limit{20, 50}, Limit{5, 20}},
	"S3":          {Limit{50, 50}, Limit{10, 20}},
	"S3 Control":  {Limit{10, 20}, Limit{5, 10}},
	"STS":         {Limit{50, 50}, Limit{50, 50}},
	"SecurityHub": {Limit{10, 30}, Limit{10, 30}},
	"SQS":         {Limit{100, 100}, Limit{100, 100}},
}

// otherLimit holds where nothing is said.
var otherLimit = Limit{10, 20}

// DocumentedLimits keeps to the quotas that AWS documents.
func DocumentedLimits(service, operation string) (string, Limit) {
	if l, ok := ownBuckets[service][operation]; ok {
		return operation, l
	}
	l, ok := serviceLimits[service]
	if !ok {
		return "", otherLimit
	}
	if l.read != l.write && !reads(operation) {
		return "write", l.write
	}
	return "", l.read
}

// reads says whether an operation changes nothing, by the SDK's naming.
func reads(operation string) bool {
	for _, p := range []string{"Describe", "Get", "List", "Head", "Lookup", "BatchGet"} {
		if strings.HasPrefix(operation, p) {
			return true
		}
	}
	return false
}

// buckets holds one limiter per account, Region, service and bucket.
type buckets struct {
	limits Limits
	mu     sync.Mutex
	byKey  map[[4]string]*rate.Limiter
}

func newBuckets(l Limits) *buckets {
	return &buckets{limits: l, byKey: map[[4]string]*rate.Limiter{}}
}

// wait blocks until the call may go out or ctx ends.
func (b *buckets) wait(ctx context.Context, account, region, service, operation string) error {
	bucket, limit := b.limits(service, operation)
	if limit.Rate == rate.Inf {
		return nil
	}
	key := [4]string{account, region, service, bucket}
	b.mu.Lock()
	l, ok := b.byKey[key]
	if !ok {
		l = rate.NewLimiter(limit.Rate, limit.Burst)
		b.byKey[key] = l
	}
	b.mu.Unlock()
	return l.Wait(ctx)
}
