package fake

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// findingAggregator is cross-Region aggregation of one account.
type findingAggregator struct {
	id, home string
	linked   []string // empty: all Regions
}

// AggregateHub links Regions to a home Region for the account (and, for an
// administrator, its members). No Regions means all.
func (c *Cloud) AggregateHub(account, home string, linked ...string) {
	c.locked(func() {
		c.hubOf(account, home)
		c.accounts[account].aggregator = &findingAggregator{id: c.uuid(), home: home, linked: linked}
	})
}

// DelegateHub makes admin the administrator of Security Hub for the members;
// without members, for every other account that exists now.
func (c *Cloud) DelegateHub(admin string, members ...string) {
	c.locked(func() {
		if len(members) == 0 {
			members = c.accountIDs()
		}
		for _, id := range members {
			if id == admin {
				continue
			}
			if c.accounts[id] == nil {
				c.addAccount(Account{ID: id})
			}
			c.accounts[id].hubAdmin = admin
		}
	})
}

// members are the accounts that an administrator sees beside its own. Held: mu.
func (c *Cloud) members(admin string) []string {
	var ids []string
	for _, id := range c.accountIDs() {
		if c.accounts[id].hubAdmin == admin {
			ids = append(ids, id)
		}
	}
	return ids
}

// linkedRegions are the Regions whose findings show in the given one.
func (a *account) linkedRegions(region string) []string {
	all := []string{region}
	if a.aggregator == nil || a.aggregator.home != region {
		return all
	}
	linked := a.aggregator.linked
	if len(linked) == 0 {
		linked = regionNames
	}
	for _, r := range linked {
		if r != region {
			all = append(all, r)
		}
	}
	return all
}

// visible are the hubs whose findings the call sees: its own, those of members,
// and those of linked Regions. Held: mu.
func (c *call) visible() []*hubState {
	var hubs []*hubState
	accounts := append([]string{c.account()}, c.cloud.members(c.account())...)
	for _, name := range c.ownAccount().linkedRegions(c.regionName()) {
		for _, id := range accounts {
			r := c.cloud.accounts[id].regions[name]
			if r == nil {
				continue
			}
			if c.stale && r.hubWas != nil {
				hubs = append(hubs, r.hubWas)
			} else {
				hubs = append(hubs, r.hub)
			}
		}
	}
	return hubs
}

func listAggregators(c *call) (any, error) {
	list := []any{}
	if a := c.ownAccount().aggregator; a != nil {
		list = append(list, map[string]any{"FindingAggregatorArn": c.cloud.arn("securityhub", a.home, c.account(), "finding-aggregator/"+a.id)})
	}
	return map[string]any{"FindingAggregators": list}, nil
}

func getAggregator(c *call) (any, error) {
	a := c.ownAccount().aggregator
	if a == nil || !strings.HasSuffix(c.path["FindingAggregatorArn"], a.id) {
		return nil, fail(http.StatusNotFound, "ResourceNotFoundException", "The finding aggregator was not found")
	}
	mode := "SPECIFIED_REGIONS"
	if len(a.linked) == 0 {
		mode = "ALL_REGIONS"
	}
	return map[string]any{
		"FindingAggregatorArn": c.path["FindingAggregatorArn"], "FindingAggregationRegion": a.home,
		"RegionLinkingMode": mode, "Regions": slices.Clone(a.linked),
	}, nil
}

func listMembers(c *call) (any, error) {
	list := []map[string]any{}
	for _, id := range c.cloud.members(c.account()) {
		list = append(list, map[string]any{
			"AccountId": id, "Email": c.cloud.accounts[id].Email, "AdministratorId": c.account(), "MasterId": c.account(), "MemberStatus": "Enabled",
		})
	}
	return restPage(c, "Members", list, 50)
}

func getAdministrator(c *call) (any, error) {
	admin := c.ownAccount().hubAdmin
	if admin == "" {
		return map[string]any{}, nil
	}
	return map[string]any{"Administrator": map[string]any{"AccountId": admin, "MemberStatus": "Enabled"}}, nil
}

func listHubAdmins(c *call) (any, error) {
	seen := map[string]bool{}
	for _, id := range c.cloud.accountIDs() {
		if a := c.cloud.accounts[id].hubAdmin; a != "" {
			seen[a] = true
		}
	}
	list := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		list = append(list, map[string]any{"AccountId": id, "Status": "ENABLED"})
	}
	return map[string]any{"AdminAccounts": list}, nil
}
