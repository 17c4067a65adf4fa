package casework

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/exception"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Exported is an exception as it is understood without the store, and as every
// question whether it covers something is asked: one case becomes its control and
// resource. f is that case; nil where it covers more than one.
func Exported(x store.Exception, f *casefile.File) exception.Exception {
	out := exception.Exception{
		ID: x.ID, Control: x.Scope.Control, Account: x.Scope.Account, Region: x.Scope.Region, Owner: x.Scope.Owner, Resource: x.Scope.Resource, Tag: x.Scope.Tag,
		Reason: x.Reason, Evidence: x.Evidence, ApprovedBy: x.ApprovedBy, ExpiresAt: exception.Time{Time: x.ExpiresAt.UTC()},
	}
	if f != nil {
		out.Control, out.Account, out.Region, out.Resource = f.Key.Control, f.Key.Account, f.Key.Region, f.Key.Resource
	}
	if out.Resource != "" {
		out.Name = shortName(out.Resource)
	}
	return out
}

// covers says whether an exception over more than one case covers this one. It
// covers broken controls only: a happening is accepted one by one. A case whose
// tags nobody could read is covered by no tag.
func covers(x store.Exception, f *casefile.File, now time.Time) bool {
	return x.Wide() && x.State == store.ExceptionActive && f.Key.Kind == finding.State && Exported(x, nil).Covers(exception.Subject{
		Control: f.Key.Control, Account: f.Key.Account, Region: f.Key.Region, Owner: f.Terms.Owner, Resource: f.Key.Resource,
		Tags: f.Life.Tags, TagsUnread: f.Life.Tags == nil,
	}, now)
}

// checkEnd holds an exception to the longest time that the policy allows.
func (r *Rules) checkEnd(until, now time.Time) error {
	if !until.After(now) {
		return refused("an exception needs an end in the future: %s has passed", until.Format(time.RFC3339))
	}
	if r.Exceptions.Latest == nil {
		return nil
	}
	if last := r.Exceptions.Latest(now); until.After(last) {
		return refused("the policy (exceptions.max) accepts a risk until %s at most, not until %s", last.Format("2006-01-02 15:04 MST"), until.In(last.Location()).Format("2006-01-02 15:04 MST"))
	}
	return nil
}

// checkEvidence takes addresses that begin with https:// only.
func checkEvidence(link string) error {
	if link == "" {
		return nil
	}
	if u, err := url.Parse(link); err != nil || u.Scheme != "https" || u.Host == "" {
		return refused("evidence %q: expected an address that begins with https://", link)
	}
	return nil
}

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	regionID  = regexp.MustCompile(`^(global|[a-z]{2,}(-[a-z]+)+-[0-9]+)$`)
)

// checkScope says whether a scope is narrow enough and names things that there
// are, and returns it as it is compared.
func (r *Rules) checkScope(s store.Scope) (store.Scope, error) {
	s.Case = ""
	if s.Control != "" {
		c, known := r.Catalogue.Lookup(s.Control)
		switch {
		case known:
			s.Control = c.ID
		case !strings.Contains(s.Control, "/"):
			return s, refused("there is no control %q: `zesei control list` shows them (what a detection rule finds is accepted one case at a time)", s.Control)
		}
	}
	if s.Account != "" && !accountID.MatchString(s.Account) {
		return s, refused("account %q: expected 12 digits", s.Account)
	}
	if s.Region != "" && !regionID.MatchString(s.Region) {
		return s, refused("region %q: expected a Region such as ap-northeast-1, or global", s.Region)
	}
	if s.Owner != "" && r.Exceptions.Owner != nil && !r.Exceptions.Owner(s.Owner) {
		return s, refused("there is no owner %q in the configuration (owners:)", s.Owner)
	}
	if s.Owner != "" && s.Owner == r.Exceptions.DefaultOwner && s.Account == "" {
		return s, refused("%s is the default owner, who also gets whatever nobody is known to own: name an account beside it", s.Owner)
	}
	if s.Tag != "" {
		if key, value, ok := strings.Cut(s.Tag, "="); !ok || key == "" || value == "" {
			return s, refused("tag %q: expected name=value", s.Tag)
		}
	}
	if s.Resource != "" {
		if p := strings.SplitN(s.Resource, ":", 6); len(p) != 6 || p[0] != "arn" || p[5] == "" || strings.ContainsAny(s.Resource, "*? ") {
			return s, refused("resource %q: expected the ARN of one resource", s.Resource)
		}
		s.Resource = finding.CanonicalARN("", s.Resource, finding.Place{})
		if strings.HasSuffix(s.Resource, ":root") && s.Control == "" {
			return s, refused("%s is the account itself: an exception on it names a control too", s.Resource)
		}
	}
	if !Exported(store.Exception{Scope: s}, nil).Bounded() {
		return s, refused("the exception would cover too much: it names a case, a resource, or a control or tag together with an account or owner")
	}
	return s, nil
}
