package report

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"zesei/internal/config"
	"zesei/internal/policy"
)

// Creators finds who made a resource: a mail address, a Slack member or a name
// in `people:`; empty where nobody knows.
type Creators func(ctx context.Context, account, region, resource string) (string, error)

// MostCreators is how many resources of one list CloudTrail is asked about: it
// answers two questions a second.
const MostCreators = 100

// Owners fills in account names and the owners of rows, in the order of
// `owner_from`. A row whose case has an owner keeps it, unless the creator comes
// first and is known. What CloudTrail did not tell is returned as notes.
func Owners(ctx context.Context, c *config.Config, account func(string) policy.Account, creators Creators, rows []Row) (notes []string) {
	asked, skipped, failed := 0, 0, error(nil)
	for i := range rows {
		r := &rows[i]
		a := account(r.Account)
		r.AccountName = a.Name
		resource := policy.Resource{Tags: r.tags}
		if creators != nil && AsksCreator(c, a, r.tags) {
			if asked++; asked > MostCreators {
				skipped++
			} else if who, err := creators(ctx, r.Account, r.Region, r.Resource); err != nil {
				failed = err
			} else if name := person(c, who); name != "" {
				r.Owner, r.OwnerWhy = c.OwnerOf(a, resource, address(c.People[name]))
				r.Person = name
				continue
			}
		}
		if r.Owner == "" {
			r.Owner, r.OwnerWhy = c.OwnerOf(a, resource, "")
		}
	}
	if failed != nil {
		notes = append(notes, fmt.Sprintf("CloudTrail did not tell who made some resources: %v", failed))
	}
	if skipped > 0 {
		notes = append(notes, fmt.Sprintf("CloudTrail was not asked about %d resources: at most %d are looked up for one list", skipped, MostCreators))
	}
	return notes
}

// AsksCreator says whether the creator would be asked for before an owner is
// found otherwise.
func AsksCreator(c *config.Config, a policy.Account, tags map[string]string) bool {
	for _, from := range c.OwnerFrom {
		key, tag := strings.CutPrefix(from, "tag:")
		switch {
		case from == "creator":
			return true
		case from == "account" && a.Owner != "", tag && c.OwnerNamed(tags[key]) != "":
			return false
		}
	}
	return false
}

// person is who in `people:` a creator is: by mail address, Slack member or
// name. One who belongs to no owner does not count.
func person(c *config.Config, who string) string {
	for name, p := range c.People {
		if who != "" && len(p.Owners) > 0 && address(p) != "" && (strings.EqualFold(p.Email, who) || p.Slack == who || strings.EqualFold(name, who)) {
			return name
		}
	}
	return ""
}

// Address is by what a creator is known in `people:`: the person's mail address,
// else their Slack member id; who itself where it is nobody there.
func Address(c *config.Config, who string) string {
	if name := person(c, who); name != "" {
		return address(c.People[name])
	}
	return who
}

func address(p config.Person) string {
	if p.Email != "" {
		return p.Email
	}
	return p.Slack
}

// trailPages bounds how far back Creator looks: 50 events a page, newest first,
// of at most 90 days (AWS CloudTrail API Reference, LookupEvents).
const trailPages = 4

// Creator asks CloudTrail who made a resource: the oldest event that names it
// and whose name begins with Create or Run. The answer is the session's name
// where it is a mail address, as IAM Identity Center makes it, else the user's;
// empty where the trail does not reach back.
func Creator(ctx context.Context, api cloudtrail.LookupEventsAPIClient, resource string) (string, error) {
	name := resource[strings.LastIndexAny(resource, "/:")+1:]
	p := cloudtrail.NewLookupEventsPaginator(api, &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{
		AttributeKey: types.LookupAttributeKeyResourceName, AttributeValue: aws.String(name),
	}}})
	made := ""
	for range trailPages {
		if !p.HasMorePages() {
			break
		}
		page, err := p.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("asking CloudTrail who made %s: %w", name, err)
		}
		for _, e := range page.Events {
			event := aws.ToString(e.EventName)
			if !strings.HasPrefix(event, "Create") && !strings.HasPrefix(event, "Run") || event == "CreateTags" {
				continue
			}
			if who := principal(aws.ToString(e.CloudTrailEvent)); who != "" {
				made = who
			}
		}
	}
	return made, nil
}

// principal is who a CloudTrail record says it was; empty where the call failed.
func principal(raw string) string {
	var record struct {
		ErrorCode    string `json:"errorCode"`
		UserIdentity struct {
			ARN      string `json:"arn"`
			UserName string `json:"userName"`
		} `json:"userIdentity"`
	}
	if json.Unmarshal([]byte(raw), &record) != nil || record.ErrorCode != "" {
		return ""
	}
	id := record.UserIdentity
	if id.UserName != "" {
		return id.UserName
	}
	return id.ARN[strings.LastIndexByte(id.ARN, '/')+1:]
}
