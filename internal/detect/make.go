package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"zesei/internal/finding"
)

var (
	pathAccount   = Path{[]string{"account"}}
	pathRegion    = Path{[]string{"region"}}
	pathTime      = Path{[]string{"time"}}
	pathID        = Path{[]string{"id"}}
	pathEventTime = Path{[]string{"detail", "eventTime"}}
)

// ErrForged is in the error of Detect for an event that speaks for an account
// which its sender has no right to speak for.
var ErrForged = errors.New("the event speaks for another account")

// hit makes of a match what it says; none where a threshold is not reached or
// the event says nothing of a status.
func (b *Batch) hit(m entry, decoded any, raw []byte, now time.Time) ([]Hit, error) {
	r := m.rule
	if m.err != nil {
		return nil, m.err
	}
	h, err := b.happening(r, decoded, raw, now)
	if err != nil {
		return nil, err
	}
	since := m.since
	if r.Threshold != nil && !m.counted {
		var ok bool
		if since, ok, err = b.reached(r, h); err != nil || !ok {
			return nil, err
		}
	}
	one := Hit{Rule: r, Resources: r.resources(h), Event: h.id, Due: due(r.Due.first(decoded)), Session: session(pathARN.first(decoded))}
	f := &one.Finding
	*f = finding.Finding{
		Account: h.place.Account, Region: h.place.Region,
		Title: r.Title.In(b.engine.options.Language), Description: r.Text.first(decoded),
		Severity: r.Severity.of(decoded), RecordState: finding.Active, Workflow: finding.New,
		ObservedAt: h.at, UpdatedAt: h.at, CreatedAt: h.at,
		Actor: actor(decoded, h.at), Recheck: r.recheck(decoded),
		Closes: m.closes, Quiet: r.Quiet.Duration, Notice: r.Opens == OpensNotice, Raw: raw,
	}
	if r.Opens == OpensState {
		return b.states(one, h)
	}
	subject := one.subject(h.place)
	subject.Key.Kind = finding.Incident
	subject.Key.Region = h.place.Region
	subject.Key.Control = r.control(decoded)
	subject.Key.Discriminator = r.discriminator(h, subject.Key.Resource, since)
	f.Subjects = []finding.Subject{subject}
	one.finish(h)
	return []Hit{one}, nil
}

// origin is what an event says of where it comes from.
type origin struct{ sender, region, id, when string }

// happening reads whose the event is, where and when.
func (b *Batch) happening(r *Rule, decoded any, raw []byte, now time.Time) (*happening, error) {
	from := &origin{pathAccount.first(decoded), pathRegion.first(decoded), pathEventID.first(decoded), pathEventTime.first(decoded)}
	if from.id == "" {
		from.id = pathID.first(decoded)
	}
	if from.id == "" {
		from.id = hash(string(raw))
	}
	if from.when == "" {
		from.when = pathTime.first(decoded)
	}
	h, err := b.place(r, decoded, from, now)
	if err != nil {
		return nil, err
	}
	h.event = decoded
	return h, nil
}

// place settles whose the event is, where and when; decoded may be nil where
// the rule takes neither from the event's detail.
func (b *Batch) place(r *Rule, decoded any, from *origin, now time.Time) (*happening, error) {
	h := &happening{id: from.id}
	h.place = finding.Place{Account: r.Account.first(decoded), Region: strings.ToLower(r.Region.first(decoded))}
	if h.place.Account == "" {
		h.place.Account = from.sender
	}
	if h.place.Region == "" {
		h.place.Region = strings.ToLower(from.region)
	}
	if !isAccount(h.place.Account) {
		return nil, fmt.Errorf("account %q; expected 12 digits", h.place.Account)
	}
	if h.place.Account != from.sender && !b.engine.options.Trusted(from.sender, h.place.Account) {
		return nil, fmt.Errorf("account %s, brought by account %s, which is not its delegated administrator: %w", h.place.Account, from.sender, ErrForged)
	}
	if !isRegion.MatchString(h.place.Region) {
		return nil, fmt.Errorf("region %q; expected a Region such as ap-northeast-1", h.place.Region)
	}
	h.place.Partition = partitionOf(h.place.Region)
	if r.Region.Global {
		h.place.Region = "global"
	}
	var err error
	if h.at, err = time.Parse(time.RFC3339, from.when); err != nil {
		h.at = now
	}
	if latest := now.Add(maxAhead); h.at.After(latest) {
		h.at = latest
	}
	h.at = h.at.UTC()
	return h, nil
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

var isRegion = regexp.MustCompile(`^([a-z]+(-[a-z0-9]+)+-[0-9]{1,2}[a-z]?|global)$`)

func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// resources finds what the event is about.
func (r *Rule) resources(h *happening) (all []Resource) {
	for _, place := range r.Resource {
		kind := place.Type
		if path, err := parsePath(kind); err == nil {
			kind = path.first(h.event)
		}
		ids := place.ID.first(h.event)
		if kind == "" || len(ids) == 0 {
			continue
		}
		kind = finding.CloudFormationType(kind)
		for _, id := range ids {
			one := Resource{Type: kind, ARN: finding.CanonicalARN(kind, id, h.place), Region: h.place.Region}
			switch parts := strings.SplitN(one.ARN, ":", 6); {
			case one.ARN == finding.AccountARN(h.place.Partition, h.place.Account):
				one.Type = finding.AccountType
			case len(parts) == 6 && isRegion.MatchString(parts[3]):
				one.Region = parts[3]
			case len(parts) == 6 && parts[2] != "s3":
				one.Region = "global"
			}
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
		return all
	}
	return nil
}

// subject is the resource of the hit, the account where it names none.
func (one *Hit) subject(at finding.Place) finding.Subject {
	s := finding.Subject{
		Key: finding.Key{
			Partition: at.Partition, Account: at.Account, Region: at.Region,
			Resource: finding.AccountARN(at.Partition, at.Account),
		},
		ResourceType: finding.AccountType,
	}
	for i, other := range one.Resources {
		if i == 0 {
			s.Key.Resource, s.Key.Region, s.ResourceType = other.ARN, other.Region, other.Type
			continue
		}
		s.Others = append(s.Others, other.ARN)
	}
	return s
}

func (r *Rule) recheck(e any) (ids []string) {
	for _, id := range r.Recheck {
		path, err := parsePath(id)
		if err != nil {
			ids = append(ids, id)
			continue
		}
		for _, named := range path.values(e) {
			named = named[strings.LastIndexByte(named, '/')+1:]
			if controlForm.MatchString(named) && !slices.Contains(ids, named) {
				ids = append(ids, named)
			}
		}
	}
	return ids
}

func (r *Rule) control(e any) string {
	if name := r.Control.of(e); name != "" {
		return name
	}
	return r.Name()
}

// discriminator tells the incidents of a rule apart.
func (r *Rule) discriminator(h *happening, resource string, since time.Time) string {
	key := r.Key.of(h.event)
	switch {
	case key != "":
	case !since.IsZero() && !r.Threshold.Per.empty():
		key = strings.Join(r.Threshold.Per.values(h.event), ",")
	case !since.IsZero(), r.Opens == OpensIncident:
		key = resource
	default:
		key = h.id
	}
	if !since.IsZero() {
		key += "@" + since.Format(time.RFC3339)
	}
	return key
}

// finish settles who says it and by which hash a repetition is known.
func (one *Hit) finish(h *happening) {
	f, key := &one.Finding, &one.Finding.Subjects[0].Key
	f.Source = finding.Source{ProductARN: Product, ID: hash(key.Partition, key.Account, key.Region, key.Control, key.Discriminator)}
	if product := one.Rule.Product; product != "" {
		f.Source = finding.Source{
			ProductARN: "arn:" + h.place.Partition + ":securityhub:" + h.place.Region + "::product/aws/" + product,
			ID:         key.Discriminator,
		}
	}
	if key.Kind == finding.State {
		f.Source.ID = hash(f.Source.ID, key.Resource)
	}
	parts := []string{
		f.Source.ID, string(f.Severity), string(f.Status), string(f.RecordState), f.Description,
		fmt.Sprint(f.Closes), one.Due.String(), strings.Join(f.Recheck, ","), key.Resource,
	}
	if one.Rule.Product == "" {
		parts = append(parts, h.id) // another event of ours is news, another update of a product's finding is not
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	f.ContentHash = [16]byte(sum[:16])
}

// Product is the product part of the source of hits that are zesei's own
// statements.
const Product = "zesei/detect"

func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// due reads a date in one of the forms that AWS Health and EventBridge use.
func due(text string) time.Time {
	for _, form := range [...]string{time.RFC3339Nano, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 MST"} {
		if at, err := time.Parse(form, text); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}
