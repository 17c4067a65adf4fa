package fake

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// selfManaged is the configuration of an account that no policy governs
// (API reference, StartConfigurationPolicyAssociation).
const selfManaged = "SELF_MANAGED_SECURITY_HUB"

// ConfigurationPolicy is a policy of Security Hub's central configuration.
type ConfigurationPolicy struct {
	Name, Description string
	// Standards are the keys of those that it enables; none turns the service off.
	Standards []string
	// Disabled are the controls that it disables; with Enabled, it enables those
	// and disables all others.
	Disabled, Enabled []string
	// Parameters is the JSON of SecurityControlCustomParameters, if any.
	Parameters string
}

// centralHub is central configuration of an organization, kept at its delegated
// administrator.
type centralHub struct {
	home     string
	policies []*configurationPolicy
	applied  map[string]string            // target (account, unit or root) to policy id
	status   map[string]associationStatus // of accounts where it is no success
}

type configurationPolicy struct {
	id, name, description string
	body                  hubPolicy
	created, updated      time.Time
	was                   *configurationPolicy // before the last write, for stale reads
}

// hubPolicy is the type SecurityHubPolicy of the API.
type hubPolicy struct {
	ServiceEnabled                bool
	EnabledStandardIdentifiers    []string
	SecurityControlsConfiguration *struct {
		EnabledSecurityControlIdentifiers  *[]string         `json:",omitempty"`
		DisabledSecurityControlIdentifiers *[]string         `json:",omitempty"`
		SecurityControlCustomParameters    []json.RawMessage `json:",omitempty"`
	} `json:",omitempty"`
}

type associationStatus struct{ status, message string }

// CentralizeHub turns central configuration on for the organization whose
// administrator of Security Hub admin is (see DelegateHub). Its home Region is
// where findings are aggregated (see AggregateHub).
func (c *Cloud) CentralizeHub(admin string) {
	c.locked(func() {
		a := c.accounts[admin]
		a.central = &centralHub{home: a.aggregator.home, applied: map[string]string{}, status: map[string]associationStatus{}}
	})
}

// PutConfigurationPolicy makes a policy, or replaces the one of that name, and
// returns its id.
func (c *Cloud) PutConfigurationPolicy(admin string, p ConfigurationPolicy) (id string) {
	c.locked(func() {
		central := c.accounts[admin].central
		k := &call{cloud: c, who: Principal{Account: admin}, scope: scope{region: central.home}}
		body := map[string]any{"ServiceEnabled": len(p.Standards) > 0}
		if len(p.Standards) > 0 {
			arns, controls := []string{}, map[string]any{}
			for _, key := range p.Standards {
				arns = append(arns, k.standardARN(key))
			}
			if p.Enabled != nil {
				controls["EnabledSecurityControlIdentifiers"] = p.Enabled
			} else {
				controls["DisabledSecurityControlIdentifiers"] = append([]string{}, p.Disabled...)
			}
			if p.Parameters != "" {
				controls["SecurityControlCustomParameters"] = json.RawMessage(p.Parameters)
			}
			body["EnabledStandardIdentifiers"], body["SecurityControlsConfiguration"] = arns, controls
		}
		one := &configurationPolicy{id: c.uuid(), created: c.now().UTC()}
		if i := slices.IndexFunc(central.policies, func(o *configurationPolicy) bool { return o.name == p.Name }); i >= 0 {
			one = central.policies[i]
		} else {
			central.policies = append(central.policies, one)
		}
		text, err := json.Marshal(body)
		if err == nil {
			one.body = hubPolicy{}
			err = json.Unmarshal(text, &one.body)
		}
		if err != nil {
			panic("fake: a configuration policy that is no JSON: " + err.Error())
		}
		one.name, one.description, one.updated = p.Name, p.Description, k.now()
		id = one.id
		c.configure(admin)
	})
	return id
}

// AssociateHub lets a policy govern an account, the unit at a path ("" is the
// root), and what is below; an empty policy makes it self-managed.
func (c *Cloud) AssociateHub(admin, policy, target string) {
	c.locked(func() {
		if policy == "" {
			policy = selfManaged
		}
		if c.accounts[target] == nil {
			target = unitID(strings.Trim(target, "/"))
		}
		c.accounts[admin].central.applied[target] = policy
		c.configure(admin)
	})
}

// HoldAssociation makes an account's association PENDING or FAILED, with a
// message: what its policy says does not reach it. SUCCESS ends that.
func (c *Cloud) HoldAssociation(admin, account, status, message string) {
	c.locked(func() {
		c.accounts[admin].central.status[account] = associationStatus{status, message}
		c.configure(admin)
	})
}

// of is the policy that governs a target, and whether it was applied to it.
// Held: mu.
func (h *centralHub) of(c *Cloud, target string) (id string, applied bool) {
	if id, ok := h.applied[target]; ok {
		return id, true
	}
	path, isUnit := c.unitPaths()[target]
	if a := c.accounts[target]; a != nil {
		path = strings.Trim(a.OU, "/")
	} else if isUnit {
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
	for {
		if id, ok := h.applied[unitID(path)]; ok {
			return id, false
		}
		if path == "" {
			return selfManaged, false
		}
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
}

// configure brings every governed account into the state of its policy, in the
// home Region and all linked ones. Held: mu.
func (c *Cloud) configure(admin string) {
	h := c.accounts[admin].central
	for _, id := range append([]string{admin}, c.members(admin)...) {
		policy, _ := h.of(c, id)
		i := slices.IndexFunc(h.policies, func(p *configurationPolicy) bool { return p.id == policy })
		if s := h.status[id].status; i < 0 || s != "" && s != "SUCCESS" {
			continue
		}
		for _, region := range c.accounts[admin].linkedRegions(h.home) {
			h.policies[i].body.configure(c, c.hubOf(id, region))
		}
	}
}

func (p hubPolicy) configure(c *Cloud, hub *hubState) {
	clear(hub.subscriptions)
	clear(hub.disabled)
	for _, arn := range p.EnabledStandardIdentifiers {
		key, _, _ := standardOf(arn)
		hub.subscriptions[key] = true
		for _, o := range c.catalog.of(key) {
			if !p.enables(o.ID) {
				hub.disabled[key+"|"+o.ID] = switched{"Disabled by a configuration policy", c.now().UTC()}
			}
		}
	}
}

func (p hubPolicy) enables(control string) bool {
	switch s := p.SecurityControlsConfiguration; {
	case s == nil:
		return true
	case s.EnabledSecurityControlIdentifiers != nil:
		return slices.Contains(*s.EnabledSecurityControlIdentifiers, control)
	case s.DisabledSecurityControlIdentifiers != nil:
		return !slices.Contains(*s.DisabledSecurityControlIdentifiers, control)
	}
	return true
}

// local refuses what only the administrator may change in an account that is
// governed centrally, as Security Hub words it.
func local(run func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		admin := c.ownAccount().hubAdmin
		if c.ownAccount().central != nil {
			admin = c.account()
		}
		if a := c.cloud.accounts[admin]; a != nil && a.central != nil && slices.Contains(a.linkedRegions(a.central.home), c.regionName()) {
			if id, _ := a.central.of(c.cloud, c.account()); id != selfManaged {
				return nil, fail(http.StatusForbidden, "AccessDeniedException", "This account is currently associated with a central configuration policy, so only the administrator can access this operation.")
			}
		}
		return run(c)
	}
}

// centrally serves the operations of central configuration: to the delegated
// administrator, in the home Region.
func centrally(run func(*call, *centralHub) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		h := c.ownAccount().central
		if h == nil || h.home != c.regionName() {
			return nil, fail(http.StatusForbidden, "AccessDeniedException", "Must be a Security Hub delegated administrator with Central Configuration enabled")
		}
		return run(c, h)
	}
}

func describeOrganizationHub(c *call) (any, error) {
	if len(c.cloud.members(c.account())) == 0 {
		return nil, fail(http.StatusUnauthorized, "InvalidAccessException", "Account %s is not an administrator for this organization", c.account())
	}
	kind := "LOCAL"
	if c.ownAccount().central != nil {
		kind = "CENTRAL"
	}
	return map[string]any{
		"AutoEnable": false, "AutoEnableStandards": "NONE", "MemberAccountLimitReached": false,
		"OrganizationConfiguration": map[string]any{"ConfigurationType": kind, "Status": "ENABLED"},
	}, nil
}

func (c *call) policyARN(p *configurationPolicy) string {
	return c.cloud.arn("securityhub", c.ownAccount().central.home, c.account(), "configuration-policy/"+p.id)
}

func listConfigurationPolicies(c *call, h *centralHub) (any, error) {
	list := []map[string]any{}
	for _, p := range h.policies {
		list = append(list, map[string]any{
			"Arn": c.policyARN(p), "Id": p.id, "Name": p.name, "Description": p.description, "UpdatedAt": p.updated.Format(asffTime), "ServiceEnabled": p.body.ServiceEnabled,
		})
	}
	return restPage(c, "ConfigurationPolicySummaries", list, 100)
}

func (c *call) configurationPolicy(h *centralHub) (*configurationPolicy, error) {
	id := c.path["Identifier"]
	id = id[strings.LastIndexByte(id, '/')+1:]
	for _, p := range h.policies {
		if p.id == id {
			return p, nil
		}
	}
	return nil, fail(http.StatusNotFound, "ResourceNotFoundException", "The configuration policy %s does not exist", id)
}

func (c *call) showPolicy(p *configurationPolicy) map[string]any {
	out := map[string]any{
		"Arn": c.policyARN(p), "Id": p.id, "Name": p.name, "CreatedAt": p.created.Format(asffTime), "UpdatedAt": p.updated.Format(asffTime),
		"ConfigurationPolicy": map[string]any{"SecurityHub": p.body},
	}
	if p.description != "" {
		out["Description"] = p.description
	}
	return out
}

func getConfigurationPolicy(c *call, h *centralHub) (any, error) {
	p, err := c.configurationPolicy(h)
	if err != nil {
		return nil, err
	}
	if c.stale && p.was != nil {
		p = p.was
	}
	return c.showPolicy(p), nil
}

// updateConfigurationPolicy replaces the content whole; a name or a description
// that is not given stays.
func updateConfigurationPolicy(c *call, h *centralHub) (any, error) {
	p, err := c.configurationPolicy(h)
	if err != nil {
		return nil, err
	}
	var in struct {
		Name, Description   *string
		ConfigurationPolicy struct{ SecurityHub *hubPolicy }
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	body := in.ConfigurationPolicy.SecurityHub
	if body == nil {
		return nil, invalidInput("Invalid semantics: ConfigurationPolicy is required")
	}
	if err := c.checkPolicy(*body); err != nil {
		return nil, err
	}
	was := *p
	p.was, p.body = &was, *body
	if in.Name != nil {
		p.name = *in.Name
	}
	if in.Description != nil {
		p.description = *in.Description
	}
	p.updated = c.now()
	if !p.updated.After(was.updated) {
		p.updated = was.updated.Add(time.Millisecond)
	}
	c.cloud.configure(c.account())
	return c.showPolicy(p), nil
}

func (c *call) checkPolicy(p hubPolicy) error {
	s := p.SecurityControlsConfiguration
	if !p.ServiceEnabled {
		if s != nil || len(p.EnabledStandardIdentifiers) > 0 {
			return invalidInput("Invalid semantics: standards and controls cannot be configured when Security Hub is disabled")
		}
		return nil
	}
	if s == nil || p.EnabledStandardIdentifiers == nil {
		return invalidInput("Invalid semantics: Enabled standards and security control configurations must be configured when Security Hub is enabled")
	}
	if s.EnabledSecurityControlIdentifiers != nil && s.DisabledSecurityControlIdentifiers != nil {
		return invalidInput("Invalid semantics: provide a list of enabled or of disabled security controls, not both")
	}
	for _, arn := range p.EnabledStandardIdentifiers {
		if _, _, ok := standardOf(arn); !ok {
			return invalidInput("The standard %s does not exist", arn)
		}
	}
	for _, list := range []*[]string{s.EnabledSecurityControlIdentifiers, s.DisabledSecurityControlIdentifiers} {
		if list == nil {
			continue
		}
		for _, id := range *list {
			if !c.cloud.catalog.has(id) {
				return invalidInput("The security control %s does not exist", id)
			}
		}
	}
	return nil
}

func listConfigurationAssociations(c *call, h *centralHub) (any, error) {
	var in struct {
		Filters    struct{ ConfigurationPolicyId, AssociationType, AssociationStatus string }
		MaxResults int
		NextToken  string
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	list := []map[string]any{}
	add := func(target, kind string) {
		id, applied := h.of(c.cloud, target)
		one := map[string]any{
			"ConfigurationPolicyId": id, "TargetId": target, "TargetType": kind, "AssociationType": "INHERITED", "UpdatedAt": c.now().Format(asffTime),
			"AssociationStatus": "SUCCESS", "AssociationStatusMessage": "Association applied successfully on this target",
		}
		if applied {
			one["AssociationType"] = "APPLIED"
		}
		if s, held := h.status[target]; held && s.status != "SUCCESS" {
			one["AssociationStatus"], one["AssociationStatusMessage"] = s.status, s.message
		}
		is := func(want, name string) bool { return want == "" || strings.HasSuffix(want, one[name].(string)) }
		if is(in.Filters.ConfigurationPolicyId, "ConfigurationPolicyId") && is(in.Filters.AssociationType, "AssociationType") && is(in.Filters.AssociationStatus, "AssociationStatus") {
			list = append(list, one)
		}
	}
	add(rootID, "ROOT")
	for _, id := range slices.Sorted(maps.Keys(c.cloud.unitPaths())) {
		if id != rootID {
			add(id, "ORGANIZATIONAL_UNIT")
		}
	}
	for _, id := range c.cloud.accountIDs() {
		if id == c.account() || c.cloud.accounts[id].hubAdmin == c.account() {
			add(id, "ACCOUNT")
		}
	}
	start, err := readToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	if in.MaxResults == 0 {
		in.MaxResults = 100
	}
	if in.MaxResults < 1 || in.MaxResults > 100 {
		return nil, invalidInput("MaxResults must be between 1 and 100, got %d", in.MaxResults)
	}
	start = min(start, len(list))
	end := min(start+in.MaxResults, len(list))
	out := map[string]any{"ConfigurationPolicyAssociationSummaries": list[start:end]}
	if end < len(list) {
		out["NextToken"] = writeToken(end)
	}
	return out, nil
}
