package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"zesei/internal/app"
	"zesei/internal/config/document"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/remedy"
)

type controlCmd struct {
	List   controlListCmd   `cmd:"" help:"List the controls of the catalogue."`
	Show   controlShowCmd   `cmd:"" help:"Show one control: what it demands, who demands it, how zesei checks and mends it."`
	Unused controlUnusedCmd `cmd:"" help:"List controls without data for 30 days in any account, as the policy's unused: list."`
	Plan   controlPlanCmd   `cmd:"" help:"Show what would be enabled and disabled across accounts, Regions and standards. Exit code 1 when something cannot be read."`
	Apply  controlApplyCmd  `cmd:"" help:"Enable and disable controls as wanted. Exit code 1 when not everything is."`
	Import controlImportCmd `cmd:"" help:"Write how controls stand as a file that control plan reads."`
	Log    controlLogCmd    `cmd:"" help:"Show what was changed, by whom, and how it stood before."`
}

type controlListCmd struct {
	Standard  []string `help:"Only controls of these standards: fsbp, cis-1.4, pci-dss-4.0.1 …"`
	Class     []string `help:"essential, availability, logging, encryption-in-transit, encryption-at-rest or other."`
	Service   []string `help:"Services, as the id has them before the dot: S3, EC2."`
	Checkable bool     `help:"Only controls that zesei can check itself."`
	Lang      string   `enum:"ja,en," default:"" help:"Language of the titles (default: the configuration's)."`
}

func (c *controlListCmd) Run(e *env) error {
	cat, lang, err := e.catalogue(c.Lang)
	if err != nil {
		return err
	}
	var standards []string
	for _, s := range c.Standard {
		is, ok := control.StandardByID(s)
		if !ok {
			return use("--standard %s: expected %s%s", s, document.OneOf(policy.Standards), hint(document.DidYouMean(s, policy.Standards)))
		}
		standards = append(standards, is.ID)
	}
	for _, s := range c.Class {
		if !slices.Contains(policy.Classes, s) {
			return use("--class %s: expected %s%s", s, document.OneOf(policy.Classes), hint(document.DidYouMean(s, policy.Classes)))
		}
	}
	var services []string
	for _, one := range cat.All() {
		if !slices.Contains(services, one.Service) {
			services = append(services, one.Service)
		}
	}
	for _, s := range c.Service {
		if !slices.ContainsFunc(services, func(k string) bool { return strings.EqualFold(k, s) }) {
			return use("--service %s: no control is of that service%s", s, hint(document.DidYouMean(s, services)))
		}
	}
	var list []*control.Control
	for _, one := range cat.All() {
		in := func(s string) bool { _, ok := one.Standards[s]; return ok }
		switch {
		case len(standards) > 0 && !slices.ContainsFunc(standards, in):
		case len(c.Class) > 0 && !slices.Contains(c.Class, one.Class):
		case len(c.Service) > 0 && !slices.ContainsFunc(c.Service, func(s string) bool { return strings.EqualFold(s, one.Service) }):
		case c.Checkable && one.Fail == "":
		default:
			list = append(list, one)
		}
	}
	return printControls(e, list, lang)
}

func hint(s string) string {
	if s == "" {
		return ""
	}
	return "; " + s
}

func printControls(e *env, list []*control.Control, lang string) error {
	if e.root.JSON {
		out := make([]controlJSON, len(list))
		for i, c := range list {
			out[i] = controlToJSON(c)
		}
		return e.print(out)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(e.Out, "no controls")
		return err
	}
	var rows [][]string
	for _, c := range list {
		title := c.Title.In(lang)
		if c.Retired {
			title += " (retired)"
		}
		check := "-"
		if c.Fail != "" {
			check = "yes"
		}
		rows = append(rows, []string{c.ID, c.Severity, dash(c.Class), check, dash(c.Remedy), strings.Join(standardIDs(c), ","), title})
	}
	return printTable(e, []string{"ID", "SEVERITY", "CLASS", "CHECK", "REMEDY", "STANDARDS", "TITLE"}, rows, func(row, col int) lipgloss.Style {
		s := lipgloss.NewStyle()
		if col == 1 {
			s = s.Foreground(lipgloss.Color(severityColour[finding.Severity(list[row].Severity)]))
		}
		return s.Faint(list[row].Retired)
	})
}

// standardIDs lists the standards that hold a control, in the catalogue's order.
func standardIDs(c *control.Control) []string {
	var out []string
	for _, s := range control.Standards() {
		if _, ok := c.Standards[s.ID]; ok {
			out = append(out, s.ID)
		}
	}
	return out
}

type controlShowCmd struct {
	ID   string `arg:"" help:"The control's id, in any letter case; an old id of a standard (PCI.EC2.5) serves too."`
	Lang string `enum:"ja,en," default:"" help:"Language of the title (default: the configuration's)."`
}

// Run reads the catalogue and the configuration only: it opens no store and asks
// no cloud.
func (c *controlShowCmd) Run(e *env) error {
	cat, lang, err := e.catalogue(c.Lang)
	if err != nil {
		return err
	}
	one, ok := cat.Lookup(c.ID)
	if !ok {
		if one = byOldID(cat, c.ID); one == nil {
			return noControl(cat, c.ID)
		}
		fmt.Fprintf(e.Err, "zesei: %s is %s\n", c.ID, one.ID)
	}
	if e.root.JSON {
		return e.print(controlToJSON(one))
	}
	showControl(e, one, lang)
	return nil
}

// catalogue loads the controls, and the language that they are named in.
func (e *env) catalogue(lang string) (*control.Catalogue, string, error) {
	cat, err := control.Load()
	if err != nil || lang != "" {
		return cat, lang, err
	}
	c, err := app.LoadConfig(e.root.Config)
	if err != nil {
		return nil, "", e.unread(err)
	}
	return cat, c.Language, nil
}

// byOldID finds the control that exactly one standard's own id names.
func byOldID(cat *control.Catalogue, id string) *control.Control {
	var found *control.Control
	for _, c := range cat.All() {
		for _, s := range c.StandardIDs {
			if strings.Contains(s.ID, ".") && strings.EqualFold(s.ID, id) && strings.ContainsFunc(id, func(r rune) bool { return r >= 'A' && r <= 'z' }) {
				if found != nil && found != c {
					return nil
				}
				found = c
			}
		}
	}
	return found
}

func noControl(cat *control.Catalogue, id string) error {
	if near := cat.Nearest(id); near != "" {
		return use("unknown control %s; did you mean %s?", id, near)
	}
	return use("unknown control %s; `zesei control list` shows all", id)
}

// controlJSON is a control for machines.
type controlJSON struct {
	ID             string              `json:"id"`
	Title          map[string]string   `json:"title"`
	Severity       string              `json:"severity"`
	Class          string              `json:"class"`
	Service        string              `json:"service"`
	Scope          string              `json:"scope"`
	Global         bool                `json:"global"`
	ResourceTypes  []string            `json:"resource_types"`
	Standards      map[string][]string `json:"standards"`
	OldIDs         []string            `json:"old_ids"`
	Check          string              `json:"check,omitempty"`
	Parameters     string              `json:"parameters,omitempty"`
	Remedy         string              `json:"remedy,omitempty"`
	Permissions    []string            `json:"permissions,omitempty"`
	ConfigRule     string              `json:"config_rule,omitempty"`
	Schedule       string              `json:"schedule,omitempty"`
	Retired        bool                `json:"retired"`
	RetiredOn      string              `json:"retired_on,omitempty"`
	RemediationURL string              `json:"remediation_url"`
}

func controlToJSON(c *control.Control) controlJSON {
	j := controlJSON{
		ID: c.ID, Title: map[string]string{"en": c.Title.EN, "ja": c.Title.JA}, Severity: c.Severity, Class: c.Class, Service: c.Service,
		Scope: c.Scope, Global: c.Global, ResourceTypes: append([]string{}, c.ResourceTypes...), Standards: map[string][]string{},
		OldIDs: append([]string{}, oldIDs(c)...), Check: c.Fail, Parameters: c.Parameters, Remedy: c.Remedy, Permissions: remedy.Permissions(c.Remedy),
		ConfigRule: c.ConfigRule, Schedule: c.Schedule, Retired: c.Retired, RetiredOn: c.RetiredOn, RemediationURL: c.RemediationURL(),
	}
	for id, numbers := range c.Standards {
		j.Standards[id] = append([]string{}, numbers...)
	}
	return j
}

// oldIDs are the names that standards gave a control, with the standard.
func oldIDs(c *control.Control) []string {
	seen := map[string]bool{}
	for _, s := range c.StandardIDs {
		seen[s.Standard+": "+s.ID] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

func showControl(e *env, c *control.Control, lang string) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(e.Out, "%-12s %s\n", name, value)
		}
	}
	fmt.Fprintf(e.Out, "%s  %s\n\n", c.ID, c.Title.In(lang))
	if c.Retired {
		line("retired", "AWS has withdrawn it "+c.RetiredOn)
	} else if c.RetiredOn != "" {
		line("retires", c.RetiredOn)
	}
	line("severity", c.Severity)
	line("class", dash(c.Class))
	scope := c.Scope
	if c.Global {
		scope += ", global"
	}
	line("scope", scope)
	line("resources", strings.Join(c.ResourceTypes, ", "))
	for i, id := range standardIDs(c) {
		name := ""
		if i == 0 {
			name = "standards"
		}
		line(name, strings.TrimRight(fmt.Sprintf("%-18s %s", id, strings.Join(c.Standards[id], ", ")), " "))
	}
	line("old ids", strings.Join(oldIDs(c), ", "))
	if c.ConfigRule != "" {
		line("config rule", strings.TrimSuffix(c.ConfigRule+" ("+c.Schedule+")", " ()"))
	}
	line("parameters", c.Parameters)
	if c.Fail == "" {
		line("check", "none of ours: Security Hub's word counts")
	} else {
		line("fails when", c.Fail)
	}
	if c.Remedy == "" {
		line("remedy", "none")
	} else {
		line("remedy", c.Remedy)
		line("permissions", strings.Join(remedy.Permissions(c.Remedy), ", "))
	}
	line("guidance", c.RemediationURL())
}
