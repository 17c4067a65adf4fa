package report

import (
	"context"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Console makes links into Security Hub's console of one Region: the one that
// findings of the others are aggregated to. Where none is known, a link leads to
// the Region in which most open cases of its filter stand.
type Console struct {
	Region string

	open []store.OpenPlace
}

// mostPlaced is how many open cases are looked at to find a Region.
const mostPlaced = 10_000

// placed is the console that knows where open cases stand, if it has to.
func (c *Console) placed(ctx context.Context, q store.Querier, owner string) (*Console, error) {
	if c == nil || c.Region != "" {
		return c, nil
	}
	open, err := store.OpenPlaces(ctx, q, owner, mostPlaced)
	return &Console{open: open}, err
}

// at is the console of one Region for a filter; of several with as many cases it
// is the first by name. "global" is no Region of a console.
func (c Console) at(w Wanted) Console {
	if c.Region != "" {
		return c
	}
	count := map[string]int{}
	for _, p := range c.open {
		if regionName.MatchString(p.Region) && (w.Control == "" || w.Control == p.Control) &&
			(w.Severity == "" || w.Severity.Rank() == p.Severity) && (w.Standard == "" || slices.Contains(list(p.Standards), w.Standard)) {
			count[p.Region] += p.Open
		}
	}
	for _, region := range slices.Sorted(maps.Keys(count)) {
		if count[region] > count[c.Region] {
			c.Region = region
		}
	}
	return c
}

// Wanted is what a link shows of the failed findings. Empty fields want all.
type Wanted struct {
	Standard string // our id
	Control  string
	Severity finding.Severity
	Accounts []string // left out where there are more than a filter takes
}

var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)

// partition of a Region, and the host under which the partition's consoles are.
func (c Console) partition() (id, host string) {
	switch {
	case strings.HasPrefix(c.Region, "cn-"):
		return "aws-cn", "console.amazonaws.cn"
	case strings.HasPrefix(c.Region, "us-gov-"):
		return "aws-us-gov", "console.amazonaws-us-gov.com"
	}
	return "aws", "console.aws.amazon.com"
}

// Findings is the address of the findings page under a filter: FAILED, NEW or
// NOTIFIED, ACTIVE, as GetFindings is asked for them. "" where the Region or the
// standard is not known.
//
// The page keeps its filter behind the # as search=NAME=\operator\:EQUALS\:VALUE,
// joined by &, names as in AwsSecurityFindingFilters; values are escaped once for
// the filter and all of it once more for the address. Several values of one name
// are joined by or.
func (c Console) Findings(w Wanted) string {
	c = c.at(w)
	if !regionName.MatchString(c.Region) {
		return ""
	}
	partition, host := c.partition()
	var terms []string
	add := func(name string, values ...string) {
		for _, v := range values {
			terms = append(terms, name+"="+escape(`\operator\:EQUALS\:`+v))
		}
	}
	if w.Standard != "" {
		s, ok := control.StandardByID(w.Standard)
		if !ok {
			return ""
		}
		arn := s.ARN(partition, c.Region)
		add("ComplianceAssociatedStandardsId", arn[strings.LastIndexByte(arn, ':')+1:])
	}
	if w.Control != "" {
		add("ComplianceSecurityControlId", w.Control)
	}
	if w.Severity != "" {
		add("SeverityLabel", string(w.Severity))
	}
	if len(w.Accounts) <= perFilter {
		add("AwsAccountId", w.Accounts...)
	}
	add("ComplianceStatus", "FAILED")
	add("WorkflowStatus", "NEW", "NOTIFIED")
	add("RecordState", "ACTIVE")
	return "https://" + c.Region + "." + host + "/securityhub/home?region=" + c.Region + "#/findings?search=" + escape(strings.Join(terms, "&"))
}

// escape is JavaScript's encodeURIComponent, which the page uses: unlike
// QueryEscape it writes a blank as %20.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// webLink is an address that may be followed from a report: http or https with a
// host; anything else becomes "".
func webLink(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}
