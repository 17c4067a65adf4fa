package policy

import (
	"strings"
	"time"

	"zesei/internal/calendar"
	"zesei/internal/finding"
)

// answer is what one rule said for one standard.
type answer struct {
	do   Response
	rule *rule
}

// Decide says what must happen with a case. It is a pure function of the policy
// and the input, and answers every input.
//
// `controls:` goes before everything; `unclassified:` before `responses:` for a
// control of no class. Otherwise the responses are asked once for each enabled
// standard of the input (once without a standard where there is none), the first
// rule that matches answers for that standard, and the strongest answer wins.
// Where nothing answers, the case is told (notify): a gap in a policy must not
// hide a finding.
func (p *Policy) Decide(in Input) Decision {
	f := facts{in: &in, class: in.Control.Class, severity: in.Severity, unused: anyMatch(p.unused, in.Control.ID)}
	if f.severity == "" {
		f.severity = in.Control.Severity
	}
	d := Decision{Hash: p.hash, Why: make([]Step, 0, 1+len(p.rules))}
	o := p.override(in.Control.ID)
	if o != nil {
		if o.class != "" {
			f.class = o.class
		}
		if o.level != "" {
			f.severity = o.level
		}
	}
	d.Class, d.Severity = f.class, f.severity

	win := p.answer(&d, &f, o)
	d.Response, d.Rule, d.Reason, d.Owner, d.Urgent = win.do, win.rule.id, win.rule.reason, win.rule.to, win.rule.urgent
	if o != nil && d.Owner == "" {
		d.Owner = o.to
	}
	if d.Owner == in.Owner {
		d.Owner = ""
	}
	if d.Response == Track {
		p.setDue(&d, &f, win.rule, o)
	}
	d.Fix = p.decideFix(&f, d.Response)
	return d
}

// gap answers where no rule does.
var gap = rule{id: "no rule", do: Notify, reason: "no rule of the policy answers for this case"}

func (p *Policy) override(control string) *override {
	if o := p.exact[control]; o != nil {
		return o
	}
	for _, o := range p.patterns {
		if o.pattern.match(control) {
			return o
		}
	}
	return nil
}

func (p *Policy) answer(d *Decision, f *facts, o *override) answer {
	if o != nil && o.do != "" {
		d.step("", &o.rule, true, "control "+f.in.Control.ID+" has an entry of its own")
		d.sayDisable(f, o.do)
		return answer{o.do, &o.rule}
	}
	if o != nil {
		d.step("", &o.rule, false, "the entry of control "+f.in.Control.ID+" says nothing of what to do; it sets "+o.sets())
	}
	if p.none != nil {
		if f.class == "" {
			d.step("", p.none, true, "nobody classified control "+f.in.Control.ID)
			return answer{p.none.do, p.none}
		}
	}
	var win answer
	asked := 0
	for _, s := range f.in.Standards {
		if p.standards[s] {
			asked++
			f.standard = s
			win = p.stronger(win, p.ask(d, f), f)
		}
	}
	if asked == 0 {
		win = p.ask(d, f)
	}
	f.standard = ""
	return win
}

// ask puts the responses in order, for one standard.
func (p *Policy) ask(d *Decision, f *facts) answer {
	for _, r := range p.rules {
		ok, why := r.match(f)
		d.step(f.standard, r, ok, why)
		if ok {
			d.sayDisable(f, r.do)
			return answer{r.do, r}
		}
	}
	d.step(f.standard, &gap, true, "no rule of responses matches, so the case is told")
	return answer{gap.do, &gap}
}

// stronger takes the stronger answer, of two that track the earlier deadline,
// else the first.
func (p *Policy) stronger(a, b answer, f *facts) answer {
	switch {
	case a.rule == nil, b.do.strength() > a.do.strength():
		return b
	case a.do != Track || b.do != Track || a.rule.due == b.rule.due:
		return a
	}
	if p.deadline(f, b.rule.due).At.Before(p.deadline(f, a.rule.due).At) {
		return b
	}
	return a
}

func (d *Decision) step(standard string, r *rule, matched bool, why string) {
	s := Step{Standard: standard, Rule: r.id, Matched: matched, Why: why}
	if matched {
		s.Response = r.do
	}
	d.Why = append(d.Why, s)
}

// sayDisable tells what a disabled control means today: nothing is disabled
// because a finding came.
func (d *Decision) sayDisable(f *facts, do Response) {
	if do != Disable {
		return
	}
	where := "every enabled standard"
	if f.standard != "" {
		where = f.standard
	}
	last := &d.Why[len(d.Why)-1]
	last.Why += "; the case is suppressed for now, and `zesei control apply` would disable " + f.in.Control.ID + " in " + where
}

func (o *override) sets() string {
	var parts []string
	for _, s := range []struct{ name, value string }{{"class ", o.class}, {"severity ", string(o.level)}, {"due ", o.due.String()}, {"owner ", o.to}} {
		if s.value != "" {
			parts = append(parts, s.name+s.value)
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// setDue states the deadline. The control's own entry goes before the rule, and
// the rule before the severity.
func (p *Policy) setDue(d *Decision, f *facts, r *rule, o *override) {
	span := r.due
	if o != nil && !o.due.IsZero() {
		span = o.due
	}
	at := p.deadline(f, span)
	if at.At.IsZero() {
		d.DueWhy = "no deadline is set for severity " + orNone(string(f.severity))
		d.DueWhyJA = "重要度 " + orNone(string(f.severity)) + " には期限が定められていません"
		return
	}
	d.Due, d.DueWhy, d.DueWhyJA, d.DueMoved = at.At, at.Text("en"), at.Text("ja"), at.Shifted()
	// What is CRITICAL is told at once even on a first import, and is due as usual.
	if !f.in.Backlog || p.file.Backlog.IsZero() || f.severity == finding.Critical {
		return
	}
	later := p.spread(f)
	if later.At.After(d.Due) {
		d.Due, d.DueMoved = later.At, later.Shifted()
		d.DueWhy = "first import, spread over " + p.file.Backlog.String() + ": " + later.Text("en")
		d.DueWhyJA = "初回取り込みのため" + p.file.Backlog.In("ja") + "に分散: " + later.Text("ja")
	}
}

// deadline is when the case is due by span, or by its severity where there is
// none; zero where that has no deadline either.
func (p *Policy) deadline(f *facts, span calendar.Span) calendar.Deadline {
	if span.IsZero() {
		span = p.file.Deadlines[string(f.severity)]
	}
	if span.IsZero() {
		return calendar.Deadline{}
	}
	return calendar.After(f.in.Now, span, p.calendar, p.zoneOf(f.in))
}

// spread is the case's place in the backlog.
func (p *Policy) spread(f *facts) calendar.Deadline {
	const day = 24 * time.Hour
	share := min(max(f.in.Spread, 0), 1)
	if share != share { // not a number
		share = 1
	}
	days := max(1, int(share*float64(p.file.Backlog.Duration()/day)))
	return calendar.After(f.in.Now, calendar.Span{N: days, Unit: calendar.Day}, p.calendar, p.zoneOf(f.in))
}

func (p *Policy) zoneOf(in *Input) *time.Location {
	if in.Zone != nil {
		return in.Zone
	}
	return p.zone
}
