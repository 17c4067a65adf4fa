package fake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// xmlPermission is IpPermission. Ports are absent where the protocol has none.
type xmlPermission struct {
	Protocol    string         `xml:"ipProtocol"`
	From        *int           `xml:"fromPort"`
	To          *int           `xml:"toPort"`
	Groups      []xmlPeerGroup `xml:"groups>item"`
	Ranges      []xmlRange     `xml:"ipRanges>item"`
	Ranges6     []xmlRange6    `xml:"ipv6Ranges>item"`
	PrefixLists []xmlPrefix    `xml:"prefixListIds>item"`
}

type xmlPeerGroup struct {
	UserID      string `xml:"userId"`
	GroupID     string `xml:"groupId"`
	Description string `xml:"description,omitempty"`
}

type xmlRange struct {
	CIDR        string `xml:"cidrIp"`
	Description string `xml:"description,omitempty"`
}

type xmlRange6 struct {
	CIDR        string `xml:"cidrIpv6"`
	Description string `xml:"description,omitempty"`
}

type xmlPrefix struct {
	ID          string `xml:"prefixListId"`
	Description string `xml:"description,omitempty"`
}

// xmlPermissions gathers rules of the same protocol and ports.
func xmlPermissions(rules []SecurityGroupRule) []xmlPermission {
	var list []xmlPermission
	var of []SecurityGroupRule
	for _, r := range rules {
		i := slices.IndexFunc(of, func(o SecurityGroupRule) bool {
			return o.Protocol == r.Protocol && o.From == r.From && o.To == r.To
		})
		if i < 0 {
			p := xmlPermission{Protocol: r.Protocol}
			if slices.Contains([]string{"tcp", "udp", "icmp", "icmpv6"}, r.Protocol) {
				from, to := r.From, r.To
				p.From, p.To = &from, &to
			}
			i = len(list)
			list, of = append(list, p), append(of, r)
		}
		p := &list[i]
		switch {
		case r.CIDR4 != "":
			p.Ranges = append(p.Ranges, xmlRange{r.CIDR4, r.Description})
		case r.CIDR6 != "":
			p.Ranges6 = append(p.Ranges6, xmlRange6{r.CIDR6, r.Description})
		case r.PrefixList != "":
			p.PrefixLists = append(p.PrefixLists, xmlPrefix{r.PrefixList, r.Description})
		default:
			p.Groups = append(p.Groups, xmlPeerGroup{r.GroupOwner, r.Group, r.Description})
		}
	}
	return list
}

type xmlRule struct {
	ID          string              `xml:"securityGroupRuleId"`
	GroupID     string              `xml:"groupId"`
	Owner       string              `xml:"groupOwnerId"`
	Egress      bool                `xml:"isEgress"`
	Protocol    string              `xml:"ipProtocol"`
	From        int                 `xml:"fromPort"`
	To          int                 `xml:"toPort"`
	CIDR4       string              `xml:"cidrIpv4,omitempty"`
	CIDR6       string              `xml:"cidrIpv6,omitempty"`
	PrefixList  string              `xml:"prefixListId,omitempty"`
	Peer        *xmlReferencedGroup `xml:"referencedGroupInfo"`
	Description string              `xml:"description,omitempty"`
	Tags        []xmlTag            `xml:"tagSet>item"`
	ARN         string              `xml:"securityGroupRuleArn"`
}

type xmlReferencedGroup struct {
	GroupID string `xml:"groupId"`
	UserID  string `xml:"userId"`
}

type xmlRevokedRule struct {
	ID          string `xml:"securityGroupRuleId"`
	GroupID     string `xml:"groupId"`
	Egress      bool   `xml:"isEgress"`
	Protocol    string `xml:"ipProtocol"`
	From        int    `xml:"fromPort"`
	To          int    `xml:"toPort"`
	CIDR4       string `xml:"cidrIpv4,omitempty"`
	CIDR6       string `xml:"cidrIpv6,omitempty"`
	PrefixList  string `xml:"prefixListId,omitempty"`
	Peer        string `xml:"referencedGroupId,omitempty"`
	Description string `xml:"description,omitempty"`
}

func (c *call) xmlRule(g *SecurityGroup, r SecurityGroupRule) xmlRule {
	x := xmlRule{
		ID: r.ID, GroupID: g.ID, Owner: c.account(), Egress: r.Egress, Protocol: r.Protocol, From: r.From, To: r.To,
		CIDR4: r.CIDR4, CIDR6: r.CIDR6, PrefixList: r.PrefixList, Description: r.Description, Tags: xmlTags(r.Tags),
		ARN: c.cloud.arn("ec2", c.regionName(), c.account(), "security-group-rule/"+r.ID),
	}
	if r.Group != "" {
		x.Peer = &xmlReferencedGroup{r.Group, r.GroupOwner}
	}
	return x
}

func xmlRevoked(g *SecurityGroup, r SecurityGroupRule) xmlRevokedRule {
	return xmlRevokedRule{
		ID: r.ID, GroupID: g.ID, Egress: r.Egress, Protocol: r.Protocol, From: r.From, To: r.To,
		CIDR4: r.CIDR4, CIDR6: r.CIDR6, PrefixList: r.PrefixList, Peer: r.Group, Description: r.Description,
	}
}

func describeSecurityGroupRules(c *call) (any, error) {
	ids := numbered(c.form, "SecurityGroupRuleId")
	holds, err := c.filters(oneOf("group-id", "security-group-rule-id"))
	if err != nil {
		return nil, err
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	var found []xmlRule
	seen := map[string]bool{}
	for _, g := range c.ec2().groups {
		for _, r := range g.Rules {
			seen[r.ID] = true
			if len(ids) > 0 && !slices.Contains(ids, r.ID) {
				continue
			}
			if holds(func(name string) []string {
				switch name {
				case "group-id":
					return []string{g.ID}
				case "security-group-rule-id":
					return []string{r.ID}
				}
				return tagValues(r.Tags, name)
			}) {
				found = append(found, c.xmlRule(g, r))
			}
		}
	}
	for _, id := range ids {
		if !seen[id] {
			return nil, fail(http.StatusBadRequest, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
		}
	}
	from, to, next, err := c.page(len(found))
	if err != nil {
		return nil, err
	}
	return struct {
		Rules []xmlRule `xml:"securityGroupRuleSet>item"`
		Next  string    `xml:"nextToken,omitempty"`
	}{found[from:to], next}, nil
}

type xmlAttachment struct {
	InstanceID string `xml:"instanceId"`
	Status     string `xml:"status"`
}

type xmlAssociation struct {
	PublicIP string `xml:"publicIp"`
}

type xmlGroupName struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

type xmlInterface struct {
	ID          string          `xml:"networkInterfaceId"`
	VPCID       string          `xml:"vpcId"`
	SubnetID    string          `xml:"subnetId"`
	Description string          `xml:"description"`
	Owner       string          `xml:"ownerId"`
	Requester   string          `xml:"requesterId,omitempty"`
	Managed     bool            `xml:"requesterManaged"`
	Status      string          `xml:"status"`
	Type        string          `xml:"interfaceType"`
	PrivateIP   string          `xml:"privateIpAddress"`
	Association *xmlAssociation `xml:"association"`
	Attachment  *xmlAttachment  `xml:"attachment"`
	Groups      []xmlGroupName  `xml:"groupSet>item"`
	Tags        []xmlTag        `xml:"tagSet>item"`
}

func describeNetworkInterfaces(c *call) (any, error) {
	holds, err := c.filters(oneOf("group-id", "vpc-id", "subnet-id", "network-interface-id", "interface-type", "requester-id", "attachment.instance-id", "status"))
	if err != nil {
		return nil, err
	}
	s := c.ec2()
	ids := numbered(c.form, "NetworkInterfaceId")
	for _, id := range ids {
		if !slices.ContainsFunc(s.interfaces, func(n *NetworkInterface) bool { return n.ID == id }) {
			return nil, fail(http.StatusBadRequest, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", id)
		}
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	var found []xmlInterface
	for _, n := range s.interfaces {
		if len(ids) > 0 && !slices.Contains(ids, n.ID) || !holds(func(name string) []string {
			if name == "group-id" {
				return n.Groups
			}
			if v, ok := map[string]string{
				"vpc-id": n.VPCID, "subnet-id": n.SubnetID, "network-interface-id": n.ID, "interface-type": n.Type,
				"requester-id": n.RequesterID, "attachment.instance-id": n.InstanceID, "status": "in-use",
			}[name]; ok {
				return []string{v}
			}
			return tagValues(n.Tags, name)
		}) {
			continue
		}
		x := xmlInterface{
			ID: n.ID, VPCID: n.VPCID, SubnetID: n.SubnetID, Description: n.Description, Owner: c.account(), Requester: n.RequesterID,
			Managed: n.RequesterID != "", Status: "in-use", Type: n.Type, PrivateIP: n.PrivateIP, Tags: xmlTags(n.Tags),
		}
		if n.PublicIP != "" {
			x.Association = &xmlAssociation{n.PublicIP}
		}
		if n.InstanceID != "" {
			x.Attachment = &xmlAttachment{n.InstanceID, "attached"}
		}
		for _, id := range n.Groups {
			if g := s.group(id); g != nil {
				x.Groups = append(x.Groups, xmlGroupName{id, g.Name})
			}
		}
		found = append(found, x)
	}
	from, to, next, err := c.page(len(found))
	if err != nil {
		return nil, err
	}
	return struct {
		Interfaces []xmlInterface `xml:"networkInterfaceSet>item"`
		Next       string         `xml:"nextToken,omitempty"`
	}{found[from:to], next}, nil
}

type xmlVPC struct {
	ID      string   `xml:"vpcId"`
	Owner   string   `xml:"ownerId"`
	State   string   `xml:"state"`
	CIDR    string   `xml:"cidrBlock"`
	Default bool     `xml:"isDefault"`
	Tags    []xmlTag `xml:"tagSet>item"`
}

func describeVpcs(c *call) (any, error) {
	holds, err := c.filters(oneOf("vpc-id", "is-default", "isDefault", "cidr", "state"))
	if err != nil {
		return nil, err
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	s := c.ec2()
	ids := numbered(c.form, "VpcId")
	for _, id := range ids {
		if !slices.ContainsFunc(s.vpcs, func(v *VPC) bool { return v.ID == id }) {
			return nil, fail(http.StatusBadRequest, "InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
		}
	}
	var found []xmlVPC
	for _, v := range s.vpcs {
		isDefault := strconv.FormatBool(v.Default)
		if len(ids) > 0 && !slices.Contains(ids, v.ID) || !holds(func(name string) []string {
			if have, ok := map[string]string{"vpc-id": v.ID, "is-default": isDefault, "isDefault": isDefault, "cidr": v.CIDR, "state": "available"}[name]; ok {
				return []string{have}
			}
			return tagValues(v.Tags, name)
		}) {
			continue
		}
		found = append(found, xmlVPC{v.ID, c.account(), "available", v.CIDR, v.Default, xmlTags(v.Tags)})
	}
	from, to, next, err := c.page(len(found))
	if err != nil {
		return nil, err
	}
	return struct {
		VPCs []xmlVPC `xml:"vpcSet>item"`
		Next string   `xml:"nextToken,omitempty"`
	}{found[from:to], next}, nil
}

func createVpc(c *call) (any, error) {
	cidr, err := canonicalCIDR(c.form.Get("CidrBlock"), false)
	if err != nil {
		return nil, err
	}
	tags, err := c.tagsFor("vpc")
	if err != nil {
		return nil, err
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	v := &VPC{ID: "vpc-" + c.cloud.hex(17), CIDR: cidr, Tags: tags}
	c.cloud.addVPC(c.region().ec2, c.account(), v)
	c.resources = append(c.resources, trailResource{Type: "AWS::EC2::VPC", Name: v.ID})
	return struct {
		VPC xmlVPC `xml:"vpc"`
	}{xmlVPC{v.ID, c.account(), "pending", v.CIDR, false, xmlTags(tags)}}, nil
}

// tagged is the tag map of a resource and its type, or nil.
func (s *ec2State) tagged(id string) (*map[string]string, string) {
	for _, g := range s.groups {
		if g.ID == id {
			return &g.Tags, "security-group"
		}
		for i := range g.Rules {
			if g.Rules[i].ID == id {
				return &g.Rules[i].Tags, "security-group-rule"
			}
		}
	}
	for _, v := range s.vpcs {
		if v.ID == id {
			return &v.Tags, "vpc"
		}
	}
	for _, n := range s.interfaces {
		if n.ID == id {
			return &n.Tags, "network-interface"
		}
	}
	return nil, ""
}

func createTags(c *call) (any, error) {
	return eachTagged(c, func(tags map[string]string, key, value string, _ bool) { tags[key] = value })
}

// deleteTags removes a tag whatever its value, unless a value is named.
func deleteTags(c *call) (any, error) {
	return eachTagged(c, func(tags map[string]string, key, value string, given bool) {
		if !given || tags[key] == value {
			delete(tags, key)
		}
	})
}

func eachTagged(c *call, change func(tags map[string]string, key, value string, given bool)) (any, error) {
	s := c.region().ec2
	ids := numbered(c.form, "ResourceId")
	for _, id := range ids {
		if tags, _ := s.tagged(id); tags == nil {
			return nil, fail(http.StatusBadRequest, "InvalidID", "The ID '%s' is not valid", id)
		}
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	for _, id := range ids {
		tags, _ := s.tagged(id)
		next := maps.Clone(*tags)
		if next == nil {
			next = map[string]string{}
		}
		for _, t := range entries(c.form, "Tag") {
			change(next, t.Get("Key"), t.Get("Value"), t.Has("Value"))
		}
		*tags = next
		c.resources = append(c.resources, trailResource{Name: id})
	}
	return returned{true}, nil
}

type xmlTagDescription struct {
	ID    string `xml:"resourceId"`
	Type  string `xml:"resourceType"`
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func describeTags(c *call) (any, error) {
	holds, err := c.filters(oneOf("key", "resource-id", "resource-type", "value"))
	if err != nil {
		return nil, err
	}
	s := c.ec2()
	var ids []string
	for _, g := range s.groups {
		ids = append(ids, g.ID)
		for _, r := range g.Rules {
			ids = append(ids, r.ID)
		}
	}
	for _, v := range s.vpcs {
		ids = append(ids, v.ID)
	}
	for _, n := range s.interfaces {
		ids = append(ids, n.ID)
	}
	var found []xmlTagDescription
	for _, id := range ids {
		tags, kind := s.tagged(id)
		for _, t := range xmlTags(*tags) {
			if holds(func(name string) []string {
				if v, ok := map[string]string{"key": t.Key, "resource-id": id, "resource-type": kind, "value": t.Value}[name]; ok {
					return []string{v}
				}
				if name == "tag:"+t.Key {
					return []string{t.Value}
				}
				return nil
			}) {
				found = append(found, xmlTagDescription{id, kind, t.Key, t.Value})
			}
		}
	}
	from, to, next, err := c.page(len(found))
	if err != nil {
		return nil, err
	}
	return struct {
		Tags []xmlTagDescription `xml:"tagSet>item"`
		Next string              `xml:"nextToken,omitempty"`
	}{found[from:to], next}, nil
}

// regionNames are the Regions that every account has without opting in.
var regionNames = strings.Fields(`ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2
	ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2`)

type xmlRegion struct {
	Name     string `xml:"regionName"`
	Endpoint string `xml:"regionEndpoint"`
	OptIn    string `xml:"optInStatus"`
}

func describeRegions(c *call) (any, error) {
	wanted := numbered(c.form, "RegionName")
	holds, err := c.filters(oneOf("region-name", "endpoint", "opt-in-status"))
	if err != nil {
		return nil, err
	}
	var found []xmlRegion
	for _, name := range regionNames {
		r := xmlRegion{name, "ec2." + name + ".amazonaws.com", "opt-in-not-required"}
		if (len(wanted) == 0 || slices.Contains(wanted, name)) && holds(func(f string) []string {
			return []string{map[string]string{"region-name": r.Name, "endpoint": r.Endpoint, "opt-in-status": r.OptIn}[f]}
		}) {
			found = append(found, r)
		}
	}
	return struct {
		Regions []xmlRegion `xml:"regionInfo>item"`
	}{found}, nil
}
