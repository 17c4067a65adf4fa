package controlstate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/awscloud"
	"zesei/internal/control"
)

// Central is how the configuration policies of an organization stand: what the
// delegated administrator of Security Hub says, in the home Region, for the
// accounts that it governs ("Understanding central configuration", Security Hub
// user guide).
type Central struct {
	Administrator string
	Home          string
	Policies      []*ConfigurationPolicy // by name
	SelfManaged   []string               // accounts that no policy governs
	Problems      []Problem
	Notes         []string // what is no failure, and should be known

	failing    []Problem // accounts that a policy did not reach
	pending    []string  // notes of policies that are being applied
	linked     linked
	governs    map[string]*ConfigurationPolicy // by account
	unchecked  bool                            // which accounts are governed is not known
	standards  map[string][]string             // ARN to its controls
	unreadable map[string]bool                 // ARNs
}

// ConfigurationPolicy is one configuration policy. It switches a control in all
// of its standards, for all of its accounts and in all Regions that are governed.
type ConfigurationPolicy struct {
	ID        string
	Name      string
	UpdatedAt time.Time
	Standards []string // ours; the ARN of one that is not known
	Accounts  []string // that it governs
	AllowList bool     // it lists what is enabled, and disables all else
	// Enabled says of each control that a standard of the policy holds how it
	// stands in the policy.
	Enabled map[string]bool

	held        map[string][]string // control to the standards that hold it
	description string
	body        types.SecurityHubPolicy
	changeable  bool // everything that a change depends on was read
}

// selfManaged stands in the place of a policy's id for accounts that switch their
// controls themselves (API reference, StartConfigurationPolicyAssociation).
const selfManaged = "SELF_MANAGED_SECURITY_HUB"

// goCentral says what to do about an account that is governed centrally.
const goCentral = "only the delegated administrator switches its controls: use `zesei control plan --central`"

// NotCentralError says that there is no central configuration to read.
type NotCentralError struct {
	Account string
	Why     string
	Err     error // what AWS answered, if that is why
}

func (e *NotCentralError) Error() string {
	return fmt.Sprintf("central configuration of Security Hub cannot be used from account %s: %s", e.Account, e.Why)
}

func (e *NotCentralError) Unwrap() error { return e.Err }

// ReadCentral asks the delegated administrator for its configuration policies,
// whom they govern and which controls their standards hold. from is any Region in
// which the administrator uses Security Hub: it names the home Region. What cannot
// be read is a Problem, and no policy that it concerns is ever changed; the error
// is a *NotCentralError, or the context's.
func ReadCentral(ctx context.Context, clients Clients, administrator, from string) (*Central, error) {
	c := &Central{Administrator: administrator, governs: map[string]*ConfigurationPolicy{}, standards: map[string][]string{}, unreadable: map[string]bool{}}
	client, err := c.open(ctx, clients, from)
	if err != nil {
		return c, err
	}
	ids, err := c.list(ctx, client)
	if err != nil {
		c.problem("", "", err, "asking for the configuration policies")
		return c, ctx.Err()
	}
	for _, p := range ids {
		c.Policies = append(c.Policies, p)
		out, err := client.GetConfigurationPolicy(ctx, &hub.GetConfigurationPolicyInput{Identifier: aws.String(p.ID)})
		if err == nil {
			err = p.take(out.ConfigurationPolicy, aws.ToTime(out.UpdatedAt), aws.ToString(out.Name), aws.ToString(out.Description))
		}
		if err != nil {
			c.problem(p.Name, "", err, "reading the policy, which is left as it is")
			continue
		}
		p.changeable = true
	}
	c.associations(ctx, client)
	for _, p := range c.Policies {
		c.hold(ctx, client, p)
	}
	slices.SortFunc(c.Policies, func(a, b *ConfigurationPolicy) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	sortProblems(c.Problems)
	return c, ctx.Err()
}

func (c *Central) problem(policy, standard string, err error, doing string) {
	c.Problems = append(c.Problems, Problem{Target: c.target(), Policy: policy, Standard: standard, Kind: awscloud.Classify(err), Why: fmt.Sprintf("%s: %v", doing, err)})
}

func (c *Central) target() Target { return Target{c.Administrator, c.Home} }

// open finds the home Region and what is linked to it, and makes sure that the
// organization is configured centrally.
func (c *Central) open(ctx context.Context, clients Clients, from string) (*hub.Client, error) {
	refused := func(why string, err error) (*hub.Client, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			why = fmt.Sprintf("%s: %v", why, err)
		}
		return nil, &NotCentralError{c.Administrator, why, err}
	}
	client, err := clients(ctx, Target{c.Administrator, from}, "")
	if err != nil {
		return refused("reaching it", err)
	}
	found, err := client.ListFindingAggregators(ctx, &hub.ListFindingAggregatorsInput{})
	if err != nil {
		return refused("asking for the home Region", err)
	}
	if len(found.FindingAggregators) == 0 {
		return refused("it has no home Region: name the delegated administrator's role in intake.securityhub, and make sure that it uses central configuration", nil)
	}
	arn := aws.ToString(found.FindingAggregators[0].FindingAggregatorArn)
	if part := strings.SplitN(arn, ":", 6); len(part) == 6 {
		c.Home = part[3]
	}
	if client, err = clients(ctx, c.target(), ""); err != nil {
		return refused("reaching its home Region "+c.Home, err)
	}
	aggregator, err := client.GetFindingAggregator(ctx, &hub.GetFindingAggregatorInput{FindingAggregatorArn: aws.String(arn)})
	if err != nil {
		return refused("asking for the linked Regions", err)
	}
	c.linked = linked{mode: aws.ToString(aggregator.RegionLinkingMode), regions: aggregator.Regions}
	org, err := client.DescribeOrganizationConfiguration(ctx, &hub.DescribeOrganizationConfigurationInput{})
	if err != nil {
		return refused("asking how the organization is configured", err)
	}
	switch o := org.OrganizationConfiguration; {
	case o == nil || o.ConfigurationType != types.OrganizationConfigurationConfigurationTypeCentral:
		return refused("the organization is configured locally, account by account: leave --central away", nil)
	case o.Status != types.OrganizationConfigurationStatusEnabled:
		return refused(strings.TrimSpace(fmt.Sprintf("it is being set up (%s) %s", o.Status, aws.ToString(o.StatusMessage))), nil)
	}
	return client, nil
}

func (c *Central) list(ctx context.Context, client *hub.Client) ([]*ConfigurationPolicy, error) {
	var out []*ConfigurationPolicy
	pages := hub.NewListConfigurationPoliciesPaginator(client, &hub.ListConfigurationPoliciesInput{MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.ConfigurationPolicySummaries {
			out = append(out, &ConfigurationPolicy{ID: aws.ToString(p.Id), Name: aws.ToString(p.Name)})
		}
	}
	return out, nil
}

// hold learns which controls the standards of a policy hold.
func (c *Central) hold(ctx context.Context, client *hub.Client, p *ConfigurationPolicy) {
	p.held, p.Enabled = map[string][]string{}, map[string]bool{}
	for _, arn := range p.body.EnabledStandardIdentifiers {
		name := arn
		if id, ok := control.StandardByARN(arn); ok {
			name = id
		}
		p.Standards = append(p.Standards, name)
		if _, known := c.standards[arn]; !known && !c.unreadable[arn] {
			list, err := controlsOf(ctx, client, arn)
			if err != nil {
				c.unreadable[arn] = true
				c.problem("", name, err, "asking for the controls of the standard; no policy with it is changed")
			}
			c.standards[arn] = list
		}
		p.changeable = p.changeable && !c.unreadable[arn]
		for _, id := range c.standards[arn] {
			p.held[id] = append(p.held[id], name)
		}
	}
	slices.Sort(p.Standards)
	for id := range p.held {
		slices.Sort(p.held[id])
		p.Enabled[id] = p.enables(id)
	}
	if c.unchecked {
		p.changeable = false
	}
}

// controlsOf lists the controls of a standard, those too that are not available
// in this Region: a policy governs them where they are.
func controlsOf(ctx context.Context, client *hub.Client, arn string) ([]string, error) {
	var out []string
	pages := hub.NewListSecurityControlDefinitionsPaginator(client, &hub.ListSecurityControlDefinitionsInput{StandardsArn: aws.String(arn), MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range page.SecurityControlDefinitions {
			out = append(out, aws.ToString(d.SecurityControlId))
		}
	}
	return out, nil
}

// few names some of a list.
func few(list []string) string {
	const most = 6
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(list[:most], ", "), len(list)-most)
}
