package cli

import (
	"encoding/json"
	"fmt"

	"zesei/internal/remedy/fixwork"
	"zesei/internal/store"
)

type fixListCmd struct {
	Resource string `placeholder:"ARN" help:"Only fixes of this resource."`
	State    string `enum:"suggested,waiting,ready,applying,verifying,verified,held,refused,failed,undone,expired," default:"" help:"suggested, waiting, ready, applying, verifying, verified, held, refused, failed, undone or expired (default: all)."`
	Limit    int    `default:"200" help:"At most so many."`
}

func (c *fixListCmd) Run(e *env) error {
	if c.Limit < 1 {
		return use("--limit %d: expected 1 or more", c.Limit)
	}
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	fixes, err := store.Fixes(e.ctx, a.DB.View(), c.Resource, c.State, c.Limit)
	if err != nil {
		return err
	}
	if e.root.JSON {
		out := make([]fixJSON, len(fixes))
		for i, f := range fixes {
			out[i] = fixToJSON(f)
		}
		return e.print(out)
	}
	if len(fixes) == 0 {
		_, err := fmt.Fprintln(e.Out, "no fixes")
		return err
	}
	var rows [][]string
	for _, f := range fixes {
		account := f.Account
		if name := a.Directory.Account(account).Name; name != "" {
			account = name
		}
		rows = append(rows, []string{f.ID, f.State, f.Mode, f.Remedy, account, f.Region, shortResource(f.Resource),
			f.CreatedAt.In(a.Config.Zone()).Format("2006-01-02 15:04 MST"), dash(f.ApprovedBy), f.Why})
	}
	return printTable(e, []string{"ID", "STATE", "MODE", "REMEDY", "ACCOUNT", "REGION", "RESOURCE", "PLANNED", "APPROVED BY", "WHY"}, rows, nil)
}

type fixShowCmd struct {
	ID string `arg:"" help:"The fix's id."`
}

func (c *fixShowCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := store.LoadFix(e.ctx, a.DB.View(), c.ID)
	if err != nil {
		return noFix(err, c.ID)
	}
	if e.root.JSON {
		return e.print(fixToJSON(f))
	}
	if err := e.printFix(a, f); err != nil {
		return err
	}
	var log fixwork.Log
	if len(f.Log) > 0 && f.Log[0] == '{' { // a list: it never ran
		if err := json.Unmarshal(f.Log, &log); err != nil {
			return fmt.Errorf("reading the log of fix %s: %w", f.ID, err)
		}
	}
	if len(log.Calls) > 0 {
		fmt.Fprintln(e.Out, "\nsent")
		for _, s := range log.Calls {
			fmt.Fprintf(e.Out, "  %s  %-6s %d. %s %s %s\n", s.At.In(a.Config.Zone()).Format("2006-01-02 15:04:05 MST"), s.Run, s.Step+1, s.Call.Service, s.Call.Operation, printable(string(s.Call.Params)))
		}
	}
	list, err := casesByID(e, a, f.Cases)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.Out)
	return printCases(e, a, list)
}
