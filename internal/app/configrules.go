package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"zesei/internal/awscloud"
	"zesei/internal/event"
)

// configRules knows the identifiers of the managed rules of AWS Config by the
// names that accounts gave them: the event of a rule says only its name. They are
// fetched before a batch is committed, never inside of its transaction; what is
// not known then stays a rule of its own.
type configRules struct {
	cloud *awscloud.Cloud
	reads func(account string) bool
	now   func() time.Time
	log   *slog.Logger

	mu    sync.Mutex
	known map[[2]string]*rulesThere // by account and Region
}

// rulesThere are the managed rules of one account and Region.
type rulesThere struct {
	asking      sync.Mutex // who comes while they are asked for waits
	at          time.Time  // of the last attempt; guarded by asking
	identifiers map[string]string
}

// Rules are asked for again when a name is not known, at most this often, and
// that long is waited for an answer.
const (
	rulesAgain   = 10 * time.Minute
	rulesPatient = 10 * time.Second
)

// identifier of a managed rule by its name, from what is known.
func (c *configRules) identifier(account, region, name string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	there := c.known[[2]string{account, region}]
	if there == nil {
		return "", false
	}
	id, ok := there.identifiers[name]
	return id, ok
}

// learn fetches the rules that an event of AWS Config makes necessary. Only the
// account that the event comes from is asked.
func (c *configRules) learn(item event.Item) {
	if item.Format != event.OtherEvent || !bytes.Contains(item.Raw, []byte(`"Config Rules Compliance Change"`)) {
		return
	}
	var e struct {
		Account string
		Detail  struct {
			Account string `json:"awsAccountId"`
			Region  string `json:"awsRegion"`
			Name    string `json:"configRuleName"`
		}
	}
	if json.Unmarshal(item.Raw, &e) != nil || e.Account != e.Detail.Account || !c.reads(e.Account) || !aRegion.MatchString(e.Detail.Region) {
		return
	}
	if e.Detail.Name == "" || strings.HasPrefix(e.Detail.Name, "securityhub-") {
		return // Security Hub's own rules have the identifier in their name
	}
	there := c.there(e.Account, e.Detail.Region)
	there.asking.Lock()
	defer there.asking.Unlock()
	if _, ok := c.identifier(e.Account, e.Detail.Region, e.Detail.Name); ok || c.now().Sub(there.at) < rulesAgain {
		return
	}
	there.at = c.now()
	ctx, cancel := context.WithTimeout(context.Background(), rulesPatient)
	defer cancel()
	got, err := c.fetch(ctx, e.Account, e.Detail.Region)
	if err != nil {
		c.log.Warn("the rules of AWS Config cannot be read: what they say stands apart from the controls behind them", "account", e.Account, "region", e.Detail.Region, "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	there.identifiers = got
}

var aRegion = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

func (c *configRules) there(account, region string) *rulesThere {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]string{account, region}
	if c.known[key] == nil {
		c.known[key] = &rulesThere{}
	}
	return c.known[key]
}

func (c *configRules) fetch(ctx context.Context, account, region string) (map[string]string, error) {
	cfg, err := c.cloud.For(ctx, account, region, awscloud.Read, "")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	pages := configservice.NewDescribeConfigRulesPaginator(configservice.NewFromConfig(cfg), &configservice.DescribeConfigRulesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describing the rules of AWS Config: %w", err)
		}
		for _, r := range page.ConfigRules {
			if r.Source != nil && r.Source.Owner == types.OwnerAws {
				out[aws.ToString(r.ConfigRuleName)] = aws.ToString(r.Source.SourceIdentifier)
			}
		}
	}
	return out, nil
}
