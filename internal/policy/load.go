package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"cel.dev/cel-go/cel"

	"zesei/internal/calendar"
	"zesei/internal/config/document"
	"zesei/internal/finding"
)

// Problem is one mistake in a policy, Problems are all of them.
type (
	Problem  = document.Problem
	Problems = document.Problems
)

// Known is what a policy may refer to. A nil list is not checked against.
type Known struct {
	Owners       []string
	DefaultOwner string   // who gets what nobody classified, where the policy names nobody
	Accounts     []string // ids and names
	Environments []string
	Controls     []string // ids of the catalogue; a pattern must match one. Ids with a slash are other products' and are not checked
	Remedies     []string
	Zone         *time.Location                         // of deadlines where the policy names none; nil is UTC
	ReadFile     func(name string) ([]byte, error)      // for calendar.days; relative names are joined to the policy's folder
	Expand       func(reference string) (string, error) // for ${…}; nil: not expanded
}

// Policy is a policy that was read whole. It is immutable and safe for
// concurrent use.
type Policy struct {
	file      File
	name      string // base name of its file, for rules
	standards map[string]bool
	problem   map[finding.Status]bool
	unused    []glob
	exact     map[string]*override
	patterns  []*override
	rules     []*rule
	none      *rule // unclassified
	fix       []*fixRule
	forbid    []tagMark
	managed   []tagMark
	calendar  *calendar.Calendar
	zone      *time.Location
	hash      string
}

// check is the state of one Load.
type check struct {
	doc   *document.Doc
	known Known
	env   *cel.Env // made on the first `when`
	file  *File
	name  string
}

// Load reads a policy. The error is Problems: every mistake with file, line,
// column, field and a hint. data is not kept.
func Load(path string, data []byte, known Known) (*Policy, error) {
	c := &check{doc: document.Parse(path, data, known.Expand), known: known, file: &File{}, name: filepath.Base(path)}
	c.doc.Into(c.file)
	p := c.policy(path)
	if err := c.doc.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

func (c *check) policy(path string) *Policy {
	f := c.file
	p := &Policy{file: *f, name: c.name, unused: newGlobs(f.Unused), zone: c.known.Zone}
	c.words("standards", f.Standards, Standards)
	c.words("problem", f.Problem, statusNames)
	c.controls("unused", f.Unused)
	p.standards = map[string]bool{}
	for _, s := range f.Standards {
		p.standards[s] = true
	}
	p.problem = map[finding.Status]bool{}
	for _, s := range f.Problem {
		p.problem[finding.Status(s)] = true
	}
	if len(f.Problem) == 0 {
		p.problem[finding.Failed] = true
	}
	for severity := range f.Deadlines {
		c.oneOf("deadlines."+severity, severity, severityNames, true)
	}
	own := c.calendar(path, p)
	c.settings()
	c.overrides(p)
	c.responses(p)
	c.fixes(p)
	p.setDefaults()
	p.hash = hashOf(p.file, own)
	return p
}

func (c *check) settings() {
	f := c.file
	c.oneOf("notify.in", f.Notify.In, []string{"daily", "weekly", "monthly"}, false)
	c.oneOf("notify.then", f.Notify.Then, []string{"suppress", "keep"}, false)
	c.oneOf("tickets.closed_early", f.Tickets.ClosedEarly, []string{"reopen", "request"}, false)
	c.oneOf("tickets.per", f.Tickets.Per, []string{"case", "control"}, false)
	// A key that is read and does nothing would be believed.
	if f.Exceptions.Max.Duration() < f.Exceptions.Warn.Duration() && !f.Exceptions.Max.IsZero() {
		c.doc.Wrong("exceptions.warn", Problem{Message: "the warning would come before the exception begins", Expected: "less than exceptions.max (" + f.Exceptions.Max.String() + ")"})
	}
}

// calendar sets the policy's calendar and zone and returns the company's days.
func (c *check) calendar(path string, p *Policy) calendar.Days {
	f := c.file.Calendar
	if f.Timezone != "" {
		zone, err := time.LoadLocation(f.Timezone)
		if err != nil {
			c.doc.Wrong("calendar.timezone", Problem{Message: fmt.Sprintf("there is no time zone %q", f.Timezone), Expected: "an IANA name such as Asia/Tokyo"})
		}
		p.zone = zone
	}
	if p.zone == nil {
		p.zone = time.UTC
	}
	var end time.Duration
	if f.EndOfDay != "" {
		var err error
		if end, err = calendar.Clock(f.EndOfDay); err != nil {
			c.doc.Wrong("calendar.end_of_day", Problem{Message: err.Error()})
		}
	}
	own := c.companyDays(path, f.Days)
	switch f.Holidays {
	case "japan":
		p.calendar = calendar.Japan()
	case "weekends":
		p.calendar = calendar.Weekends()
	case "", "none":
		if !own.IsZero() || end != 0 {
			p.calendar = calendar.Weekends()
		}
	default:
		at := "calendar"
		if c.doc.Has("calendar.holidays") {
			at = "calendar.holidays"
		}
		c.oneOf(at, f.Holidays, []string{"japan", "weekends", "none"}, true)
	}
	if p.calendar != nil {
		p.calendar = p.calendar.With(own, end)
	}
	return own
}

func (c *check) companyDays(path, name string) calendar.Days {
	if name == "" {
		return calendar.Days{}
	}
	if c.known.ReadFile == nil {
		c.doc.Wrong("calendar.days", Problem{Message: "no file can be read here"})
		return calendar.Days{}
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(path), name)
	}
	data, err := c.known.ReadFile(name)
	if err != nil {
		c.doc.Wrong("calendar.days", Problem{Message: err.Error(), Hint: "the name is relative to the policy file"})
		return calendar.Days{}
	}
	days, err := calendar.ParseDays(name, data)
	if problems, ok := err.(Problems); ok { //nolint:errorlint // ParseDays returns Problems itself
		c.doc.Include(problems)
	}
	return days
}

// setDefaults states what holds where the file is silent.
func (p *Policy) setDefaults() {
	f := &p.file
	day := func(n int) calendar.Span { return calendar.Span{N: n, Unit: calendar.Day} }
	set := func(s *calendar.Span, to calendar.Span) {
		if s.IsZero() {
			*s = to
		}
	}
	set(&f.Quiet, day(7))
	set(&f.Exceptions.Max, day(180))
	if f.Exceptions.Max.Duration() > day(7).Duration() {
		set(&f.Exceptions.Warn, day(7))
	}
	word := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	word(&f.Notify.In, "monthly")
	word(&f.Notify.Then, "keep")
	word(&f.Tickets.ClosedEarly, "reopen")
	word(&f.Tickets.Per, "case")
	if f.Limits.Fixes == (Rate{}) {
		f.Limits.Fixes = Rate{20, time.Hour}
	}
	if f.Limits.PerAccount == (Rate{}) {
		f.Limits.PerAccount = Rate{5, time.Hour}
	}
}

// hashOf covers everything that can change a decision, and no comment or layout.
func hashOf(f File, own calendar.Days) string {
	data, err := json.Marshal(f)
	if err != nil {
		panic("policy: " + err.Error()) // every field of File is text, numbers or lists of them
	}
	sum := sha256.Sum256(append(data, own.String()...))
	return hex.EncodeToString(sum[:16])
}

// Hash identifies the policy's content: two files that differ in comments,
// layout or order of keys have the same one.
func (p *Policy) Hash() string { return p.hash }

// Name is the base name of the policy's file.
func (p *Policy) Name() string { return p.name }

// Enabled says whether the policy asks its responses for that standard.
func (p *Policy) Enabled(standard string) bool { return p.standards[standard] }

// Standards are the enabled standards in the order of the file.
func (p *Policy) Standards() []string { return slices.Clone(p.file.Standards) }

// Problem says whether an ACTIVE finding of that status opens a case.
func (p *Policy) Problem(status finding.Status) bool { return p.problem[status] }

// Unused says whether the policy lists the control under `unused:`.
func (p *Policy) Unused(control string) bool { return anyMatch(p.unused, control) }

// Calendar is the policy's calendar, nil where it has none.
func (p *Policy) Calendar() *calendar.Calendar { return p.calendar }

// Zone is where deadlines are seen from, unless the owner has a zone.
func (p *Policy) Zone() *time.Location { return p.zone }
