package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/store"
)

type exceptionCmd struct {
	Ask     exceptionAskCmd     `cmd:"" help:"Ask that the risk of a case be accepted until a time. Another person approves it."`
	Approve exceptionApproveCmd `cmd:"" help:"Approve an exception that another person asked for."`
	Refuse  exceptionRefuseCmd  `cmd:"" help:"Turn down an exception that was asked for."`
	List    exceptionListCmd    `cmd:"" help:"List exceptions, the soonest end first."`
	Show    exceptionShowCmd    `cmd:"" help:"Show one exception and its case."`
	Revoke  exceptionRevokeCmd  `cmd:"" help:"End an exception before its time, or take the wish for one back."`
	Export  exceptionExportCmd  `cmd:"" help:"Write the exceptions in force as YAML (or JSON), as a check before deployment reads them."`
}

type exceptionAskCmd struct {
	Key       string `arg:"" help:"The case's key, or its beginning."`
	Reason    string `required:"" help:"Why the risk is accepted."`
	Until     string `required:"" help:"When it ends: 2027-01-31, 2027-01-31T09:00+09:00, 18:00 or a duration (8h)."`
	Evidence  string `placeholder:"URL" help:"Where the reason can be read up: a ticket, a design."`
	CloseHole bool   `help:"Keep open until then, and close the hole by itself afterwards (where the policy allows a fix at all)."`
}

func (c *exceptionAskCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	until, err := exceptionEnd(a, c.Until, e.Now())
	if err != nil {
		return err
	}
	if c.Evidence != "" && !strings.HasPrefix(c.Evidence, "https://") && !strings.HasPrefix(c.Evidence, "http://") {
		return use("--evidence %s: expected an address that begins with https://", c.Evidence)
	}
	f, err := e.find(a, c.Key)
	if err != nil {
		return err
	}
	x, err := a.Work.AskException(e.ctx, e.person(a), casework.Ask{Case: f.ID, Reason: c.Reason, Evidence: c.Evidence, Until: until, CloseHole: c.CloseHole})
	if err != nil {
		return err
	}
	return e.exceptionDone(a, x, "another person approves it with `zesei exception approve "+x.ID+"`")
}

// exceptionEnd reads when an exception ends, and holds it to the policy's maximum.
func exceptionEnd(a *app.App, s string, now time.Time) (time.Time, error) {
	zone := a.Config.Zone()
	until, err := parseUntil(s, now, zone)
	if err != nil {
		return until, err
	}
	if last := a.Policy.ExceptionEnd(now); until.After(last) {
		longest, _ := a.Policy.Exceptions()
		return until, use("--until %s: the policy accepts a risk for %s at most, until %s", s, longest, last.In(zone).Format("2006-01-02 15:04 MST"))
	}
	return until, nil
}

type exceptionApproveCmd struct {
	ID string `arg:"" help:"The exception's id."`
}

func (c *exceptionApproveCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	x, err := a.Work.ApproveException(e.ctx, e.person(a), c.ID)
	if err != nil {
		return noException(err, c.ID)
	}
	return e.exceptionDone(a, x, "")
}

type exceptionRefuseCmd struct {
	ID  string `arg:"" help:"The exception's id."`
	Why string `required:"" help:"The reason, for the audit chain and for who asked."`
}

func (c *exceptionRefuseCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	x, err := a.Work.RefuseException(e.ctx, e.person(a), c.ID, c.Why)
	if err != nil {
		return noException(err, c.ID)
	}
	return e.exceptionDone(a, x, "")
}

type exceptionRevokeCmd struct {
	ID  string `arg:"" help:"The exception's id."`
	Why string `required:"" help:"The reason, for the audit chain."`
}

func (c *exceptionRevokeCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	x, err := a.Work.RevokeException(e.ctx, e.person(a), c.ID, c.Why)
	if err != nil {
		return noException(err, c.ID)
	}
	return e.exceptionDone(a, x, "")
}

type exceptionListCmd struct {
	State string `enum:"asked,active,ended,revoked,refused," default:"" help:"asked, active, ended, revoked or refused (default: all)."`
}

func (c *exceptionListCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	list, err := store.Exceptions(e.ctx, a.DB.View(), c.State)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(append([]store.Exception{}, list...))
	}
	return printExceptions(e, a, list)
}

type exceptionShowCmd struct {
	ID string `arg:"" help:"The exception's id."`
}

func (c *exceptionShowCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	x, err := store.LoadException(e.ctx, a.DB.View(), c.ID)
	if err != nil {
		return noException(err, c.ID)
	}
	if e.root.JSON {
		return e.print(x)
	}
	zone := a.Config.Zone()
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(e.Out, "%-12s %s\n", name, printable(value))
		}
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format("2006-01-02 15:04 MST")
	}
	line("exception", x.ID)
	line("state", x.State)
	line("reason", x.Reason)
	line("evidence", x.Evidence)
	line("asked by", x.AskedBy+", "+at(x.AskedAt))
	if x.ApprovedBy != "" {
		line("approved by", x.ApprovedBy+", "+at(x.ApprovedAt))
	}
	line("until", at(x.ExpiresAt))
	if x.CloseHole {
		line("afterwards", "the hole is closed by itself")
	}
	line("ended", at(x.EndedAt))
	list, err := casesByID(e, a, []int64{x.CaseID})
	if err != nil {
		return err
	}
	fmt.Fprintln(e.Out)
	return printCases(e, a, list)
}

// exceptionDone works what follows from an act and prints the exception.
func (e *env) exceptionDone(a *app.App, x store.Exception, next string) error {
	if err := e.follow(a); err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(x)
	}
	if err := printExceptions(e, a, []store.Exception{x}); err != nil {
		return err
	}
	if next != "" {
		fmt.Fprintf(e.Err, "zesei: %s\n", next)
	}
	return nil
}

func printExceptions(e *env, a *app.App, list []store.Exception) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(e.Out, "no exceptions")
		return err
	}
	ids := make([]int64, len(list))
	for i, x := range list {
		ids[i] = x.CaseID
	}
	files, err := store.CasesByID(e.ctx, a.DB.View(), ids)
	if err != nil {
		return err
	}
	byID := map[int64]*casefile.File{}
	for _, f := range files {
		byID[f.ID] = f
	}
	zone := a.Config.Zone()
	var rows [][]string
	for _, x := range list {
		control, resource := "-", "-"
		if f := byID[x.CaseID]; f != nil {
			control, resource = f.Key.Control, shortResource(f.Key.Resource)
		}
		until := x.ExpiresAt.In(zone).Format("2006-01-02 15:04 MST")
		if x.CloseHole {
			until += ", then closed"
		}
		rows = append(rows, []string{x.ID, x.State, x.Scope.Case, control, resource, until, x.AskedBy, dash(x.ApprovedBy), x.Reason})
	}
	return printTable(e, []string{"ID", "STATE", "CASE", "CONTROL", "RESOURCE", "UNTIL", "ASKED BY", "APPROVED BY", "REASON"}, rows, nil)
}

func noException(err error, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return use("there is no exception %s; `zesei exception list` shows them", id)
	}
	return err
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
