package controlstate

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/control"
	"zesei/internal/policy"
)

// BenchmarkCentralPlan is a plan from the policy for 300 accounts that one
// configuration policy governs, with two standards and every control of them.
func BenchmarkCentralPlan(b *testing.B) {
	cat, err := control.Load()
	if err != nil {
		b.Fatal(err)
	}
	pol, err := policy.Load("policy.yaml", []byte("standards: [fsbp, nist-800-53-r5]\nresponses:\n  - {controls: [\"RDS.*\"], do: disable}\n  - {controls: [\"S3.*\"], when: 'account.environment == \"prod\"', do: disable}\n  - {do: track}\n"), policy.Known{})
	if err != nil {
		b.Fatal(err)
	}
	p := &ConfigurationPolicy{ID: "p", Name: "p", Standards: []string{"fsbp", "nist-800-53-r5"}, Enabled: map[string]bool{}, held: map[string][]string{}, changeable: true}
	p.body = types.SecurityHubPolicy{ServiceEnabled: aws.Bool(true), SecurityControlsConfiguration: &types.SecurityControlsConfiguration{DisabledSecurityControlIdentifiers: []string{}}}
	for _, c := range cat.All() {
		for _, s := range p.Standards {
			if _, ok := c.Standards[s]; ok {
				p.held[c.ID], p.Enabled[c.ID] = append(p.held[c.ID], s), true
			}
		}
	}
	for i := range 300 {
		p.Accounts = append(p.Accounts, fmt.Sprintf("7%011d", i))
	}
	c := &Central{Administrator: admin, Home: tokyo, Policies: []*ConfigurationPolicy{p}, linked: linked{mode: "ALL_REGIONS"}}
	want := Wanted{Of: FromPolicy(pol, cat, &company{}, nil)}
	for b.Loop() {
		if n := NewCentralPlan(c, want, func(string) bool { return true }, nil).Count(); n == 0 {
			b.Fatal("no changes")
		}
	}
	b.ReportMetric(float64(len(p.held)), "controls")
}
