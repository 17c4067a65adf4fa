package fake

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type xmlGroup struct {
	OwnerID     string          `xml:"ownerId"`
	ID          string          `xml:"groupId"`
	Name        string          `xml:"groupName"`
	Description string          `xml:"groupDescription"`
	VPCID       string          `xml:"vpcId"`
	Ingress     []xmlPermission `xml:"ipPermissions>item"`
	Egress      []xmlPermission `xml:"ipPermissionsEgress>item"`
	Tags        []xmlTag        `xml:"tagSet>item"`
	ARN         string          `xml:"securityGroupArn"`
}

func describeSecurityGroups(c *call) (any, error) {
	ids, names := numbered(c.form, "GroupId"), numbered(c.form, "GroupName")
	if c.form.Has("MaxResults") && len(ids) > 0 {
		return nil, fail(http.StatusBadRequest, "InvalidParameterCombination", "The parameter groupIds cannot be used with the parameter maxResults")
	}
	holds, err := c.filters(oneOf("group-id", "group-name", "vpc-id", "description", "owner-id",
		"ip-permission.cidr", "ip-permission.ipv6-cidr", "ip-permission.protocol", "ip-permission.from-port", "ip-permission.to-port",
		"ip-permission.group-id", "egress.ip-permission.cidr", "egress.ip-permission.ipv6-cidr"))
	if err != nil {
		return nil, err
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	s := c.ec2()
	for _, id := range ids {
		if !strings.HasPrefix(id, "sg-") {
			return nil, fail(http.StatusBadRequest, "InvalidGroupId.Malformed", "Invalid id: \"%s\" (expecting \"sg-...\")", id)
		}
		if s.group(id) == nil {
			return nil, fail(http.StatusBadRequest, "InvalidGroup.NotFound", "The security group '%s' does not exist", id)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(s.groups, func(g *SecurityGroup) bool { return g.Name == name && s.isDefaultVPC(g.VPCID) }) {
			return nil, fail(http.StatusBadRequest, "InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC", name)
		}
	}
	var found []xmlGroup
	for _, g := range s.groups {
		if len(ids) > 0 && !slices.Contains(ids, g.ID) || len(names) > 0 && !slices.Contains(names, g.Name) {
			continue
		}
		if holds(func(name string) []string { return c.groupValues(g, name) }) {
			found = append(found, c.xmlGroup(g))
		}
	}
	from, to, next, err := c.page(len(found))
	if err != nil {
		return nil, err
	}
	return struct {
		Groups []xmlGroup `xml:"securityGroupInfo>item"`
		Next   string     `xml:"nextToken,omitempty"`
	}{found[from:to], next}, nil
}

// groupValues answers the filters of DescribeSecurityGroups.
func (c *call) groupValues(g *SecurityGroup, name string) []string {
	switch name {
	case "group-id":
		return []string{g.ID}
	case "group-name":
		return []string{g.Name}
	case "vpc-id":
		return []string{g.VPCID}
	case "description":
		return []string{g.Description}
	case "owner-id":
		return []string{c.account()}
	}
	egress := strings.HasPrefix(name, "egress.")
	if _, member, ok := strings.Cut(name, "ip-permission."); ok {
		var values []string
		for _, r := range g.Rules {
			if r.Egress == egress {
				values = append(values, map[string]string{
					"cidr": r.CIDR4, "ipv6-cidr": r.CIDR6, "protocol": r.Protocol, "group-id": r.Group,
					"from-port": strconv.Itoa(r.From), "to-port": strconv.Itoa(r.To),
				}[member])
			}
		}
		return values
	}
	return tagValues(g.Tags, name)
}

func (c *call) xmlGroup(g *SecurityGroup) xmlGroup {
	var in, out []SecurityGroupRule
	for _, r := range g.Rules {
		if r.Egress {
			out = append(out, r)
		} else {
			in = append(in, r)
		}
	}
	return xmlGroup{
		OwnerID: c.account(), ID: g.ID, Name: g.Name, Description: g.Description, VPCID: g.VPCID,
		Ingress: xmlPermissions(in), Egress: xmlPermissions(out), Tags: xmlTags(g.Tags), ARN: c.groupARN(g.ID),
	}
}

func (c *call) groupARN(id string) string {
	return c.cloud.arn("ec2", c.regionName(), c.account(), "security-group/"+id)
}

func createSecurityGroup(c *call) (any, error) {
	name, vpc := c.form.Get("GroupName"), c.form.Get("VpcId")
	s := c.region().ec2
	if name == "" || c.form.Get("GroupDescription") == "" {
		return nil, fail(http.StatusBadRequest, "MissingParameter", "The request must contain the parameters GroupName and GroupDescription")
	}
	if strings.HasPrefix(name, "sg-") || name == "default" {
		return nil, fail(http.StatusBadRequest, "InvalidParameterValue", "Invalid value '%s' for groupName.", name)
	}
	if vpc == "" {
		vpc = s.vpcs[0].ID
	}
	if !slices.ContainsFunc(s.vpcs, func(v *VPC) bool { return v.ID == vpc }) {
		return nil, fail(http.StatusBadRequest, "InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", vpc)
	}
	if slices.ContainsFunc(s.groups, func(g *SecurityGroup) bool { return g.Name == name && g.VPCID == vpc }) {
		return nil, fail(http.StatusBadRequest, "InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, vpc)
	}
	tags, err := c.tagsFor("security-group")
	if err != nil {
		return nil, err
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	g := c.cloud.addGroup(s, &SecurityGroup{Name: name, Description: c.form.Get("GroupDescription"), VPCID: vpc, Tags: tags})
	c.resources = append(c.resources, trailResource{Type: "AWS::EC2::SecurityGroup", Name: g.ID})
	c.response = map[string]any{"requestId": c.requestID, "_return": true, "groupId": g.ID}
	return struct {
		Return bool     `xml:"return"`
		ID     string   `xml:"groupId"`
		Tags   []xmlTag `xml:"tagSet>item"`
		ARN    string   `xml:"securityGroupArn"`
	}{true, g.ID, xmlTags(tags), c.groupARN(g.ID)}, nil
}

// addGroup adds a group with the egress rule that EC2 gives to new groups.
// Held: mu.
func (c *Cloud) addGroup(s *ec2State, g *SecurityGroup) *SecurityGroup {
	if g.ID == "" {
		g.ID = "sg-" + c.hex(17)
	}
	if !slices.ContainsFunc(g.Rules, func(r SecurityGroupRule) bool { return r.Egress }) {
		g.Rules = append(g.Rules, SecurityGroupRule{Egress: true, Protocol: "-1", From: -1, To: -1, CIDR4: "0.0.0.0/0"})
	}
	for i := range g.Rules {
		if g.Rules[i].ID == "" {
			g.Rules[i].ID = "sgr-" + c.hex(17)
		}
	}
	s.groups = append(s.groups, g)
	return g
}

func deleteSecurityGroup(c *call) (any, error) {
	g, err := c.group()
	if err != nil {
		return nil, err
	}
	if g.Name == "default" {
		return nil, fail(http.StatusBadRequest, "CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", g.ID)
	}
	s := c.region().ec2
	inUse := slices.ContainsFunc(s.interfaces, func(n *NetworkInterface) bool { return slices.Contains(n.Groups, g.ID) })
	for _, o := range s.groups {
		inUse = inUse || o.ID != g.ID && slices.ContainsFunc(o.Rules, func(r SecurityGroupRule) bool { return r.Group == g.ID })
	}
	if inUse {
		return nil, fail(http.StatusBadRequest, "DependencyViolation", "resource %s has a dependent object", g.ID)
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	s.groups = slices.DeleteFunc(s.groups, func(o *SecurityGroup) bool { return o.ID == g.ID })
	return struct {
		Return bool   `xml:"return"`
		ID     string `xml:"groupId"`
	}{true, g.ID}, nil
}
