package controlstate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

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

// associations learns which accounts the policies govern. Where a page fails, it
// is not known of any policy, and none is changed.
func (c *Central) associations(ctx context.Context, client *hub.Client) {
	all, err := associationsOf(ctx, client)
	if err != nil {
		c.unchecked = true
		c.problem("", "", err, "asking which accounts the policies govern; no policy is changed")
		return
	}
	byID := map[string]*ConfigurationPolicy{}
	for _, p := range c.Policies {
		byID[p.ID] = p
	}
	for _, s := range all {
		id, account := aws.ToString(s.ConfigurationPolicyId), aws.ToString(s.TargetId)
		if id == selfManaged {
			c.SelfManaged = append(c.SelfManaged, account)
			continue
		}
		p := byID[id]
		if p == nil || c.governs[account] != nil {
			c.unchecked = true
			c.Problems = append(c.Problems, Problem{Target: Target{account, c.Home}, Kind: awscloud.Conflict,
				Why: "its configuration policy changed while it was read, or is not listed (" + id + "); no policy is changed: try again"})
			continue
		}
		c.governs[account] = p
		p.Accounts = append(p.Accounts, account)
	}
	c.failing, c.pending = c.unreached(all)
	slices.Sort(c.SelfManaged)
	if len(c.SelfManaged) > 0 {
		c.Notes = append(c.Notes, "self-managed, so not changed centrally: "+few(c.SelfManaged)+"; `zesei control plan` without --central is for them")
	}
	for _, p := range c.Policies {
		slices.Sort(p.Accounts)
	}
}

// unreached are the accounts that do not stand as their policy says: those where
// it failed, and, as notes, those where AWS is still at it.
func (c *Central) unreached(all []types.ConfigurationPolicyAssociationSummary) (failing []Problem, pending []string) {
	waiting := map[*ConfigurationPolicy][]string{}
	for _, s := range all {
		account, id := aws.ToString(s.TargetId), aws.ToString(s.ConfigurationPolicyId)
		i := slices.IndexFunc(c.Policies, func(p *ConfigurationPolicy) bool { return p.ID == id })
		if i < 0 {
			continue
		}
		p := c.Policies[i]
		switch s.AssociationStatus {
		case types.ConfigurationPolicyAssociationStatusFailed:
			failing = append(failing, Problem{Target: Target{account, c.Home}, Policy: p.Name, Kind: awscloud.Other,
				Why: "the account does not stand as the policy says: " + cmp.Or(aws.ToString(s.AssociationStatusMessage), "AWS gives no reason")})
		case types.ConfigurationPolicyAssociationStatusPending:
			waiting[p] = append(waiting[p], account)
		}
	}
	for _, p := range c.Policies {
		if accounts := waiting[p]; len(accounts) > 0 {
			slices.Sort(accounts)
			pending = append(pending, fmt.Sprintf("configuration policy %s is still being applied, for which AWS may take a day: %s", p.Name, few(accounts)))
		}
	}
	return failing, pending
}

// associationsOf lists the accounts' associations.
func associationsOf(ctx context.Context, client *hub.Client) ([]types.ConfigurationPolicyAssociationSummary, error) {
	var out []types.ConfigurationPolicyAssociationSummary
	pages := hub.NewListConfigurationPolicyAssociationsPaginator(client, &hub.ListConfigurationPolicyAssociationsInput{MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range page.ConfigurationPolicyAssociationSummaries {
			if s.TargetType == types.TargetTypeAccount {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// PolicyOf names the configuration policy that governs an account in a Region;
// ok is false for an account that switches its controls itself there.
func (c *Central) PolicyOf(account, region string) (p *ConfigurationPolicy, ok bool) {
	p = c.governs[account]
	return p, p != nil && (region == c.Home || c.linked.has(region))
}

// linked are the Regions that follow the home Region (API reference,
// GetFindingAggregator, RegionLinkingMode).
type linked struct {
	mode    string
	regions []string
}

func (l linked) has(region string) bool {
	switch l.mode {
	case "ALL_REGIONS":
		return true
	case "ALL_REGIONS_EXCEPT_SPECIFIED":
		return !slices.Contains(l.regions, region)
	}
	return slices.Contains(l.regions, region)
}

// elsewhere stands for the governed Regions that nobody names.
const elsewhere = "any other Region"

// regions are the governed Regions that somebody who tells the named ones apart
// must be asked about: those, and one for all others.
func (c *Central) regions(named []string) []string {
	var out []string
	for _, r := range named {
		if r == c.Home || c.linked.has(r) {
			out = append(out, r)
		}
	}
	others := []string{c.Home}
	if c.linked.mode == "SPECIFIED_REGIONS" {
		others = append(others, c.linked.regions...)
	} else if c.linked.mode != "NO_REGIONS" {
		others = append(others, elsewhere)
	}
	for _, r := range others {
		if !slices.Contains(named, r) {
			return append(out, r)
		}
	}
	return out
}
