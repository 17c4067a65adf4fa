package fake

import (
	"maps"
	"net/http"
	"time"
)

func securityHubService() *service {
	routes := restJSON{routes: []route{
		{"POST", "/findings", "", "GetFindings"},
		{"PATCH", "/findings/batchupdate", "", "BatchUpdateFindings"},
		{"POST", "/findings/import", "", "BatchImportFindings"},
		{"GET", "/accounts", "", "DescribeHub"},
		{"POST", "/accounts", "", "EnableSecurityHub"},
		{"GET", "/standards", "", "DescribeStandards"},
		{"POST", "/standards/get", "", "GetEnabledStandards"},
		{"POST", "/standards/register", "", "BatchEnableStandards"},
		{"POST", "/standards/deregister", "", "BatchDisableStandards"},
		{"GET", "/standards/controls/", "StandardsSubscriptionArn", "DescribeStandardsControls"},
		{"PATCH", "/standards/control/", "StandardsControlArn", "UpdateStandardsControl"},
		{"GET", "/securityControls/definitions", "", "ListSecurityControlDefinitions"},
		{"POST", "/securityControls/batchGet", "", "BatchGetSecurityControls"},
		{"GET", "/associations", "", "ListStandardsControlAssociations"},
		{"POST", "/associations/batchGet", "", "BatchGetStandardsControlAssociations"},
		{"PATCH", "/associations", "", "BatchUpdateStandardsControlAssociations"},
		{"GET", "/findingAggregator/list", "", "ListFindingAggregators"},
		{"GET", "/findingAggregator/get/", "FindingAggregatorArn", "GetFindingAggregator"},
		{"GET", "/members", "", "ListMembers"},
		{"GET", "/administrator", "", "GetAdministratorAccount"},
		{"GET", "/organization/admin", "", "ListOrganizationAdminAccounts"},
		{"GET", "/organization/configuration", "", "DescribeOrganizationConfiguration"},
		{"GET", "/configurationPolicy/list", "", "ListConfigurationPolicies"},
		{"GET", "/configurationPolicy/get/", "Identifier", "GetConfigurationPolicy"},
		{"PATCH", "/configurationPolicy/", "Identifier", "UpdateConfigurationPolicy"},
		{"POST", "/configurationPolicyAssociation/list", "", "ListConfigurationPolicyAssociations"},
	}}
	return &service{
		name: "securityhub", source: "securityhub.amazonaws.com", protocol: routes,
		denied:    refusal{"AccessDeniedException", http.StatusForbidden},
		throttled: refusal{"TooManyRequestsException", http.StatusTooManyRequests},
		operations: map[string]operation{
			"GetFindings":                             read(subscribed(getFindings)),
			"BatchUpdateFindings":                     write(subscribed(batchUpdateFindings)),
			"BatchImportFindings":                     write(subscribed(batchImportFindings)),
			"DescribeHub":                             read(subscribed(describeHub)),
			"EnableSecurityHub":                       write(enableSecurityHub),
			"DescribeStandards":                       read(describeStandards),
			"GetEnabledStandards":                     read(subscribed(getEnabledStandards)),
			"BatchEnableStandards":                    write(subscribed(local(batchEnableStandards))),
			"BatchDisableStandards":                   write(subscribed(local(batchDisableStandards))),
			"DescribeStandardsControls":               read(subscribed(describeStandardsControls)),
			"UpdateStandardsControl":                  write(subscribed(local(updateStandardsControl))),
			"ListSecurityControlDefinitions":          read(listControlDefinitions),
			"BatchGetSecurityControls":                read(subscribed(batchGetControls)),
			"ListStandardsControlAssociations":        read(subscribed(listAssociations)),
			"BatchGetStandardsControlAssociations":    read(subscribed(batchGetAssociations)),
			"BatchUpdateStandardsControlAssociations": write(subscribed(local(batchUpdateAssociations))),
			"ListFindingAggregators":                  read(subscribed(listAggregators)),
			"GetFindingAggregator":                    read(subscribed(getAggregator)),
			"ListMembers":                             read(subscribed(listMembers)),
			"GetAdministratorAccount":                 read(subscribed(getAdministrator)),
			"ListOrganizationAdminAccounts":           read(listHubAdmins),
			"DescribeOrganizationConfiguration":       read(subscribed(describeOrganizationHub)),
			"ListConfigurationPolicies":               read(subscribed(centrally(listConfigurationPolicies))),
			"GetConfigurationPolicy":                  read(subscribed(centrally(getConfigurationPolicy))),
			"UpdateConfigurationPolicy":               write(subscribed(centrally(updateConfigurationPolicy))),
			"ListConfigurationPolicyAssociations":     read(subscribed(centrally(listConfigurationAssociations))),
		},
	}
}

// hubState is Security Hub in one account and Region.
type hubState struct {
	enabled  bool
	since    time.Time
	findings []*finding
	byKey    map[string]*finding
	// subscriptions are the enabled standards by key ("fsbp" and the like).
	subscriptions map[string]bool
	// disabled holds the controls that were switched off, by
	// "standard|control".
	disabled map[string]switched
}

type switched struct {
	reason string
	at     time.Time
}

// finding is one ASFF finding. Its body is replaced on writes, never changed
// in place, so that copies of the state may share it.
type finding struct {
	body map[string]any
	// byCustomer are the fields that BatchUpdateFindings has set: imports do
	// not overwrite them.
	byCustomer map[string]bool
}

func newHubState() *hubState {
	return &hubState{byKey: map[string]*finding{}, subscriptions: map[string]bool{}, disabled: map[string]switched{}}
}

func (h *hubState) clone() *hubState {
	n := &hubState{
		enabled: h.enabled, since: h.since, byKey: map[string]*finding{},
		subscriptions: maps.Clone(h.subscriptions), disabled: maps.Clone(h.disabled),
	}
	for _, f := range h.findings {
		n.add(&finding{body: f.body, byCustomer: maps.Clone(f.byCustomer)})
	}
	return n
}

func (h *hubState) add(f *finding) {
	h.findings = append(h.findings, f)
	h.byKey[f.key()] = f
}

func (f *finding) text(path ...string) string {
	var v any = f.body
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	s, _ := v.(string)
	return s
}

func (f *finding) key() string { return f.text("ProductArn") + "|" + f.text("Id") }

// subscribed refuses a call in an account and Region where Security Hub is off.
func subscribed(run func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if !c.region().hub.enabled {
			return nil, fail(http.StatusUnauthorized, "InvalidAccessException", "Account %s is not subscribed to AWS Security Hub", c.account())
		}
		return run(c)
	}
}

// EnableHub switches Security Hub on with the given standards ("fsbp",
// "cis-1.2", "cis-1.4", "cis-3.0", "cis-5.0", "pci-dss-3.2.1", "pci-dss-4.0.1",
// "nist-800-53-r5").
func (c *Cloud) EnableHub(account, region string, standards ...string) {
	c.locked(func() {
		h := c.hubOf(account, region)
		for _, s := range standards {
			h.subscriptions[s] = true
		}
	})
}

// hubOf returns the hub, switched on. Held: mu.
func (c *Cloud) hubOf(account, region string) *hubState {
	h := c.region(account, region).hub
	if !h.enabled {
		h.enabled, h.since = true, c.now().UTC()
	}
	return h
}

func describeHub(c *call) (any, error) {
	h := c.region().hub
	return map[string]any{
		"HubArn": c.hubARN("hub/default"), "SubscribedAt": h.since.Format(asffTime),
		"AutoEnableControls": true, "ControlFindingGenerator": "SECURITY_CONTROL",
	}, nil
}

func (c *call) hubARN(resource string) string {
	return c.cloud.arn("securityhub", c.regionName(), c.account(), resource)
}

// asffTime is how ASFF writes timestamps.
const asffTime = "2006-01-02T15:04:05.000Z"

func enableSecurityHub(c *call) (any, error) {
	var in struct{ EnableDefaultStandards *bool }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if c.region().hub.enabled {
		return nil, fail(http.StatusConflict, "ResourceConflictException", "Account is already subscribed to Security Hub")
	}
	h := c.cloud.hubOf(c.account(), c.regionName())
	if in.EnableDefaultStandards == nil || *in.EnableDefaultStandards {
		h.subscriptions["fsbp"], h.subscriptions["cis-1.2"] = true, true
	}
	return nil, nil
}
