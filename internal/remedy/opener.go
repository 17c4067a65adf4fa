package remedy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"zesei/internal/finding"
	"zesei/internal/remedy/traffic"
)

// trailPages bounds how far back Opener looks: LookupEvents gives 50 events a
// page, newest first, of at most 90 days, and allows two calls a second
// (AWS CloudTrail API Reference, LookupEvents).
const trailPages = 4

// Opener asks CloudTrail who opened what the plan closes, and when. It names the
// newest event that made one of the removed entries (or changed the setting)
// before now. An Actor with an empty Principal means unknown: the trail does not
// tell, or not any more. An error never matters to the fix.
func (e *Engine) Opener(ctx context.Context, p Plan) (finding.Actor, error) {
	r, ok := Named(p.Remedy)
	if !ok || p.ResourceID == "" {
		return finding.Actor{}, nil
	}
	api, err := e.Clients.Trail(ctx, p.Ref)
	if err != nil {
		return finding.Actor{}, fmt.Errorf("ask CloudTrail who opened %s: %w", p.ResourceID, err)
	}
	in := &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{
		AttributeKey: types.LookupAttributeKeyResourceName, AttributeValue: aws.String(p.ResourceID),
	}}}
	names := r.About().Events
	for range trailPages {
		out, err := api.LookupEvents(ctx, in)
		if err != nil {
			return finding.Actor{}, fmt.Errorf("ask CloudTrail who opened %s: %w", p.ResourceID, err)
		}
		for _, ev := range out.Events {
			if a, ok := opened(p, names, aws.ToString(ev.CloudTrailEvent)); ok {
				return a, nil
			}
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	return finding.Actor{}, nil
}

// trailRecord is what is read of a CloudTrail record.
type trailRecord struct {
	EventName    string          `json:"eventName"`
	EventID      string          `json:"eventID"`
	EventTime    time.Time       `json:"eventTime"`
	Address      string          `json:"sourceIPAddress"`
	UserAgent    string          `json:"userAgent"`
	ErrorCode    string          `json:"errorCode"`
	Request      json.RawMessage `json:"requestParameters"`
	Response     json.RawMessage `json:"responseElements"`
	UserIdentity struct {
		Type     string `json:"type"`
		ARN      string `json:"arn"`
		UserName string `json:"userName"`
		Invoked  string `json:"invokedBy"`
		Session  struct {
			Issuer struct {
				UserName string `json:"userName"`
			} `json:"sessionIssuer"`
		} `json:"sessionContext"`
	} `json:"userIdentity"`
}

// opened reads one record and says whether it opened what the plan closes.
func opened(p Plan, names []string, raw string) (finding.Actor, bool) {
	var rec trailRecord
	if err := json.Unmarshal([]byte(raw), &rec); err != nil || rec.ErrorCode != "" || !slices.Contains(names, rec.EventName) {
		return finding.Actor{}, false
	}
	if !strings.HasPrefix(p.Remedy, "s3-") && !madeRule(p, rec) {
		return finding.Actor{}, false
	}
	who := rec.UserIdentity
	a := finding.Actor{
		Principal: who.ARN, Name: who.UserName, Address: rec.Address, UserAgent: rec.UserAgent,
		Event: rec.EventName, EventID: rec.EventID, At: rec.EventTime,
	}
	if a.Name == "" {
		a.Name = who.Session.Issuer.UserName
	}
	if a.Principal == "" {
		a.Principal = who.Invoked
	}
	if a.Principal == "" {
		a.Principal = strings.ToLower(who.Type)
	}
	return a, a.Principal != ""
}

// madeRule says whether the record made one of the entries that the plan
// removes: it names the rule's id, or its protocol, range and network.
func madeRule(p Plan, rec trailRecord) bool {
	var prior []traffic.Rule
	if err := json.Unmarshal(p.Prior, &prior); err != nil {
		return false
	}
	removed := map[string]bool{}
	for _, s := range p.Steps {
		if call, adds, _, err := readGroupStep(s); err == nil && !adds {
			for _, id := range call.SecurityGroupRuleIDs {
				removed[id] = true
			}
		}
	}
	body := string(rec.Request) + string(rec.Response)
	for _, r := range prior {
		if !removed[r.ID] {
			continue
		}
		if strings.Contains(body, `"`+r.ID+`"`) {
			return true
		}
		if r.Egress == strings.HasSuffix(rec.EventName, "Egress") && slices.ContainsFunc(trailRules(rec.Request, r.Egress), r.Same) {
			return true
		}
	}
	return false
}

// trailItems is how CloudTrail writes a list of EC2.
type trailItems[T any] struct {
	Items []T `json:"items"`
}

// trailRules are the entries that an Authorize… record asked for.
func trailRules(request json.RawMessage, egress bool) []traffic.Rule {
	var asked struct {
		Permissions trailItems[struct {
			Protocol string `json:"ipProtocol"`
			From     *int   `json:"fromPort"`
			To       *int   `json:"toPort"`
			Ranges   trailItems[struct {
				CIDR string `json:"cidrIp"`
			}] `json:"ipRanges"`
			Ranges6 trailItems[struct {
				CIDR string `json:"cidrIpv6"`
			}] `json:"ipv6Ranges"`
			Groups trailItems[struct {
				ID string `json:"groupId"`
			}] `json:"groups"`
			Lists trailItems[struct {
				ID string `json:"prefixListId"`
			}] `json:"prefixListIds"`
		}] `json:"ipPermissions"`
	}
	if json.Unmarshal(request, &asked) != nil {
		return nil
	}
	var out []traffic.Rule
	for _, p := range asked.Permissions.Items {
		base := traffic.Rule{Egress: egress, Protocol: p.Protocol, From: -1, To: -1}
		if p.From != nil && p.To != nil {
			base.From, base.To = *p.From, *p.To
		}
		add := func(set func(*traffic.Rule)) {
			r := base
			set(&r)
			out = append(out, r.Normal())
		}
		for _, x := range p.Ranges.Items {
			add(func(r *traffic.Rule) { r.CIDR = x.CIDR })
		}
		for _, x := range p.Ranges6.Items {
			add(func(r *traffic.Rule) { r.CIDR = x.CIDR })
		}
		for _, x := range p.Groups.Items {
			add(func(r *traffic.Rule) { r.Group = x.ID })
		}
		for _, x := range p.Lists.Items {
			add(func(r *traffic.Rule) { r.PrefixList = x.ID })
		}
	}
	return out
}
