package fake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/fake"
)

// newGoverned is a world whose members shop (alone) and bank (by its unit) are
// governed centrally.
func newGoverned(t *testing.T) (w *world, policy string) {
	t.Helper()
	w = newWorld(t)
	w.keys[bank] = w.AddAccount(fake.Account{ID: bank, OU: "Money/Bank"})
	w.EnableHub(audit, tokyo, "fsbp")
	w.EnableHub(shop, tokyo, "fsbp", "cis-1.4")
	w.EnableHub(shop, "us-east-1", "fsbp")
	w.DelegateHub(audit, shop, bank)
	w.AggregateHub(audit, tokyo, "ap-northeast-3")
	w.CentralizeHub(audit)
	policy = w.PutConfigurationPolicy(audit, fake.ConfigurationPolicy{Name: "members", Standards: []string{"fsbp"}, Disabled: []string{"S3.9"}})
	w.AssociateHub(audit, policy, shop)
	w.AssociateHub(audit, policy, "Money")
	return w, policy
}

func TestAConfigurationPolicyGovernsAccountsAndLinkedRegions(t *testing.T) {
	w, id := newGoverned(t)
	how := func(account, region, control string) string {
		t.Helper()
		c := securityhub.NewFromConfig(w.as(account, region))
		out := must[*securityhub.ListStandardsControlAssociationsOutput](t)(c.ListStandardsControlAssociations(ctx, &securityhub.ListStandardsControlAssociationsInput{SecurityControlId: aws.String(control)}))
		var all []string
		for _, a := range out.StandardsControlAssociationSummaries {
			all = append(all, string(a.AssociationStatus))
		}
		return strings.Join(all, " ")
	}
	for _, at := range [][2]string{{shop, tokyo}, {bank, tokyo}, {bank, "ap-northeast-3"}} {
		if got := how(at[0], at[1], "S3.9") + " " + how(at[0], at[1], "S3.8"); got != "DISABLED ENABLED" {
			t.Errorf("%v: %s", at, got)
		}
	}
	if got := how(shop, "us-east-1", "S3.9"); got != "ENABLED" {
		t.Errorf("a Region that is not linked: %s", got)
	}
	// A governed account changes nothing itself, but where it is not governed.
	update := &securityhub.BatchUpdateStandardsControlAssociationsInput{StandardsControlAssociationUpdates: []types.StandardsControlAssociationUpdate{
		{StandardsArn: aws.String("arn:aws:securityhub:" + tokyo + "::standards/aws-foundational-security-best-practices/v/1.0.0"), SecurityControlId: aws.String("S3.9"), AssociationStatus: "ENABLED"},
	}}
	_, err := w.hub(shop).BatchUpdateStandardsControlAssociations(ctx, update)
	refused(t, err, "AccessDeniedException")
	if !strings.Contains(err.Error(), "central configuration policy") {
		t.Error(err)
	}
	must[*securityhub.BatchUpdateStandardsControlAssociationsOutput](t)(securityhub.NewFromConfig(w.as(shop, "us-east-1")).BatchUpdateStandardsControlAssociations(ctx, update))
	w.AssociateHub(audit, "", shop)
	must[*securityhub.BatchUpdateStandardsControlAssociationsOutput](t)(w.hub(shop).BatchUpdateStandardsControlAssociations(ctx, update))

	all := must[*securityhub.ListConfigurationPolicyAssociationsOutput](t)(w.hub(audit).ListConfigurationPolicyAssociations(ctx, &securityhub.ListConfigurationPolicyAssociationsInput{MaxResults: aws.Int32(100)}))
	var got []string
	for _, a := range all.ConfigurationPolicyAssociationSummaries {
		got = append(got, fmt.Sprint(a.TargetType, " ", a.AssociationType, " ", *a.ConfigurationPolicyId == id))
	}
	slices.Sort(got) // shop is self-managed, bank inherits, and so does the administrator
	if strings.Join(got, "\n") != "ACCOUNT APPLIED false\nACCOUNT INHERITED false\nACCOUNT INHERITED true\nORGANIZATIONAL_UNIT APPLIED true\nORGANIZATIONAL_UNIT INHERITED true\nROOT INHERITED false" {
		t.Errorf("got %s", strings.Join(got, "\n"))
	}
}

func TestOnlyTheAdministratorInItsHomeRegionSpeaksOfPolicies(t *testing.T) {
	w, id := newGoverned(t)
	for name, c := range map[string]*securityhub.Client{"a member": w.hub(shop), "elsewhere": securityhub.NewFromConfig(w.as(audit, "us-east-1"))} {
		w.EnableHub(audit, "us-east-1")
		_, err := c.ListConfigurationPolicies(ctx, &securityhub.ListConfigurationPoliciesInput{})
		if code(err) != "AccessDeniedException" {
			t.Errorf("%s: %v", name, err)
		}
		_, err = c.UpdateConfigurationPolicy(ctx, &securityhub.UpdateConfigurationPolicyInput{Identifier: aws.String(id)})
		if code(err) != "AccessDeniedException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.hub(shop).DescribeOrganizationConfiguration(ctx, &securityhub.DescribeOrganizationConfigurationInput{})
	refused(t, err, "InvalidAccessException")
}

func TestAnUpdateReplacesAPolicyWhole(t *testing.T) {
	w, id := newGoverned(t)
	c := w.hub(audit)
	list := must[*securityhub.ListConfigurationPoliciesOutput](t)(c.ListConfigurationPolicies(ctx, &securityhub.ListConfigurationPoliciesInput{})).ConfigurationPolicySummaries
	if len(list) != 1 || *list[0].Id != id || !*list[0].ServiceEnabled {
		t.Fatalf("got %+v", list)
	}
	get := func() (types.SecurityHubPolicy, *securityhub.GetConfigurationPolicyOutput) {
		t.Helper()
		out := must[*securityhub.GetConfigurationPolicyOutput](t)(c.GetConfigurationPolicy(ctx, &securityhub.GetConfigurationPolicyInput{Identifier: list[0].Arn}))
		return out.ConfigurationPolicy.(*types.PolicyMemberSecurityHub).Value, out
	}
	body, before := get()
	put := func(change func(*types.SecurityHubPolicy)) error {
		b := body
		controls := *body.SecurityControlsConfiguration
		b.SecurityControlsConfiguration = &controls
		change(&b)
		_, err := c.UpdateConfigurationPolicy(ctx, &securityhub.UpdateConfigurationPolicyInput{Identifier: aws.String(id), ConfigurationPolicy: &types.PolicyMemberSecurityHub{Value: b}})
		return err
	}
	for name, change := range map[string]func(*types.SecurityHubPolicy){
		"both lists": func(p *types.SecurityHubPolicy) {
			p.SecurityControlsConfiguration.EnabledSecurityControlIdentifiers = []string{"S3.8"}
		},
		"a control of none": func(p *types.SecurityHubPolicy) {
			p.SecurityControlsConfiguration.DisabledSecurityControlIdentifiers = []string{"None.1"}
		},
		"a standard of none": func(p *types.SecurityHubPolicy) {
			p.EnabledStandardIdentifiers = []string{"arn:aws:securityhub:::standards/none"}
		},
		"no list of controls":    func(p *types.SecurityHubPolicy) { p.SecurityControlsConfiguration = nil },
		"off with its standards": func(p *types.SecurityHubPolicy) { p.ServiceEnabled = aws.Bool(false) },
	} {
		if err := put(change); code(err) != "InvalidInputException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := put(func(p *types.SecurityHubPolicy) {
		p.SecurityControlsConfiguration.DisabledSecurityControlIdentifiers = []string{"S3.8"}
		p.SecurityControlsConfiguration.SecurityControlCustomParameters = []types.SecurityControlCustomParameter{{SecurityControlId: aws.String("S3.13"), Parameters: map[string]types.ParameterConfiguration{
			"days": {ValueType: types.ParameterValueTypeCustom, Value: &types.ParameterValueMemberInteger{Value: 15}},
		}}}
	}); err != nil {
		t.Fatal(err)
	}
	now, after := get()
	if got := now.SecurityControlsConfiguration; strings.Join(got.DisabledSecurityControlIdentifiers, " ") != "S3.8" || got.EnabledSecurityControlIdentifiers != nil ||
		got.SecurityControlCustomParameters[0].Parameters["days"].Value.(*types.ParameterValueMemberInteger).Value != 15 {
		t.Errorf("got %+v", got)
	}
	if *after.Name != "members" || !after.UpdatedAt.After(*before.UpdatedAt) {
		t.Errorf("got %s of %s, before %s", *after.Name, after.UpdatedAt, before.UpdatedAt)
	}
	w.Faults().Add(fake.Fault{Kind: fake.Stale, Operation: "GetConfigurationPolicy", Times: 1})
	if stale, _ := get(); strings.Join(stale.SecurityControlsConfiguration.DisabledSecurityControlIdentifiers, " ") != "S3.9" {
		t.Errorf("a stale read shows %+v", stale.SecurityControlsConfiguration)
	}
}

func TestAnAccountThatCannotFollowItsPolicyStaysAsItIs(t *testing.T) {
	w, _ := newGoverned(t)
	w.HoldAssociation(audit, shop, "FAILED", "Config is off")
	w.PutConfigurationPolicy(audit, fake.ConfigurationPolicy{Name: "members", Standards: []string{"fsbp"}})
	out := must[*securityhub.ListConfigurationPolicyAssociationsOutput](t)(w.hub(audit).ListConfigurationPolicyAssociations(ctx, &securityhub.ListConfigurationPolicyAssociationsInput{Filters: &types.AssociationFilters{AssociationStatus: types.ConfigurationPolicyAssociationStatusFailed}}))
	if list := out.ConfigurationPolicyAssociationSummaries; len(list) != 1 || *list[0].TargetId != shop || *list[0].AssociationStatusMessage != "Config is off" {
		t.Errorf("got %+v", list)
	}
	a := must[*securityhub.ListStandardsControlAssociationsOutput](t)(w.hub(shop).ListStandardsControlAssociations(ctx, &securityhub.ListStandardsControlAssociationsInput{SecurityControlId: aws.String("S3.9")}))
	if a.StandardsControlAssociationSummaries[0].AssociationStatus != "DISABLED" {
		t.Errorf("got %+v", a.StandardsControlAssociationSummaries)
	}
}
