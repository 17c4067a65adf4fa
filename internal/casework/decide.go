package casework

import (
	"encoding/binary"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/policy"
)

// Input is what the policy is asked about a case. It is exported because
// `policy explain` and replay must ask exactly what casework asks.
func (r *Rules) Input(f *casefile.File, now time.Time) policy.Input {
	in := policy.Input{
		Severity:  f.Severity,
		Status:    finding.Failed,
		Source:    product(f),
		Standards: f.Standards,
		Account:   r.Directory.Account(f.Key.Account),
		Resource: policy.Resource{
			Type: f.ResourceType, ID: f.Key.Resource, Name: shortName(f.Key.Resource), Tags: f.Life.Tags,
		},
		Now:     now,
		Backlog: f.Life.Backlog,
		Spread:  spread(f.Key),
	}
	if f.Life.Doubtful {
		in.Status = finding.Warning
	}
	in.Owner, _ = r.Directory.Owner(f.Key.Account, f.Life.Tags, f.Life.Creator)
	in.Zone = r.Directory.Zone(in.Owner)
	in.Control = r.Control(f.Key.Control)
	if in.Control.Severity == "" {
		in.Control.Severity = f.Severity
	}
	return in
}

// Control is what the policy may know of a control.
func (r *Rules) Control(id string) policy.Control {
	c, ok := r.Catalogue.Lookup(id)
	if !ok {
		service, _, _ := strings.Cut(id, "/")
		return policy.Control{ID: id, Service: service}
	}
	return policy.Control{ID: c.ID, Class: c.Class, Severity: finding.Severity(c.Severity), Service: c.Service, Known: true, Remedy: c.Remedy}
}

// decide asks the policy about a case whose deadline counts from a time.
func (r *Rules) decide(f *casefile.File, start time.Time) casefile.Terms {
	in := r.Input(f, start)
	d := r.Policy.Decide(in)
	t := casefile.Terms{
		Response: string(d.Response), Class: d.Class, Due: d.Due, DueWhy: d.DueWhy, DueWhyJA: d.DueWhyJA, DueMoved: d.DueMoved, Rule: d.Rule, Reason: d.Reason,
		FixMode: string(d.Fix.Mode), FixWhy: d.Fix.Why, Urgent: d.Urgent, Policy: r.Policy.Hash(), Owner: d.Owner,
	}
	if at := f.Life.EventDue; !at.IsZero() && t.Response != string(policy.Suppress) {
		t.DueMoved = false
		t.Due, t.DueWhy, t.DueWhyJA = at, "the date that the event itself sets", "通知元のイベントが定める期日"
	}
	if t.Owner == "" {
		t.Owner, t.OwnerWhy = r.Directory.Owner(f.Key.Account, f.Life.Tags, f.Life.Creator)
	} else {
		t.OwnerWhy = "policy " + d.Rule
	}
	return t
}

// env is the surroundings of one case for the rules of casefile.
func (r *Rules) env(f *casefile.File, now time.Time) casefile.Env {
	e := casefile.Env{
		Now: now, Problem: r.Policy.Problem, Grace: Grace, Quiet: r.Quiet,
		Decide: func(f *casefile.File, start time.Time) casefile.Terms { return r.decide(f, start) },
	}
	if c, ok := r.Catalogue.Lookup(f.Key.Control); ok {
		e.Catalog = finding.Severity(c.Severity)
	}
	e.Readable = r.CanRead != nil && f.Key.Kind == finding.State && r.CanRead(f.Key.Account, f.Key.Control)
	return e
}

func (r *Rules) quiet() time.Duration {
	if r.Quiet > 0 {
		return r.Quiet
	}
	return 7 * 24 * time.Hour
}

// product names who reports a case: the last part of the product ARN.
func product(f *casefile.File) string {
	for _, s := range f.Sources {
		p := s.Source.ProductARN
		return p[strings.LastIndexByte(p, '/')+1:]
	}
	return finding.LiveCheck
}

// shortName is the last part of an ARN: bucket name, group id.
func shortName(arn string) string {
	if i := strings.LastIndexAny(arn, "/:"); i >= 0 {
		return arn[i+1:]
	}
	return arn
}

// spread is a number in [0,1) that a case keeps for ever: it spreads the
// deadlines of a first import.
func spread(k finding.Key) float64 {
	h := k.Hash()
	return float64(binary.BigEndian.Uint32(h[:4])) / (1 << 32)
}
