package fake

import (
	"sync"
	"time"
)

// rates throttles at the documented request rates, per account and Region.
type rates struct {
	mu      sync.Mutex
	now     func() time.Time
	buckets map[string]*tokens
}

type tokens struct {
	left float64
	at   time.Time
}

type rate struct{ perSecond, burst float64 }

// Rates of the services' quota pages: Security Hub's from its API reference,
// CloudTrail LookupEvents 2 a second, EC2's mutating actions on security groups
// from "Request throttling for the Amazon EC2 API".
var requestRates = map[string]rate{
	"securityhub:GetFindings":            {3, 6},
	"securityhub:BatchEnableStandards":   {1, 1},
	"securityhub:UpdateStandardsControl": {1, 5},
	"securityhub":                        {10, 30},
	"cloudtrail:LookupEvents":            {2, 2},
	"ec2:AuthorizeSecurityGroupIngress":  {5, 50},
	"ec2:RevokeSecurityGroupIngress":     {5, 50},
	"ec2:AuthorizeSecurityGroupEgress":   {5, 50},
	"ec2:RevokeSecurityGroupEgress":      {5, 50},
	"ec2":                                {20, 100},
}

func newRates(now func() time.Time) *rates {
	return &rates{now: now, buckets: map[string]*tokens{}}
}

// take spends a request; false means throttled.
func (r *rates) take(k *call) bool {
	name := k.action()
	limit, ok := requestRates[name]
	if !ok {
		if limit, ok = requestRates[k.service.name]; !ok {
			return true
		}
		if k.service.name == "ec2" { // other actions share one bucket
			name = "ec2"
		}
	}
	name += "|" + k.who.Account + "|" + k.scope.region
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	t := r.buckets[name]
	if t == nil {
		t = &tokens{left: limit.burst, at: now}
		r.buckets[name] = t
	}
	t.left = min(limit.burst, t.left+now.Sub(t.at).Seconds()*limit.perSecond)
	t.at = now
	if t.left < 1 {
		return false
	}
	t.left--
	return true
}
