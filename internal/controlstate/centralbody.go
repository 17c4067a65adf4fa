package controlstate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
)

// take reads the content of a policy. What this version could not send back
// unharmed is an error: an update replaces a policy whole (API reference,
// UpdateConfigurationPolicy).
func (p *ConfigurationPolicy) take(content types.Policy, updated time.Time, name, description string) error {
	body, ok := content.(*types.PolicyMemberSecurityHub)
	if !ok {
		return errors.New("it configures something that this version of zesei does not know")
	}
	p.UpdatedAt, p.description = updated.UTC(), description
	if name != "" {
		p.Name = name
	}
	p.body = body.Value
	s := p.body.SecurityControlsConfiguration
	if s == nil {
		return nil
	}
	if len(s.EnabledSecurityControlIdentifiers) > 0 && len(s.DisabledSecurityControlIdentifiers) > 0 {
		return errors.New("it lists both what is enabled and what is disabled")
	}
	p.AllowList = s.EnabledSecurityControlIdentifiers != nil && len(s.DisabledSecurityControlIdentifiers) == 0
	if p.AllowList && len(s.EnabledSecurityControlIdentifiers) == 0 && s.DisabledSecurityControlIdentifiers != nil {
		return errors.New("it lists nothing that is enabled and nothing that is disabled: which is meant cannot be told")
	}
	for _, one := range s.SecurityControlCustomParameters {
		for key, v := range one.Parameters {
			if _, unknown := v.Value.(*types.UnknownUnionMember); unknown {
				return fmt.Errorf("the value of its parameter %s is of a type that this version of zesei does not know", key)
			}
		}
	}
	return nil
}

// off says that the policy turns Security Hub off.
func (p *ConfigurationPolicy) off() bool {
	return p.body.ServiceEnabled == nil || !*p.body.ServiceEnabled || p.body.SecurityControlsConfiguration == nil
}

func (p *ConfigurationPolicy) listed() []string {
	s := p.body.SecurityControlsConfiguration
	switch {
	case s == nil:
		return nil
	case p.AllowList:
		return s.EnabledSecurityControlIdentifiers
	}
	return s.DisabledSecurityControlIdentifiers
}

// bare is the id of a control that may be named by its ARN.
func bare(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func (p *ConfigurationPolicy) enables(id string) bool {
	on := slices.ContainsFunc(p.listed(), func(s string) bool { return strings.EqualFold(bare(s), id) })
	return on == p.AllowList
}

// with is the content of the policy after the changes; everything but the list of
// controls is as it was.
func (p *ConfigurationPolicy) with(changes []PolicyChange) types.SecurityHubPolicy {
	to := map[string]bool{}
	for _, c := range changes {
		to[strings.ToLower(c.Control)] = c.Enable
	}
	list := []string{} // an empty list is sent as one
	for _, id := range p.listed() {
		if _, changed := to[strings.ToLower(bare(id))]; !changed {
			list = append(list, id)
		}
	}
	for _, c := range changes { // in the order of their ids
		if c.Enable == p.AllowList {
			list = append(list, c.Control)
		}
	}
	body := p.body
	s := *body.SecurityControlsConfiguration
	if p.AllowList {
		s.EnabledSecurityControlIdentifiers, s.DisabledSecurityControlIdentifiers = list, nil
	} else {
		s.EnabledSecurityControlIdentifiers, s.DisabledSecurityControlIdentifiers = nil, list
	}
	body.SecurityControlsConfiguration = &s
	return body
}

// switches is what of a content says which controls are on: two that say the same
// are equal.
func switches(body types.SecurityHubPolicy) string {
	var b strings.Builder
	fmt.Fprintf(&b, "on %t\n", body.ServiceEnabled != nil && *body.ServiceEnabled)
	list := func(name string, ids []string) {
		ids = slices.Clone(ids)
		for i := range ids {
			ids[i] = bare(ids[i])
		}
		slices.Sort(ids)
		fmt.Fprintf(&b, "%s %s\n", name, strings.Join(slices.Compact(ids), " "))
	}
	standards := slices.Sorted(slices.Values(body.EnabledStandardIdentifiers))
	fmt.Fprintf(&b, "standards %s\n", strings.Join(standards, " "))
	if s := body.SecurityControlsConfiguration; s != nil {
		list("enabled", s.EnabledSecurityControlIdentifiers)
		list("disabled", s.DisabledSecurityControlIdentifiers)
	}
	return b.String()
}

// parameters is what a content says of the parameters of controls.
func parameters(body types.SecurityHubPolicy) string {
	var lines []string
	if s := body.SecurityControlsConfiguration; s != nil {
		for _, one := range s.SecurityControlCustomParameters {
			for key, v := range one.Parameters {
				value, err := json.Marshal(v.Value)
				if err != nil {
					value = []byte(err.Error())
				}
				id := ""
				if one.SecurityControlId != nil {
					id = bare(*one.SecurityControlId)
				}
				lines = append(lines, fmt.Sprintf("%s %s %s %T %s", id, key, v.ValueType, v.Value, value))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// content names exactly this content of a policy.
func content(body types.SecurityHubPolicy) string {
	sum := sha256.Sum256([]byte(switches(body) + parameters(body)))
	return hex.EncodeToString(sum[:16])
}
