package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/event"
	"zesei/internal/finding"
	"zesei/internal/intake"
	"zesei/internal/policy"
	"zesei/internal/store"
)

type policyExplainCmd struct {
	Finding  []string `placeholder:"FILE|KEY" xor:"what" help:"Files with findings or events (- is standard input), or keys of cases."`
	Control  string   `placeholder:"ID" xor:"what" help:"A control, without any finding."`
	Severity string   `help:"With --control: CRITICAL, HIGH, MEDIUM, LOW or INFORMATIONAL (default: the catalogue's)."`
	Account  string   `help:"With --control: an account's id, or the name of a configured one."`
	Standard []string `help:"With --control: the standards that report it (default: all enabled ones that hold it)."`
	At       string   `placeholder:"TIME" help:"When the deadline starts, RFC 3339 (default: now; for a case, when it opened)."`
	Policy   string   `placeholder:"FILE" help:"Another policy than the configuration's: a file, or s2, strict or observe."`
}

// Run prints one decision for each problem. With --json a single decision is an
// object, several are an array.
func (c *policyExplainCmd) Run(e *env) error {
	if c.Control == "" && len(c.Finding) == 0 {
		return use("nothing to explain: give --finding FILE, --finding KEY or --control ID")
	}
	at, err := c.at()
	if err != nil {
		return err
	}
	conf, cat, err := e.files()
	if err != nil {
		return err
	}
	p, _, err := loadPolicy(conf, cat, c.Policy)
	if err != nil {
		return e.unread(err)
	}
	dir, err := newOwners(conf)
	if err != nil {
		return err
	}
	x := &explainer{e: e, config: conf, policy: p, rules: &casework.Rules{Policy: p, Directory: dir, Catalogue: cat}, at: at}
	if c.Control != "" {
		f, err := c.file(x)
		if err != nil {
			return err
		}
		x.explain(f, cmp.Or(at, e.Now()))
	}
	for _, name := range c.Finding {
		if err := x.finding(name); err != nil {
			return err
		}
	}
	return x.print()
}

func (c *policyExplainCmd) at() (time.Time, error) {
	if c.At == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, c.At)
	if err != nil {
		return t, use("--at %s: expected a time with its zone, such as 2027-04-28T09:00:00+09:00", c.At)
	}
	return t, nil
}

// file is the case that Security Hub's finding of the control would open.
func (c *policyExplainCmd) file(x *explainer) (*casefile.File, error) {
	one, ok := x.rules.Catalogue.Lookup(c.Control)
	if !ok {
		return nil, noControl(x.rules.Catalogue, c.Control)
	}
	severity := finding.Severity(strings.ToUpper(cmp.Or(c.Severity, one.Severity)))
	if severity.Rank() == 0 && severity != finding.Informational {
		return nil, use("--severity %s: expected CRITICAL, HIGH, MEDIUM, LOW or INFORMATIONAL", c.Severity)
	}
	standards := standardIDs(one)
	if len(c.Standard) > 0 {
		standards = nil
		for _, s := range c.Standard {
			is, ok := control.StandardByID(s)
			if !ok {
				return nil, use("--standard %s: expected one of %s", s, strings.Join(policy.Standards, ", "))
			}
			standards = append(standards, is.ID)
		}
	}
	account := c.Account
	if account != "" {
		if account = accountNamed(x.config, account); account == "" {
			return nil, use("--account %s: expected 12 digits or the name of a configured account", c.Account)
		}
	}
	f := &casefile.File{
		Key:      finding.Key{Kind: finding.State, Partition: "aws", Account: account, Control: one.ID},
		Severity: severity, Standards: standards,
	}
	if len(one.ResourceTypes) > 0 {
		f.ResourceType = one.ResourceTypes[0]
	}
	hub := finding.Source{ProductARN: "arn:aws:securityhub:::product/aws/securityhub"}
	f.Sources = map[[16]byte]casefile.Statement{hub.Hash(): {Source: hub, Status: finding.Failed, Severity: severity, Standards: standards}}
	return f, nil
}

// explainer collects decisions.
type explainer struct {
	e      *env
	config *config.Config
	policy *policy.Policy
	rules  *casework.Rules
	at     time.Time
	out    []explanation
}

// explanation is one decision with what it was asked about.
type explanation struct {
	input    policy.Input
	decision policy.Decision
	owner    string
	ownerWhy string
}

// explain asks exactly what casework asks.
func (x *explainer) explain(f *casefile.File, now time.Time) {
	in := x.rules.Input(f, now)
	d := x.policy.Decide(in)
	owner, why := x.rules.Directory.Owner(f.Key.Account, f.Life.Tags, f.Life.Creator)
	if d.Owner != "" {
		owner, why = d.Owner, "the policy sends it there: "+d.Rule
	}
	x.out = append(x.out, explanation{in, d, owner, why})
}

// finding explains what a file holds, or a case of the store.
func (x *explainer) finding(name string) error {
	if name == "-" {
		return x.read(x.e.In, "stdin")
	}
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		return x.read(f, name)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return wrongUse{err}
	}
	if len(name) < 4 || strings.Trim(strings.ToLower(name), "0123456789abcdef") != "" {
		return use("--finding %s: there is no such file, and it is no key of a case", name)
	}
	a, err := x.e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	c, err := x.e.find(a, name)
	if errors.Is(err, store.ErrNotFound) {
		return use("--finding %s: there is no such file, and no such case", name)
	}
	if err != nil {
		return err
	}
	x.explain(c, cmp.Or(x.at, c.OpenedAt))
	return nil
}

// read explains every finding of an input; one that cannot be read is told, and
// the next goes on.
func (x *explainer) read(r io.Reader, name string) error {
	anyAccount := finding.Trusted(func(string, string) bool { return true })
	decoder := finding.NewDecoder(intake.Controls{Catalogue: x.rules.Catalogue}, anyAccount)
	input := event.NewReader(r, name)
	found, bad := 0, 0
	for {
		item, err := input.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		findings, err := decoder.Decode(item, x.e.Now())
		if err != nil {
			bad++
			fmt.Fprintf(x.e.Err, "zesei: %v\n", err)
		}
		for i := range findings {
			for _, s := range findings[i].Subjects {
				found++
				x.explain(x.newFile(&findings[i], s), cmp.Or(x.at, x.e.Now()))
			}
		}
	}
	if found == 0 && bad == 0 {
		return use("%s holds no finding", name)
	}
	if found == 0 {
		return errFound
	}
	return nil
}

// newFile is the case that a finding would open.
func (x *explainer) newFile(f *finding.Finding, s finding.Subject) *casefile.File {
	c := &casefile.File{
		Key: s.Key, ResourceType: s.ResourceType, Title: f.Title, Severity: f.Severity, Standards: f.Standards,
		Sources: map[[16]byte]casefile.Statement{f.Source.Hash(): {Source: f.Source, Status: f.Status, RecordState: f.RecordState, Severity: f.Severity, Standards: f.Standards}},
		Life:    casefile.Life{Tags: s.Tags, Doubtful: f.Status == finding.Warning || f.Status == finding.NotAvailable},
	}
	if known := x.rules.Control(s.Key.Control); known.Known && (f.Status != finding.Failed || c.Severity == "") {
		c.Severity = known.Severity // what AWS writes beside another status says nothing of the control
	}
	return c
}

// owners answers from the configuration's accounts alone, without a cloud.
type owners struct {
	config   *config.Config
	accounts *config.Directory
}

var _ casework.Directory = (*owners)(nil)

func newOwners(c *config.Config) (*owners, error) {
	fetched, err := c.FileAccounts()
	if err != nil {
		return nil, err
	}
	return &owners{c, c.Directory(fetched...)}, nil
}

func (o *owners) Account(id string) policy.Account {
	a, _ := o.accounts.Account(id)
	return a
}

func (o *owners) Owner(account string, tags map[string]string, creator string) (string, string) {
	return o.config.OwnerOf(o.Account(account), policy.Resource{Tags: tags}, creator)
}

func (o *owners) Above(string) []string { return nil }

func (o *owners) Zone(owner string) *time.Location {
	if o.config.Owners[owner].Timezone == "" {
		return nil
	}
	return o.config.OwnerZone(owner)
}

func (o *owners) Channels(string) []string { return nil }

// accountNamed is the id of an account that a person means, by id or name.
func accountNamed(c *config.Config, s string) string {
	if len(s) == 12 && strings.Trim(s, "0123456789") == "" {
		return s
	}
	i := slices.IndexFunc(c.Accounts, func(r config.AccountRow) bool { return r.Name != "" && strings.EqualFold(r.Name, s) })
	if i < 0 {
		return ""
	}
	return string(c.Accounts[i].ID)
}
