package policy_test

import (
	"testing"
	"time"

	"zesei/internal/policy"
)

func TestAnAttentionBudgetIsRead(t *testing.T) {
	for text, want := range map[string]policy.Rate{
		"attention: 10 per week\n": {N: 10, Per: 7 * 24 * time.Hour},
		"attention: 0 per day\n":   {Per: 24 * time.Hour},
		"":                         {},
	} {
		p, err := policy.Load("policy.yaml", []byte(text+"responses: [{do: track}]\n"), policy.Known{})
		if err != nil || p.Attention() != want {
			t.Errorf("%q: %v (%v)", text, p.Attention(), err)
		}
	}
}
