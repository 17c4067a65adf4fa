package cli

import (
	"strings"

	"zesei/internal/config"
)

type accountCmd struct {
	List    accountListCmd    `cmd:"" help:"List the accounts that are known."`
	Explain accountExplainCmd `cmd:"" help:"Show each field of an account and the row that gave it."`
}

// accountJSON is an account for machines.
type accountJSON struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Owner       string            `json:"owner"`
	Environment string            `json:"environment"`
	OU          string            `json:"ou"`
	Tags        map[string]string `json:"tags"`
	IaC         string            `json:"iac"`
	Known       bool              `json:"known"`
}

type accountListCmd struct{}

func (c *accountListCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	out := []accountJSON{}
	var rows [][]string
	for _, id := range a.Directory.Accounts() {
		p := a.Directory.Account(id)
		out = append(out, accountJSON{p.ID, p.Name, p.Owner, p.Environment, p.OU, p.Tags, p.IaC, p.Known})
		rows = append(rows, []string{p.ID, dash(p.Name), dash(p.Owner), dash(p.Environment), dash(p.OU), dash(p.IaC)})
	}
	if e.root.JSON {
		return e.print(out)
	}
	if len(rows) == 0 {
		return use("no account is configured, and there are no AWS credentials of the caller's own; add rows under accounts: in zesei.yaml")
	}
	return printTable(e, strings.Fields("ID NAME OWNER ENVIRONMENT OU IAC"), rows, nil)
}

type accountExplainCmd struct {
	Account string `arg:"" name:"id" help:"12 digits, or the name of a known account."`
}

func (c *accountExplainCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	id := a.AccountNamed(c.Account)
	if id == "" {
		return use("%s: expected 12 digits or the name of a known account; `zesei account list` shows them", c.Account)
	}
	facts := a.Directory.Explain(id)
	owner, why := a.Directory.Owner(id, nil, "")
	facts = append(facts, config.Fact{Field: "cases go to", Value: owner, From: why})
	p := a.Directory.Account(id)
	if e.root.JSON {
		type fact struct {
			Field string `json:"field"`
			Value string `json:"value"`
			From  string `json:"from"`
		}
		out := make([]fact, len(facts))
		for i, f := range facts {
			out[i] = fact(f)
		}
		return e.print(struct {
			ID    string `json:"id"`
			Known bool   `json:"known"`
			Facts []fact `json:"facts"`
		}{id, p.Known, out})
	}
	if !p.Known {
		facts = append([]config.Fact{{Field: "known", Value: "no", From: "no row of accounts knows it: nothing is changed there"}}, facts...)
	}
	var rows [][]string
	for _, f := range facts {
		rows = append(rows, []string{f.Field, dash(f.Value), f.From})
	}
	return printTable(e, strings.Fields("FIELD VALUE FROM"), rows, nil)
}
