package controlstate

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"zesei/internal/awscloud"
)

// ReadGoverned asks the delegated administrator only whom its configuration
// policies govern: what switching controls account by account must know. The
// error is a *NotCentralError where there is no central configuration.
func ReadGoverned(ctx context.Context, clients Clients, administrator, from string) (*Central, error) {
	c := &Central{Administrator: administrator, governs: map[string]*ConfigurationPolicy{}}
	client, err := c.open(ctx, clients, from)
	if err != nil {
		return c, err
	}
	if c.Policies, err = c.list(ctx, client); err != nil {
		c.problem("", "", err, "asking for the configuration policies")
		return c, ctx.Err()
	}
	c.associations(ctx, client)
	return c, ctx.Err()
}

// Without takes the changes out of a plan that only the delegated administrator
// can make, and says so of each account and Region.
func (p *Plan) Without(c *Central) {
	left := map[Target][]string{}
	p.Changes = slices.DeleteFunc(p.Changes, func(ch Change) bool {
		_, governed := c.PolicyOf(ch.Account, ch.Region)
		if governed {
			t := Target{ch.Account, ch.Region}
			if id := ch.Control; !slices.Contains(left[t], id) {
				left[t] = append(left[t], id)
			}
		}
		return governed
	})
	for _, t := range slices.Collect(maps.Keys(left)) {
		by, _ := c.PolicyOf(t.Account, t.Region)
		p.Problems = append(p.Problems, Problem{Target: t, Policy: by.Name, Kind: awscloud.Conflict,
			Why: fmt.Sprintf("it governs the account, so what was to be changed (%s) is left out: %s", few(left[t]), goCentral)})
	}
	sortProblems(p.Problems)
}
