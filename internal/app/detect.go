package app

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/detect"
	"zesei/internal/event"
	"zesei/internal/finding"
)

// DefaultPacks are the detection packs where the configuration names none.
var DefaultPacks = []string{"baseline", "guardduty", "health", "config", "trusted-advisor", "inspector", "access-analyzer", "macie"}

// Packs reads the detection packs of a configuration: shipped ones by name,
// others as files beside it. The error names file, line and field.
func Packs(c *config.Config) ([]*detect.Pack, error) {
	names := c.Detect.Packs
	if len(names) == 0 {
		names = DefaultPacks
	}
	var out []*detect.Pack
	for _, name := range names {
		if slices.Contains(detect.Names(), name) {
			p, err := detect.Load(name)
			if err != nil {
				return nil, err
			}
			out = append(out, p...)
			continue
		}
		path := c.Path(name)
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("detect.packs: %q is no shipped pack (%s) and cannot be read as a file: %w", name, strings.Join(detect.Names(), ", "), err)
		}
		p, err := detect.LoadFile(path, data)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// detection makes the engine of the configured packs, says which items it looks
// at (a pack that matches Security Hub's own events sees these too), and which of
// them wake a rule.
func (a *App) detection() (detects func(event.Format) bool, wakes func(event.Item) bool, err error) {
	packs, err := Packs(a.Config)
	if err != nil {
		return nil, nil, err
	}
	o := detect.Options{Language: a.Config.Language, Trusted: a.Directory.Administers, Controls: byConfigRule(a.Catalogue)}
	var rules *configRules
	if a.Cloud != nil {
		rules = &configRules{cloud: a.Cloud, reads: a.Directory.reads, now: a.Now, log: a.Log, known: map[[2]string]*rulesThere{}}
		o.ConfigRule = rules.identifier
	}
	if a.engine, err = detect.New(packs, o); err != nil {
		return nil, nil, err
	}
	wakes = a.engine.Wakes
	if rules != nil {
		wakes = func(item event.Item) bool {
			woken := a.engine.Wakes(item)
			if woken {
				rules.learn(item)
			}
			return woken
		}
	}
	imported := slices.ContainsFunc(packs, func(p *detect.Pack) bool { return p.ID == "s0" || p.ID == "s2" })
	return func(f event.Format) bool {
		switch f {
		case event.CloudTrailItem, event.OtherEvent:
			return true
		case event.ImportedEvent, event.CustomAction, event.ImportedV2:
			return imported
		}
		return false
	}, wakes, nil
}

// byConfigRule finds the controls behind the identifier of a managed Config rule,
// in any spelling: VPC_DEFAULT_SECURITY_GROUP_CLOSED is
// vpc-default-security-group-closed.
func byConfigRule(cat *control.Catalogue) func(string) []finding.ControlRef {
	spell := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "-")) }
	rules := map[string][]finding.ControlRef{}
	for _, c := range cat.All() {
		name, _, _ := strings.Cut(c.ConfigRule, " ")
		if name == "" {
			continue
		}
		rules[spell(name)] = append(rules[spell(name)], finding.ControlRef{ID: c.ID, Scope: c.Scope, Global: c.Global, ResourceTypes: append(slices.Clone(c.ResourceTypes), c.ConfigTypes...)})
	}
	return func(identifier string) []finding.ControlRef { return rules[spell(identifier)] }
}

// Rules are the detection rules in force.
func (a *App) Rules() []*detect.Rule { return a.engine.Rules() }
