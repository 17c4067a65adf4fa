package fake

import (
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func organizationsService() *service {
	in := func(run func(*call) (any, error)) operation {
		return read(func(c *call) (any, error) {
			if c.cloud.org.management == "" {
				return nil, fail(http.StatusBadRequest, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
			}
			if c.operation != "DescribeOrganization" && !slices.Contains(append(c.cloud.org.delegates, c.cloud.org.management), c.account()) {
				return nil, fail(http.StatusBadRequest, "AccessDeniedException", "You don't have permissions to access this resource.")
			}
			return run(c)
		})
	}
	return &service{
		name: "organizations", source: "organizations.amazonaws.com", protocol: jsonProtocol{},
		denied:    refusal{"AccessDeniedException", http.StatusBadRequest},
		throttled: refusal{"TooManyRequestsException", http.StatusBadRequest},
		operations: map[string]operation{
			"DescribeOrganization":             in(describeOrganization),
			"ListAccounts":                     in(listAccounts),
			"ListRoots":                        in(listRoots),
			"ListOrganizationalUnitsForParent": in(listUnits),
			"ListAccountsForParent":            in(listAccountsForParent),
			"ListParents":                      in(listParents),
			"ListTagsForResource":              in(listOrgTags),
		},
	}
}

// organization is the one organization that all accounts of the twin are in.
type organization struct {
	management string
	delegates  []string
}

// Organize puts all accounts into one organization with the given management
// account. delegates are delegated administrators: they, too, may list it.
func (c *Cloud) Organize(management string, delegates ...string) {
	c.locked(func() {
		if c.accounts[management] == nil {
			c.addAccount(Account{ID: management})
		}
		c.org = organization{management: management, delegates: delegates}
	})
}

const orgID, rootID = "o-zeseitwin1", "r-twin"

func (c *Cloud) orgARN(resource string) string {
	return c.arn("organizations", "", c.org.management, resource)
}

// unitID is the id of the organizational unit at a path; "" is the root.
func unitID(path string) string {
	if path == "" {
		return rootID
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(path))
	return fmt.Sprintf("ou-twin-%08x", h.Sum32())
}

// unitPaths are the paths of all units, by id.
func (c *Cloud) unitPaths() map[string]string {
	all := map[string]string{rootID: ""}
	for _, a := range c.accounts {
		path := ""
		for _, part := range strings.Split(a.OU, "/") {
			if part == "" {
				continue
			}
			path = strings.TrimPrefix(path+"/"+part, "/")
			all[unitID(path)] = path
		}
	}
	return all
}

// orgPage cuts a page of at most 20.
func orgPage(c *call, name string, all []map[string]any) (any, error) {
	var in struct {
		MaxResults *int
		NextToken  string
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	size := 20
	if in.MaxResults != nil {
		if size = *in.MaxResults; size < 1 || size > 20 {
			return nil, fail(http.StatusBadRequest, "InvalidInputException", "You specified an invalid value for MaxResults.")
		}
	}
	start, err := readToken(in.NextToken)
	if err != nil {
		return nil, fail(http.StatusBadRequest, "InvalidInputException", "The next token is not valid.")
	}
	start = min(start, len(all))
	end := min(start+size, len(all))
	out := map[string]any{name: append([]map[string]any{}, all[start:end]...)}
	if end < len(all) {
		out["NextToken"] = writeToken(end)
	}
	return out, nil
}

func describeOrganization(c *call) (any, error) {
	m := c.cloud.accounts[c.cloud.org.management]
	return map[string]any{"Organization": map[string]any{
		"Id": orgID, "Arn": c.cloud.orgARN("organization/" + orgID), "FeatureSet": "ALL", "MasterAccountId": m.ID, "MasterAccountEmail": m.Email,
		"MasterAccountArn": c.cloud.orgARN("account/" + orgID + "/" + m.ID),
	}}, nil
}

func (c *Cloud) orgAccount(id string) map[string]any {
	a := c.accounts[id]
	return map[string]any{
		"Id": a.ID, "Arn": c.orgARN("account/" + orgID + "/" + a.ID), "Email": a.Email, "Name": a.Name, "Status": "ACTIVE", "State": "ACTIVE",
		"JoinedMethod": "CREATED", "JoinedTimestamp": 1700000000,
	}
}

func listAccounts(c *call) (any, error) {
	var all []map[string]any
	for _, id := range c.cloud.accountIDs() {
		all = append(all, c.cloud.orgAccount(id))
	}
	return orgPage(c, "Accounts", all)
}

func listRoots(c *call) (any, error) {
	return orgPage(c, "Roots", []map[string]any{{"Id": rootID, "Arn": c.cloud.orgARN("root/" + orgID + "/" + rootID), "Name": "Root", "PolicyTypes": []any{}}})
}

// parent reads ParentId, which must be a root or a unit that exists.
func (c *call) parent() (path string, err error) {
	var in struct{ ParentId string }
	if err := c.bind(&in); err != nil {
		return "", err
	}
	path, ok := c.cloud.unitPaths()[in.ParentId]
	if !ok {
		return "", fail(http.StatusBadRequest, "ParentNotFoundException", "You specified parent that doesn't exist.")
	}
	return path, nil
}

func listUnits(c *call) (any, error) {
	parent, err := c.parent()
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for _, path := range slices.Sorted(maps.Values(c.cloud.unitPaths())) {
		above, name := "", path
		if i := strings.LastIndexByte(path, '/'); i >= 0 {
			above, name = path[:i], path[i+1:]
		}
		if path != "" && above == parent {
			all = append(all, map[string]any{"Id": unitID(path), "Arn": c.cloud.orgARN("ou/" + orgID + "/" + unitID(path)), "Name": name})
		}
	}
	return orgPage(c, "OrganizationalUnits", all)
}

func listAccountsForParent(c *call) (any, error) {
	parent, err := c.parent()
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for _, id := range c.cloud.accountIDs() {
		if strings.Trim(c.cloud.accounts[id].OU, "/") == parent {
			all = append(all, c.cloud.orgAccount(id))
		}
	}
	return orgPage(c, "Accounts", all)
}

func listParents(c *call) (any, error) {
	var in struct{ ChildId string }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	path := ""
	if a := c.cloud.accounts[in.ChildId]; a != nil {
		path = strings.Trim(a.OU, "/")
	} else if own, ok := c.cloud.unitPaths()[in.ChildId]; ok && own != "" {
		path = own[:max(strings.LastIndexByte(own, '/'), 0)]
	} else {
		return nil, fail(http.StatusBadRequest, "ChildNotFoundException", "You specified a child that doesn't exist.")
	}
	kind := "ORGANIZATIONAL_UNIT"
	if path == "" {
		kind = "ROOT"
	}
	return orgPage(c, "Parents", []map[string]any{{"Id": unitID(path), "Type": kind}})
}

func listOrgTags(c *call) (any, error) {
	var in struct{ ResourceId string }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	a := c.cloud.accounts[in.ResourceId]
	if _, isUnit := c.cloud.unitPaths()[in.ResourceId]; a == nil && !isUnit {
		return nil, fail(http.StatusBadRequest, "TargetNotFoundException", "You specified a target that doesn't exist.")
	}
	var all []map[string]any
	if a != nil {
		for _, k := range slices.Sorted(maps.Keys(a.Tags)) {
			all = append(all, map[string]any{"Key": k, "Value": a.Tags[k]})
		}
	}
	return orgPage(c, "Tags", all)
}
