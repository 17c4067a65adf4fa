package controlstate

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"pgregory.net/rapid"
)

func taken(s types.SecurityControlsConfiguration) (*ConfigurationPolicy, error) {
	p := &ConfigurationPolicy{}
	err := p.take(&types.PolicyMemberSecurityHub{Value: types.SecurityHubPolicy{ServiceEnabled: aws.Bool(true), EnabledStandardIdentifiers: []string{"b", "a"}, SecurityControlsConfiguration: &s}}, time.Time{}, "", "")
	return p, err
}

func TestAPolicyThatCannotBeSentBackUnharmedIsNotTaken(t *testing.T) {
	if err := (&ConfigurationPolicy{}).take(&types.UnknownUnionMember{Tag: "Inspector"}, time.Time{}, "", ""); err == nil {
		t.Error("a policy of another service is taken")
	}
	for name, s := range map[string]types.SecurityControlsConfiguration{
		"both lists":     {EnabledSecurityControlIdentifiers: []string{"S3.1"}, DisabledSecurityControlIdentifiers: []string{"S3.2"}},
		"neither filled": {EnabledSecurityControlIdentifiers: []string{}, DisabledSecurityControlIdentifiers: []string{}},
		"an unknown value": {DisabledSecurityControlIdentifiers: []string{}, SecurityControlCustomParameters: []types.SecurityControlCustomParameter{
			{SecurityControlId: aws.String("S3.9"), Parameters: map[string]types.ParameterConfiguration{"days": {Value: &types.UnknownUnionMember{Tag: "Map"}}}},
		}},
	} {
		if _, err := taken(s); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

func TestHowAControlStandsIsReadFromWhatIsListed(t *testing.T) {
	for name, c := range map[string]struct {
		s          types.SecurityControlsConfiguration
		allow      bool
		s31, other bool
	}{
		"disabled":            {types.SecurityControlsConfiguration{DisabledSecurityControlIdentifiers: []string{"S3.1"}}, false, false, true},
		"disabled, by ARN":    {types.SecurityControlsConfiguration{DisabledSecurityControlIdentifiers: []string{"arn:aws:securityhub:eu-west-1:111122223333:security-control/S3.1"}}, false, false, true},
		"nothing disabled":    {types.SecurityControlsConfiguration{DisabledSecurityControlIdentifiers: []string{}}, false, true, true},
		"enabled":             {types.SecurityControlsConfiguration{EnabledSecurityControlIdentifiers: []string{"s3.1"}, DisabledSecurityControlIdentifiers: []string{}}, true, true, false},
		"nothing enabled":     {types.SecurityControlsConfiguration{EnabledSecurityControlIdentifiers: []string{}}, true, false, false},
		"no list in the text": {types.SecurityControlsConfiguration{}, false, true, true},
	} {
		p, err := taken(c.s)
		if err != nil || p.AllowList != c.allow || p.enables("S3.1") != c.s31 || p.enables("EC2.1") != c.other {
			t.Errorf("%s: got %t, %t, %t (%v)", name, p.AllowList, p.enables("S3.1"), p.enables("EC2.1"), err)
		}
	}
}

// Whatever is switched, what was asked for is so afterwards, and nothing else is
// otherwise than before.
func TestASwitchChangesWhatItNamesAndNothingElse(t *testing.T) {
	all := []string{"S3.1", "S3.2", "S3.3", "EC2.1", "EC2.2", "IAM.1"}
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID[string]).Draw(t, "list")
		s := types.SecurityControlsConfiguration{DisabledSecurityControlIdentifiers: list}
		if rapid.Bool().Draw(t, "allow") {
			s = types.SecurityControlsConfiguration{EnabledSecurityControlIdentifiers: list}
		}
		s.SecurityControlCustomParameters = []types.SecurityControlCustomParameter{{SecurityControlId: aws.String("S3.1"), Parameters: map[string]types.ParameterConfiguration{"n": {ValueType: "CUSTOM", Value: &types.ParameterValueMemberDouble{Value: 1.5}}}}}
		p, err := taken(s)
		if err != nil {
			t.Fatal(err)
		}
		before := content(p.body)
		var changes []PolicyChange
		for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom(all), rapid.ID[string]).Draw(t, "changed") {
			changes = append(changes, PolicyChange{Control: id, Enable: !p.enables(id)})
		}
		body := p.with(changes)
		after, err := taken(*body.SecurityControlsConfiguration)
		if err != nil || after.AllowList != p.AllowList || parameters(body) != parameters(p.body) || content(p.body) != before || !slices.Equal(body.EnabledStandardIdentifiers, []string{"b", "a"}) {
			t.Fatalf("got %+v (%v)", body, err)
		}
		for _, id := range all {
			changed := slices.ContainsFunc(changes, func(c PolicyChange) bool { return c.Control == id })
			if (after.enables(id) != p.enables(id)) != changed {
				t.Errorf("%s: %t, was %t", id, after.enables(id), p.enables(id))
			}
		}
		if (content(body) == before) != (len(changes) == 0) {
			t.Error("the hash does not tell the contents apart")
		}
	})
}
