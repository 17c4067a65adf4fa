package finding

import (
	"slices"
	"strings"
)

func accountSubject(control string, at Place, region string) Subject {
	return Subject{
		Key: Key{
			Kind: State, Partition: at.Partition, Account: at.Account, Region: region,
			Control: control, Resource: AccountARN(at.Partition, at.Account),
		},
		ResourceType: AccountType,
	}
}

// subjects are the resources that a state is about: those of the control's
// types, all where none is.
func (s *claim) subjects(control ControlRef, at Place) []Subject {
	all := make([]Subject, 0, len(s.resources))
	matched := false
	for i := range s.resources {
		one := s.resources[i].subject(at)
		ofType := control.covers(one.ResourceType)
		if ofType && !matched {
			matched = true
			all = all[:0]
		}
		if ofType != matched {
			continue
		}
		one.Key.Kind, one.Key.Control = State, control.ID
		if control.Global {
			one.Key.Region = "global"
		}
		if !slices.ContainsFunc(all, func(other Subject) bool { return other.Key == one.Key }) {
			all = append(all, one)
		}
	}
	return all
}

// covers says whether the control looks at resources of a type.
func (c ControlRef) covers(resourceType string) bool {
	for _, t := range c.ResourceTypes {
		if t == resourceType || CloudFormationType(t) == resourceType {
			return true
		}
	}
	return false
}

// subject places a resource: in the Region of its ARN (a multi-Region trail's is
// its home), else the one said of it, else the finding's; "global" for services
// without Regions.
func (r *thing) subject(at Place) Subject {
	where := at
	if region := strings.ToLower(r.region); isRegion(region) {
		where.Region = region
	}
	kind := CloudFormationType(clean(r.kind, 128))
	id := CanonicalARN(kind, clean(r.id, maxName), where)
	region := where.Region
	if a, ok := parseARN(id); ok {
		switch {
		case isRegion(a.region):
			region = a.region
		case a.service == "iam" && a.resource == "root":
			kind = AccountType
		case globalService(a.service):
			region = "global"
		}
	}
	return Subject{
		Key:          Key{Partition: at.Partition, Account: at.Account, Region: region, Resource: id},
		ResourceType: kind,
		Tags:         r.tags,
	}
}

// discriminator tells incidents apart by the source's own id. A Health event's
// is its ARN, to which Security Hub adds the account and an id of its own
// (arn:aws:health:{region}::event/{service}/{type}/{type and id}, "AWS Health
// events and Amazon EventBridge").
func discriminator(id string) string {
	a, ok := parseARN(id)
	if !ok {
		return id
	}
	if parts := strings.SplitN(a.resource, "/", 5); a.service == "health" && len(parts) >= 4 && parts[0] == "event" {
		a.account, a.resource = "", strings.Join(parts[:4], "/")
	}
	return a.String()
}
