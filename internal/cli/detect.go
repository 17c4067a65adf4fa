package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"zesei/internal/app"
	"zesei/internal/config/document"
	"zesei/internal/detect"
	"zesei/internal/finding"
)

type detectCmd struct {
	List   detectListCmd   `cmd:"" help:"List the detection rules: of the packs that zesei ships, and of those that the configuration names."`
	Show   detectShowCmd   `cmd:"" help:"Show one rule: what it matches, what that opens, what closes it, its examples."`
	Test   detectTestCmd   `cmd:"" help:"Run the examples of packs. Exit code 1 when a rule does not do what its pack says."`
	Import detectImportCmd `cmd:"" help:"Write a pack of the EventBridge rules and metric filters of a CloudFormation template."`
}

// packsInForce are the shipped packs and the configured ones, and which of them
// are on.
func (e *env) packsInForce() (all []*detect.Pack, on map[string]bool, lang string, err error) {
	c, err := app.LoadConfig(e.root.Config)
	if err != nil {
		return nil, nil, "", e.unread(err)
	}
	configured, err := app.Packs(c)
	if err != nil {
		return nil, nil, "", wrongUse{err}
	}
	on = map[string]bool{}
	for _, p := range configured {
		on[p.ID] = true
	}
	shipped, err := detect.Load(detect.Names()...)
	if err != nil {
		return nil, nil, "", err
	}
	all = configured
	for _, p := range shipped {
		if !on[p.ID] {
			all = append(all, p)
		}
	}
	return all, on, c.Language, nil
}

type detectListCmd struct {
	Pack []string `help:"Only rules of these packs."`
	Lang string   `enum:"ja,en," default:"" help:"Language of the titles (default: the configuration's)."`
}

// ruleJSON is a rule as machines read it.
type ruleJSON struct {
	Rule      string          `json:"rule"` // pack.id
	Pack      string          `json:"pack"`
	On        bool            `json:"on"` // its pack is in force
	Title     detect.Text     `json:"title"`
	Severity  string          `json:"severity"`
	Opens     detect.Opens    `json:"opens"`
	Recheck   []string        `json:"recheck"`
	Event     json.RawMessage `json:"event,omitempty"`
	Log       string          `json:"log,omitempty"`
	Threshold string          `json:"threshold,omitempty"`
	Resource  []placeJSON     `json:"resource,omitempty"`
	Control   string          `json:"control,omitempty"`
	Key       string          `json:"key,omitempty"`
	Closes    json.RawMessage `json:"closes,omitempty"`
	Quiet     string          `json:"quiet,omitempty"`
	Examples  *examplesJSON   `json:"examples,omitempty"`
}

type placeJSON struct {
	Type string `json:"type"`
	ID   string `json:"id"` // path in the event
}

type examplesJSON struct {
	Match   []json.RawMessage `json:"match"`
	NoMatch []json.RawMessage `json:"no_match"`
}

func ruleToJSON(r *detect.Rule, on bool) ruleJSON {
	j := ruleJSON{Rule: r.Name(), Pack: r.Pack, On: on, Title: r.Title, Severity: r.Severity.String(), Opens: r.Opens, Recheck: append([]string{}, r.Recheck...),
		Event: r.Event.JSON, Control: r.Control.String(), Key: r.Key.String(), Closes: r.Closes.JSON}
	if r.Log.Filter != nil {
		j.Log = r.Log.String()
	}
	if r.Threshold != nil {
		j.Threshold = r.Threshold.String()
	}
	if r.Quiet.Duration > 0 {
		j.Quiet = r.Quiet.String()
	}
	for _, p := range r.Resource {
		j.Resource = append(j.Resource, placeJSON{p.Type, p.ID.String()})
	}
	return j
}

func (c *detectListCmd) Run(e *env) error {
	packs, on, lang, err := e.packsInForce()
	if err != nil {
		return err
	}
	var ids []string
	for _, p := range packs {
		ids = append(ids, p.ID)
	}
	for _, id := range c.Pack {
		if !slices.Contains(ids, id) {
			return use("--pack %s: expected %s%s", id, document.OneOf(ids), hint(document.DidYouMean(id, ids)))
		}
	}
	list := []ruleJSON{}
	for _, p := range packs {
		if len(c.Pack) > 0 && !slices.Contains(c.Pack, p.ID) {
			continue
		}
		for _, r := range p.Rules {
			list = append(list, ruleToJSON(r, on[p.ID]))
		}
	}
	if e.root.JSON {
		return e.print(list)
	}
	var rows [][]string
	for _, r := range list {
		severity, _, _ := strings.Cut(r.Severity, " (")
		rows = append(rows, []string{r.Rule, yesNo(r.On), dash(severity), string(r.Opens), dash(strings.Join(r.Recheck, ",")), r.Title.In(cmp.Or(c.Lang, lang))})
	}
	return printTable(e, []string{"RULE", "ON", "SEVERITY", "OPENS", "RECHECK", "TITLE"}, rows, func(row, col int) lipgloss.Style {
		s := lipgloss.NewStyle().Faint(!list[row].On)
		if col == 2 {
			s = s.Foreground(lipgloss.Color(severityColour[finding.Severity(list[row].Severity)]))
		}
		return s
	})
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

type detectShowCmd struct {
	Rule string `arg:"" help:"A rule: <pack>.<id>."`
	Lang string `enum:"ja,en," default:"" help:"Language of the title (default: the configuration's)."`
}

func (c *detectShowCmd) Run(e *env) error {
	packs, on, lang, err := e.packsInForce()
	if err != nil {
		return err
	}
	var names []string
	for _, p := range packs {
		for _, r := range p.Rules {
			if r.Name() == c.Rule {
				return showRule(e, r, on[p.ID], cmp.Or(c.Lang, lang))
			}
			names = append(names, r.Name())
		}
	}
	return use("no detection rule %s%s; `zesei detect list` lists them", c.Rule, hint(document.DidYouMean(c.Rule, names)))
}

func showRule(e *env, r *detect.Rule, on bool, lang string) error {
	j := ruleToJSON(r, on)
	j.Examples = &examplesJSON{Match: bodies(r.Examples.Match), NoMatch: bodies(r.Examples.NoMatch)}
	if e.root.JSON {
		return e.print(j)
	}
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(e.Out, "%-10s %s\n", name, printable(value))
		}
	}
	block := func(name string, doc []byte) {
		var b bytes.Buffer
		if len(doc) == 0 || json.Indent(&b, doc, "", "  ") != nil {
			return
		}
		fmt.Fprintf(e.Out, "\n%s\n%s\n", name, b.String())
	}
	fmt.Fprintf(e.Out, "%s  %s\n\n", r.Name(), printable(r.Title.In(lang)))
	state := "yes"
	if !on {
		state = "no: add " + r.Pack + " to detect.packs"
	}
	line("on", state)
	line("severity", j.Severity)
	line("opens", openWords(r))
	line("closes", closeWords(r))
	line("threshold", j.Threshold)
	line("recheck", strings.Join(r.Recheck, ", "))
	for _, p := range j.Resource {
		line("resource", p.Type+" at "+p.ID)
	}
	line("control", j.Control)
	line("key", j.Key)
	line("log", j.Log)
	block("event", r.Event.JSON)
	block("closing event", r.Closes.JSON)
	for _, x := range r.Examples.Match {
		block("matches"+times(x), x.JSON)
	}
	for _, x := range r.Examples.NoMatch {
		block("does not match"+times(x), x.JSON)
	}
	return nil
}

func bodies(list []detect.Example) []json.RawMessage {
	out := []json.RawMessage{}
	for _, x := range list {
		out = append(out, x.JSON)
	}
	return out
}

func times(x detect.Example) string {
	if x.Times > 1 {
		return fmt.Sprintf(" (%d times)", x.Times)
	}
	return ""
}

func openWords(r *detect.Rule) string {
	switch r.Opens {
	case detect.OpensIncident:
		return "incident: a case of its own"
	case detect.OpensNotice:
		return "notice: told once, no case"
	case detect.OpensState:
		return "state: says that a resource holds a control, or does not"
	}
	return "nothing: the resource is looked at at once"
}

func closeWords(r *detect.Rule) string {
	if r.Opens != detect.OpensIncident {
		return ""
	}
	var ways []string
	if len(r.Closes.JSON) > 0 {
		ways = append(ways, "the closing event below")
	}
	if r.Quiet.Duration > 0 {
		ways = append(ways, r.Quiet.String()+" of quiet")
	} else {
		ways = append(ways, "the policy's time of quiet, where no response is demanded")
	}
	return strings.Join(append(ways, "a person"), "; ")
}

type detectTestCmd struct {
	Packs []string `arg:"" name:"pack" help:"Packs that zesei ships, by name, or files."`
}

// testedJSON is the outcome of one pack's examples.
type testedJSON struct {
	Pack     string           `json:"pack"`
	Rules    int              `json:"rules"`
	Examples int              `json:"examples"`
	Failures []detect.Failure `json:"failures"`
}

func (c *detectTestCmd) Run(e *env) error {
	failed := false
	all := []testedJSON{}
	for _, name := range c.Packs {
		p, err := onePack(name)
		if err != nil {
			return err
		}
		failures, ran, err := detect.Test(p, detect.Options{})
		if err != nil {
			return fmt.Errorf("testing %s: %w", name, err)
		}
		slices.SortFunc(failures, func(a, b detect.Failure) int {
			return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Example, b.Example))
		})
		failed = failed || len(failures) > 0
		all = append(all, testedJSON{p.ID, len(p.Rules), ran, append([]detect.Failure{}, failures...)})
		if e.root.JSON {
			continue
		}
		for _, f := range failures {
			fmt.Fprintf(e.Out, "%s %s: %s\n", f.Rule, f.Example, printable(f.Why))
		}
		fmt.Fprintf(e.Out, "%s: %d rules, %d examples, %d failures\n", p.ID, len(p.Rules), ran, len(failures))
	}
	if e.root.JSON {
		if err := e.print(all); err != nil {
			return err
		}
	}
	if failed {
		return errFound
	}
	return nil
}

// onePack reads a shipped pack by its name, or a file.
func onePack(name string) (*detect.Pack, error) {
	if slices.Contains(detect.Names(), name) {
		p, err := detect.Load(name)
		if err != nil {
			return nil, err
		}
		return p[0], nil
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(name, "./") {
		_, err = detect.Load(name) // says which packs there are
	}
	if err != nil {
		return nil, wrongUse{err}
	}
	p, err := detect.LoadFile(name, data)
	if err != nil {
		return nil, wrongUse{err}
	}
	return p, nil
}

type detectImportCmd struct {
	Template string `arg:"" help:"A CloudFormation template, JSON or YAML (from the CDK: cdk synth); - reads standard input."`
	Pack     string `default:"imported" help:"The name of the pack."`
}

func (c *detectImportCmd) Run(e *env) error {
	data, err := c.read(e)
	if err != nil {
		return wrongUse{err}
	}
	pack, report, err := detect.Import(c.Pack, data)
	taken := 0
	for _, r := range report {
		name := "left out"
		if r.Rule != "" {
			taken++
			name = c.Pack + "." + r.Rule
		}
		fmt.Fprintf(e.Err, "%s %s: %s\n", r.Type, printable(r.Resource), name)
		for _, note := range r.Notes {
			fmt.Fprintf(e.Err, "  %s\n", printable(note))
		}
	}
	if err != nil {
		return wrongUse{err}
	}
	fmt.Fprintf(e.Err, "%d rules taken over, %d left out\n", taken, len(report)-taken)
	if e.root.JSON {
		return e.print(struct {
			Pack   string            `json:"pack"`
			Report []detect.Imported `json:"report"`
		}{string(pack), report})
	}
	_, err = e.Out.Write(pack)
	return err
}

func (c *detectImportCmd) read(e *env) ([]byte, error) {
	if c.Template == "-" {
		return io.ReadAll(e.In)
	}
	return os.ReadFile(c.Template)
}
