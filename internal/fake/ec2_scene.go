package fake

// AddVPC adds a VPC with its default group and returns its id. An empty cidr
// is 10.0.0.0/16.
func (c *Cloud) AddVPC(account, region, cidr string) string {
	if cidr == "" {
		cidr = "10.0.0.0/16"
	}
	v := &VPC{CIDR: cidr}
	c.locked(func() {
		v.ID = "vpc-" + c.hex(17)
		c.addVPC(c.region(account, region).ec2, account, v)
	})
	return v.ID
}

// AddSecurityGroup adds a group as it stands and returns its id. Empty ids are
// drawn, an empty VPC is the default one, and a group without egress rules
// gets the open one that EC2 gives.
func (c *Cloud) AddSecurityGroup(account, region string, g SecurityGroup) string {
	added := g.clone()
	c.locked(func() {
		s := c.region(account, region).ec2
		if added.VPCID == "" {
			added.VPCID = s.vpcs[0].ID
		}
		if added.Description == "" {
			added.Description = added.Name
		}
		for i, r := range added.Rules {
			if r.Group != "" && r.GroupOwner == "" {
				added.Rules[i].GroupOwner = account
			}
			if r.Protocol != "tcp" && r.Protocol != "udp" && r.Protocol != "icmp" && r.Protocol != "icmpv6" {
				added.Rules[i].From, added.Rules[i].To = -1, -1
			}
		}
		c.addGroup(s, added)
	})
	return added.ID
}

// SecurityGroup returns a copy of a group as it stands; false if there is none.
func (c *Cloud) SecurityGroup(account, region, id string) (SecurityGroup, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g := c.region(account, region).ec2.group(id); g != nil {
		return *g.clone(), true
	}
	return SecurityGroup{}, false
}

// SecurityGroups returns copies of all groups of an account and Region.
func (c *Cloud) SecurityGroups(account, region string) []SecurityGroup {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []SecurityGroup
	for _, g := range c.region(account, region).ec2.groups {
		all = append(all, *g.clone())
	}
	return all
}

// RemoveSecurityGroup deletes a group without asking whether it is in use.
func (c *Cloud) RemoveSecurityGroup(account, region, id string) {
	c.locked(func() {
		s := c.region(account, region).ec2
		for i, g := range s.groups {
			if g.ID == id {
				s.groups = append(s.groups[:i:i], s.groups[i+1:]...)
				return
			}
		}
	})
}

// AddNetworkInterface adds an interface and returns its id.
func (c *Cloud) AddNetworkInterface(account, region string, n NetworkInterface) string {
	c.locked(func() {
		s := c.region(account, region).ec2
		if n.ID == "" {
			n.ID = "eni-" + c.hex(17)
		}
		if n.VPCID == "" {
			n.VPCID = s.vpcs[0].ID
		}
		if n.SubnetID == "" {
			n.SubnetID = "subnet-" + c.hex(17)
		}
		if n.Type == "" {
			n.Type = "interface"
		}
		s.interfaces = append(s.interfaces, &n)
	})
	return n.ID
}
