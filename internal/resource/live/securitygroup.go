package live

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"zesei/internal/awscloud"
	"zesei/internal/resource"
)

// Facts of a security group.
const (
	FactRules      = "rules"      // []SecurityGroupRule, with ids
	FactInterfaces = "interfaces" // Interfaces
	FactDefault    = "default"    // bool: the VPC's default group
)

// EC2 is what is asked of EC2.
type EC2 interface {
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
	DescribeSecurityGroupRules(context.Context, *ec2.DescribeSecurityGroupRulesInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupRulesOutput, error)
	DescribeNetworkInterfaces(context.Context, *ec2.DescribeNetworkInterfacesInput, ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error)
}

var _ EC2 = (*ec2.Client)(nil)

// Interfaces are the network interfaces that use a group.
type Interfaces struct {
	IDs    []string // in EC2's order
	Unread string   // why they could not be read; "" when they were
}

// batchSize is how many values an EC2 filter takes (EC2 API reference,
// "Filter": up to 200).
const batchSize = 200

// pageSize is the most that EC2 gives in one page of these calls.
const pageSize = 1000

// ReadSecurityGroup reads one group, its rules and the interfaces that use it.
// A missing group is *resource.NotFoundError; a refused reading of rules or of
// interfaces leaves that part unread.
func ReadSecurityGroup(ctx context.Context, api EC2, ref resource.Ref) (resource.Resource, error) {
	id := idOf(ref.ARN)
	out, err := api.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
	if awscloud.Code(err) == "InvalidGroup.NotFound" {
		return resource.Resource{}, &resource.NotFoundError{Ref: ref}
	}
	if err != nil {
		return resource.Resource{}, fmt.Errorf("read security group %s: %w", id, err)
	}
	if len(out.SecurityGroups) != 1 || aws.ToString(out.SecurityGroups[0].GroupId) != id {
		return resource.Resource{}, fmt.Errorf("read security group %s: EC2 answered with %d groups", id, len(out.SecurityGroups))
	}
	parts, err := readParts(ctx, api, []string{id})
	if err != nil {
		return resource.Resource{}, fmt.Errorf("read security group %s: %w", id, err)
	}
	return assemble(ref, out.SecurityGroups[0], parts), nil
}

// ReadSecurityGroups reads groups of one account and Region, up to 200 with one
// call for the groups, one for their rules and one for their interfaces (more
// where EC2 pages). A group that the joint answer leaves out is read alone:
// only AWS's own "does not exist" makes it gone.
func ReadSecurityGroups(ctx context.Context, api EC2, refs []resource.Ref) map[string]Result {
	out := make(map[string]Result, len(refs))
	for len(refs) > 0 {
		n := min(len(refs), batchSize)
		readSome(ctx, api, refs[:n], out)
		refs = refs[n:]
	}
	return out
}

func readSome(ctx context.Context, api EC2, refs []resource.Ref, out map[string]Result) {
	if len(refs) == 1 {
		res, err := ReadSecurityGroup(ctx, api, refs[0])
		out[refs[0].ARN] = Result{res, err}
		return
	}
	ids := make([]string, len(refs))
	for i, ref := range refs {
		ids[i] = idOf(ref.ARN)
	}
	groups, err := describeGroups(ctx, api, ids)
	var parts parts
	if err == nil {
		parts, err = readParts(ctx, api, ids)
	}
	for i, ref := range refs {
		group, found := groups[ids[i]]
		switch {
		case err != nil:
			out[ref.ARN] = Result{Err: fmt.Errorf("read security group %s: %w", ids[i], err)}
		case found:
			out[ref.ARN] = Result{Resource: assemble(ref, group, parts)}
		default:
			res, err := ReadSecurityGroup(ctx, api, ref)
			out[ref.ARN] = Result{res, err}
		}
	}
}

func describeGroups(ctx context.Context, api EC2, ids []string) (map[string]types.SecurityGroup, error) {
	pages := ec2.NewDescribeSecurityGroupsPaginator(api, &ec2.DescribeSecurityGroupsInput{
		Filters: byGroup(ids), MaxResults: aws.Int32(pageSize),
	})
	groups := map[string]types.SecurityGroup{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.SecurityGroups {
			groups[aws.ToString(g.GroupId)] = g
		}
	}
	return groups, nil
}

// parts are what other calls than DescribeSecurityGroups say of some groups.
type parts struct {
	rules            map[string][]SecurityGroupRule
	rulesUnread      string
	interfaces       map[string][]string
	interfacesUnread string
}

// readParts reads rules and interfaces. A refusal leaves a part unread; any
// other error is returned, because it would pass by asking again.
func readParts(ctx context.Context, api EC2, ids []string) (parts, error) {
	var p parts
	var err error
	if p.rules, err = describeRules(ctx, api, ids); err != nil {
		if awscloud.Classify(err) != awscloud.Denied {
			return parts{}, fmt.Errorf("its rules: %w", err)
		}
		p.rulesUnread = reason(err)
	}
	if p.interfaces, err = describeInterfaces(ctx, api, ids); err != nil {
		if awscloud.Classify(err) != awscloud.Denied {
			return parts{}, fmt.Errorf("its network interfaces: %w", err)
		}
		p.interfacesUnread = reason(err)
	}
	return p, nil
}

func describeRules(ctx context.Context, api EC2, ids []string) (map[string][]SecurityGroupRule, error) {
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(api, &ec2.DescribeSecurityGroupRulesInput{
		Filters: byGroup(ids), MaxResults: aws.Int32(pageSize),
	})
	rules := map[string][]SecurityGroupRule{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.SecurityGroupRules {
			id := aws.ToString(r.GroupId)
			rules[id] = append(rules[id], ruleOf(r))
		}
	}
	return rules, nil
}

func describeInterfaces(ctx context.Context, api EC2, ids []string) (map[string][]string, error) {
	pages := ec2.NewDescribeNetworkInterfacesPaginator(api, &ec2.DescribeNetworkInterfacesInput{
		Filters: byGroup(ids), MaxResults: aws.Int32(pageSize),
	})
	users := map[string][]string{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, n := range page.NetworkInterfaces {
			for _, g := range n.Groups {
				id := aws.ToString(g.GroupId)
				users[id] = append(users[id], aws.ToString(n.NetworkInterfaceId))
			}
		}
	}
	return users, nil
}

func byGroup(ids []string) []types.Filter {
	return []types.Filter{{Name: aws.String("group-id"), Values: ids}}
}

func assemble(ref resource.Ref, g types.SecurityGroup, p parts) resource.Resource {
	id := aws.ToString(g.GroupId)
	name := aws.ToString(g.GroupName)
	rules := p.rules[id]
	res := resource.Resource{
		Ref: ref, ID: id, Name: name, Tags: tagsOf(g.Tags),
		Properties: map[string]any{
			"GroupName":            name,
			"GroupDescription":     aws.ToString(g.Description),
			"VpcId":                aws.ToString(g.VpcId),
			"SecurityGroupIngress": properties(seen(rules, g.IpPermissions, false)),
			"SecurityGroupEgress":  properties(seen(rules, g.IpPermissionsEgress, true)),
		},
		Facts: map[string]any{
			FactDefault:    name == "default",
			FactInterfaces: Interfaces{IDs: p.interfaces[id], Unread: p.interfacesUnread},
		},
	}
	unread := map[string]string{}
	if p.rulesUnread == "" {
		res.Facts[FactRules] = rules
	} else {
		unread[FactRules] = p.rulesUnread
	}
	if p.interfacesUnread != "" {
		unread[FactInterfaces] = p.interfacesUnread
	}
	if len(unread) > 0 {
		res.Facts[resource.Unread] = unread
	}
	return res
}

func tagsOf(tags []types.Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}
