package fake

import (
	"net/http"
	"strconv"
)

// configService is as much of AWS Config as names its rules.
func configService() *service {
	return &service{
		name: "config", source: "config.amazonaws.com", protocol: jsonProtocol{},
		denied:     refusal{"AccessDeniedException", http.StatusBadRequest},
		throttled:  refusal{"ThrottlingException", http.StatusBadRequest},
		operations: map[string]operation{"DescribeConfigRules": read(describeConfigRules)},
	}
}

// ConfigRule is a rule of AWS Config.
type ConfigRule struct {
	Name string
	// Owner is AWS for a managed rule, else CUSTOM_LAMBDA or CUSTOM_POLICY.
	Owner string
	// Identifier of a managed rule, or the ARN of the function of another.
	Identifier string
}

// AddConfigRule adds a rule to an account and Region.
func (c *Cloud) AddConfigRule(account, region string, r ConfigRule) {
	c.locked(func() { at := c.region(account, region); at.rules = append(at.rules, r) })
}

// configPage is how many rules DescribeConfigRules returns at once.
const configPage = 25

func describeConfigRules(c *call) (any, error) {
	var in struct{ NextToken string }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	all := c.region().rules
	from := 0
	if in.NextToken != "" {
		var err error
		if from, err = strconv.Atoi(in.NextToken); err != nil || from < 0 || from > len(all) {
			return nil, fail(http.StatusBadRequest, "InvalidNextTokenException", "The specified next token is not valid.")
		}
	}
	to := min(len(all), from+configPage)
	list := []any{}
	for _, r := range all[from:to] {
		list = append(list, map[string]any{
			"ConfigRuleName": r.Name, "ConfigRuleState": "ACTIVE",
			"ConfigRuleArn": c.cloud.arn("config", c.regionName(), c.account(), "config-rule/"+r.Name),
			"Source":        map[string]any{"Owner": r.Owner, "SourceIdentifier": r.Identifier},
		})
	}
	out := map[string]any{"ConfigRules": list}
	if to < len(all) {
		out["NextToken"] = strconv.Itoa(to)
	}
	return out, nil
}
