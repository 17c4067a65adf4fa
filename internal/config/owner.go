package config

import (
	"strings"
	"time"

	"zesei/internal/policy"
)

// OwnerNames are the names of the owners, in order.
func (c *Config) OwnerNames() []string { return sortedKeys(c.Owners) }

// DefaultOwner is the owner who gets what no owner is known for; "" where no
// owners are configured.
func (c *Config) DefaultOwner() string {
	for name, o := range c.Owners {
		if o.Default {
			return name
		}
	}
	return ""
}

// OwnerNamed is the configured owner that a tag or table means by value: its
// name or one of its aliases, compared without case; "" for none.
func (c *Config) OwnerNamed(value string) string {
	value = strings.TrimSpace(value)
	if _, ok := c.Owners[value]; ok {
		return value
	}
	for _, name := range sortedKeys(c.Owners) {
		if strings.EqualFold(name, value) {
			return name
		}
		for _, alias := range c.Owners[name].Aliases {
			if strings.EqualFold(alias, value) {
				return name
			}
		}
	}
	return ""
}

// OwnerOf finds who is answerable for a resource, in the order of `owner_from`:
// the account's owner, tags of the resource, the creator (an address or a Slack
// member, "" where nobody knows). What names no configured owner is passed over
// and told; at the end stands the default owner. why tells how it was found.
func (c *Config) OwnerOf(account policy.Account, resource policy.Resource, creator string) (owner, why string) {
	if len(c.Owners) == 0 {
		return "", "no owners are configured"
	}
	var passed []string
	for _, from := range c.OwnerFrom {
		name, reason := c.ownerFrom(from, account, resource, creator)
		if name != "" {
			return name, strings.Join(append(passed, reason), "; ")
		}
		if reason != "" {
			passed = append(passed, reason)
		}
	}
	if len(passed) == 0 {
		passed = []string{"nothing names an owner"}
	}
	return c.DefaultOwner(), strings.Join(append(passed, "the default owner gets it"), "; ")
}

func (c *Config) ownerFrom(from string, account policy.Account, resource policy.Resource, creator string) (owner, why string) {
	switch from {
	case "account":
		if account.Owner != "" {
			return account.Owner, "owner of account " + account.ID
		}
		if account.ID == "" {
			return "", "no account is named"
		}
		if !account.Known {
			return "", "no row of accounts knows " + account.ID
		}
		return "", "account " + account.ID + " has no owner"
	case "creator":
		if creator == "" {
			return "", ""
		}
		for _, name := range sortedKeys(c.People) {
			p := c.People[name]
			if len(p.Owners) > 0 && (strings.EqualFold(p.Email, creator) || p.Slack == creator) {
				return p.Owners[0], "created by " + name
			}
		}
		return "", "the creator " + creator + " belongs to no owner"
	}
	key := strings.TrimPrefix(from, "tag:")
	if resource.TagsUnread {
		return "", "the resource's tag " + key + " could not be read"
	}
	value, ok := resource.Tags[key]
	if !ok {
		return "", ""
	}
	if name := c.OwnerNamed(value); name != "" {
		return name, "tag " + key + " of the resource"
	}
	return "", "tag " + key + " of the resource says " + value + ", which names no owner"
}

// Language is the owner's language, else the configured one: ja or en.
func (c *Config) OwnerLanguage(owner string) string {
	if l := c.Owners[owner].Language; l != "" {
		return l
	}
	return c.Language
}

// OwnerZone is the owner's time zone, else the configured one.
func (c *Config) OwnerZone(owner string) *time.Location {
	if name := c.Owners[owner].Timezone; name != "" {
		if zone, err := time.LoadLocation(name); err == nil { // Load has checked it
			return zone
		}
	}
	return c.zone
}

// PersonBySlack is the person with that Slack member id.
func (c *Config) PersonBySlack(member string) (name string, p Person, ok bool) {
	for _, name := range sortedKeys(c.People) {
		if member != "" && c.People[name].Slack == member {
			return name, c.People[name], true
		}
	}
	return "", Person{}, false
}

// Has says whether the person has that role: approver, operator or auditor.
func (p Person) Has(role string) bool {
	for _, r := range p.Roles {
		if r == role {
			return true
		}
	}
	return false
}
