package fake

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

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
