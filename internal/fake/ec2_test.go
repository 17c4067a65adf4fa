package fake_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"zesei/internal/fake"
)

func TestPermissionsAreCheckedAsEC2Does(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	any4 := []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}
	for name, row := range map[string]struct {
		p     ec2types.IpPermission
		code  string
		rules []string
	}{
		"host bits are cleared":             {tcp(22, 22, "100.68.0.18/18"), "", []string{"tcp 22-22 100.68.0.0/18"}},
		"host bits of IPv6 too":             {tcp(22, 22, "2001:db8::1/32"), "", []string{"tcp 22-22 2001:db8::/32"}},
		"a broken range":                    {tcp(22, 22, "10.0.0.0/33"), "InvalidParameterValue", nil},
		"an address without length":         {tcp(22, 22, "10.0.0.1"), "InvalidParameterValue", nil},
		"ports the wrong way":               {tcp(443, 80, "10.0.0.0/8"), "InvalidParameterValue", nil},
		"a port too high":                   {tcp(0, 65536, "10.0.0.0/8"), "InvalidParameterValue", nil},
		"all ports need a range for tcp":    {ec2types.IpPermission{IpProtocol: aws.String("tcp"), IpRanges: any4}, "InvalidParameterValue", nil},
		"-1 has no ports, whatever is said": {ec2types.IpPermission{IpProtocol: aws.String("-1"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: any4}, "", []string{"-1 -1--1 0.0.0.0/0"}},
		"protocol numbers become names":     {ec2types.IpPermission{IpProtocol: aws.String("6"), FromPort: aws.Int32(1), ToPort: aws.Int32(1), IpRanges: any4}, "", []string{"tcp 1-1 0.0.0.0/0"}},
		"other protocols are all ports":     {ec2types.IpPermission{IpProtocol: aws.String("50"), FromPort: aws.Int32(1), ToPort: aws.Int32(1), IpRanges: any4}, "", []string{"50 -1--1 0.0.0.0/0"}},
		"ICMPv6 may leave the type out":     {ec2types.IpPermission{IpProtocol: aws.String("icmpv6"), Ipv6Ranges: []ec2types.Ipv6Range{{CidrIpv6: aws.String("::/0")}}}, "", []string{"icmpv6 -1--1 ::/0"}},
		"ICMP may not":                      {ec2types.IpPermission{IpProtocol: aws.String("icmp"), IpRanges: any4}, "InvalidParameterValue", nil},
		"no peer":                           {tcp(22, 22), "MissingParameter", nil},
		"an unknown group":                  {ec2types.IpPermission{IpProtocol: aws.String("-1"), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: aws.String("sg-0123456789abcdef0")}}}, "InvalidGroup.NotFound", nil},
		"a group of another account":        {ec2types.IpPermission{IpProtocol: aws.String("-1"), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: aws.String("sg-0123456789abcdef0"), UserId: aws.String(bank)}}}, "", []string{"-1 -1--1 group"}},
		"a description of foreign letters":  {ec2types.IpPermission{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("10.0.0.0/8"), Description: aws.String("事務所")}}}, "InvalidParameterValue", nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: name})
			_, err := c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []ec2types.IpPermission{row.p}})
			refused(t, err, row.code)
			same(t, ingress(t, c, g), row.rules...)
		})
	}
}

func TestAuthorizeIsAllOrNothingAndAnswersAllRules(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	g := w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: "web"})
	out := authorize(t, c, g, tcp(80, 80, "10.0.0.0/8", "::/0"), tcp(81, 81, "10.0.0.0/8"))
	if len(out.SecurityGroupRules) != 3 {
		t.Fatalf("%d rules answered, want 3", len(out.SecurityGroupRules))
	}
	_, err := c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []ec2types.IpPermission{tcp(82, 82, "10.0.0.0/8"), tcp(80, 80, "10.99.0.1/8")}})
	refused(t, err, "InvalidPermission.Duplicate") // canonical form of a rule that is there
	if n := len(ingress(t, c, g)); n != 3 {
		t.Fatalf("%d rules after a refusal", n)
	}
	flat, err := c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: &g, IpProtocol: aws.String("tcp"), FromPort: aws.Int32(9), ToPort: aws.Int32(9), CidrIp: aws.String("10.0.0.0/8"),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: "security-group-rule", Tags: []ec2types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}},
	})
	if err != nil || len(flat.SecurityGroupRules) != 1 || *flat.SecurityGroupRules[0].Tags[0].Value != "v" {
		t.Fatalf("flat form: %+v %v", flat, err)
	}
}

func TestRulesPerGroupAreLimitedForEachVersion(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	g := w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: "full"})
	for i := range 60 {
		authorize(t, c, g, tcp(int32(i), int32(i), "10.0.0.0/8"))
	}
	_, err := c.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []ec2types.IpPermission{tcp(99, 99, "10.0.0.0/8")}})
	refused(t, err, "RulesPerSecurityGroupLimitExceeded")
	authorize(t, c, g, tcp(99, 99, "::/0"))
}

func TestRevokeInADefaultVPCTellsWhatIsUnknown(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	g := w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: "old"})
	out := must[*ec2.RevokeSecurityGroupIngressOutput](t)(c.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []ec2types.IpPermission{tcp(1, 1, "10.0.0.0/8")}}))
	if len(out.UnknownIpPermissions) != 1 || len(out.RevokedSecurityGroupRules) != 0 {
		t.Fatalf("%+v", out)
	}
	_, err := c.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, SecurityGroupRuleIds: []string{"sgr-0123456789abcdef0"}})
	refused(t, err, "InvalidSecurityGroupRuleId.NotFound")
}

func TestRevokeByIDKeepsItsDirection(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	g := w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: "web", Rules: []fake.SecurityGroupRule{{Protocol: "tcp", From: 22, To: 22, CIDR4: "0.0.0.0/0"}}})
	group, _ := w.SecurityGroup(shop, tokyo, g)
	egress := group.Rules[1].ID
	_, err := c.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, SecurityGroupRuleIds: []string{egress}})
	refused(t, err, "InvalidSecurityGroupRuleId.NotFound")
	out := must[*ec2.RevokeSecurityGroupEgressOutput](t)(c.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &g, SecurityGroupRuleIds: []string{egress}}))
	if len(out.RevokedSecurityGroupRules) != 1 || *out.RevokedSecurityGroupRules[0].SecurityGroupRuleId != egress {
		t.Fatalf("%+v", out)
	}
}

func TestDefaultGroupIsOpenToItself(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	out := must[*ec2.DescribeSecurityGroupsOutput](t)(c.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{{Name: aws.String("group-name"), Values: []string{"default"}}}}))
	g := out.SecurityGroups[0]
	if len(g.IpPermissions) != 1 || *g.IpPermissions[0].UserIdGroupPairs[0].GroupId != *g.GroupId || g.IpPermissions[0].FromPort != nil {
		t.Fatalf("%+v", g.IpPermissions)
	}
	_, err := c.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: g.GroupId})
	refused(t, err, "CannotDelete")
}

func TestAGroupInUseIsNotDeleted(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	g := w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: "used"})
	free := w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: "free"})
	eni := w.AddNetworkInterface(shop, tokyo, fake.NetworkInterface{Groups: []string{g}, InstanceID: "i-0123456789abcdef0", PublicIP: "203.0.113.9"})
	_, err := c.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &g})
	refused(t, err, "DependencyViolation")
	must[*ec2.DeleteSecurityGroupOutput](t)(c.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &free}))
	out := must[*ec2.DescribeNetworkInterfacesOutput](t)(c.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{g}}}}))
	if len(out.NetworkInterfaces) != 1 || *out.NetworkInterfaces[0].NetworkInterfaceId != eni || *out.NetworkInterfaces[0].Association.PublicIp != "203.0.113.9" {
		t.Fatalf("%+v", out.NetworkInterfaces)
	}
}

func TestGroupsComeInPages(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	for i := range 11 {
		w.AddSecurityGroup(shop, tokyo, fake.SecurityGroup{Name: fmt.Sprint("g", i)})
	}
	n := 0
	p := ec2.NewDescribeSecurityGroupsPaginator(c.ec2, &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(5)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n += len(page.SecurityGroups)
	}
	if calls := w.Journal().Count(fake.Query{Operation: "DescribeSecurityGroups"}); n != 12 || calls != 3 {
		t.Fatalf("%d groups in %d pages", n, calls)
	}
	_, err := c.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(4)})
	refused(t, err, "InvalidParameterValue")
	regions := must[*ec2.DescribeRegionsOutput](t)(c.ec2.DescribeRegions(ctx, nil))
	if len(regions.Regions) != 17 {
		t.Fatalf("%d regions", len(regions.Regions))
	}
}
