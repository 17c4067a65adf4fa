package fake

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// trailParameters are the requestParameters of a CloudTrail record: the
// request's members with lower-case initials, lists as {"items": […]} for EC2.
func (c *call) trailParameters() any {
	switch c.service.name {
	case "ec2":
		return c.ec2Parameters()
	case "s3", "s3control":
		p := map[string]any{"Host": c.http.Host}
		if b := c.path["bucket"]; b != "" {
			p["bucketName"] = b
		}
		for k, v := range c.http.URL.Query() {
			p[k] = strings.Join(v, ",")
		}
		return p
	}
	var in map[string]any
	if json.Unmarshal(redact(c.service.name, c.service.protocol.input(c)), &in) != nil {
		return nil
	}
	out := map[string]any{}
	for k, v := range in {
		if s, ok := v.(string); ok && s == blot {
			continue // CloudTrail leaves secrets out
		}
		out[lowerFirst(k)] = v
	}
	return out
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

func (c *call) ec2Parameters() map[string]any {
	p := map[string]any{}
	for k, v := range c.form {
		if k == "Action" || k == "Version" || strings.Contains(k, ".") {
			continue
		}
		p[lowerFirst(k)] = number(k, v[0])
	}
	if strings.Contains(c.operation, "SecurityGroup") && (strings.HasPrefix(c.operation, "Authorize") || strings.HasPrefix(c.operation, "Revoke") || strings.HasPrefix(c.operation, "Update")) {
		p["ipPermissions"] = permissionItems(entries(c.form, "IpPermissions"))
	}
	if ids := numbered(c.form, "SecurityGroupRuleId"); len(ids) > 0 {
		p["securityGroupRuleIds"] = items(ids, func(id string) any { return map[string]any{"securityGroupRuleId": id} })
	}
	if ids := numbered(c.form, "ResourceId"); len(ids) > 0 {
		p["resourcesSet"] = items(ids, func(id string) any { return map[string]any{"resourceId": id} })
		p["tagSet"] = items(entries(c.form, "Tag"), func(t url.Values) any {
			return map[string]any{"key": t.Get("Key"), "value": t.Get("Value")}
		})
	}
	return p
}

func number(name, value string) any {
	if n, err := strconv.Atoi(value); err == nil && strings.HasSuffix(name, "Port") {
		return n
	}
	return value
}

func items[T any](list []T, one func(T) any) map[string]any {
	if len(list) == 0 {
		return map[string]any{}
	}
	all := make([]any, len(list))
	for i, v := range list {
		all[i] = one(v)
	}
	return map[string]any{"items": all}
}

func permissionItems(list []url.Values) map[string]any {
	member := func(p url.Values, name, as string) any {
		return items(entries(p, name), func(v url.Values) any {
			one := map[string]any{as: v.Get(strings.ToUpper(as[:1]) + as[1:])}
			if d := v.Get("Description"); d != "" {
				one["description"] = d
			}
			if u := v.Get("UserId"); u != "" {
				one["userId"] = u
			}
			return one
		})
	}
	return items(list, func(p url.Values) any {
		one := map[string]any{
			"ipProtocol": p.Get("IpProtocol"), "groups": member(p, "Groups", "groupId"), "ipRanges": member(p, "IpRanges", "cidrIp"),
			"ipv6Ranges": member(p, "Ipv6Ranges", "cidrIpv6"), "prefixListIds": member(p, "PrefixListIds", "prefixListId"),
		}
		for _, k := range []string{"FromPort", "ToPort"} {
			if p.Has(k) {
				one[lowerFirst(k)] = number(k, p.Get(k))
			}
		}
		return one
	})
}

// trailRules are the responseElements of AuthorizeSecurityGroup….
func trailRules(c *call, g *SecurityGroup, added []SecurityGroupRule) any {
	return map[string]any{"requestId": c.requestID, "_return": true, "securityGroupRuleSet": items(added, func(r SecurityGroupRule) any {
		one := trailRule(g, r)
		one["groupOwnerId"] = c.account()
		return one
	})}
}

// trailRevoked are the responseElements of RevokeSecurityGroup….
func trailRevoked(c *call, g *SecurityGroup, removed []SecurityGroupRule) any {
	return map[string]any{
		"requestId": c.requestID, "_return": true, "unknownIpPermissionSet": map[string]any{},
		"revokedSecurityGroupRuleSet": items(removed, func(r SecurityGroupRule) any { return trailRule(g, r) }),
	}
}

func trailRule(g *SecurityGroup, r SecurityGroupRule) map[string]any {
	one := map[string]any{
		"groupId": g.ID, "securityGroupRuleId": r.ID, "isEgress": r.Egress, "ipProtocol": r.Protocol, "fromPort": r.From, "toPort": r.To,
	}
	for k, v := range map[string]string{"cidrIpv4": r.CIDR4, "cidrIpv6": r.CIDR6, "prefixListId": r.PrefixList, "description": r.Description} {
		if v != "" {
			one[k] = v
		}
	}
	if r.Group != "" {
		one["referencedGroupId"] = r.Group
	}
	return one
}
