package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/store"
)

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
		out, err := withCases(e, a, list)
		if err != nil {
			return err
		}
		return e.print(out)
	}
	return printExceptions(e, a, list)
}

// exceptionJSON is an exception with how many cases it covers, or covered.
type exceptionJSON struct {
	store.Exception
	Cases store.Covered    `json:"cases"`
	Would *casework.Would  `json:"would_cover,omitempty"` // while it is asked for and covers more than one case
	Chain []casefile.Entry `json:"chain,omitempty"`       // its audit chain
	Keys  []string         `json:"case_keys,omitempty"`
}

func withCases(e *env, a *app.App, list []store.Exception) ([]exceptionJSON, error) {
	n, err := countCovered(e, a, list)
	if err != nil {
		return nil, err
	}
	would, err := a.Work.WouldCover(e.ctx, list)
	if err != nil {
		return nil, err
	}
	out := make([]exceptionJSON, len(list))
	for i, x := range list {
		out[i] = exceptionJSON{Exception: x, Cases: n[x.ID]}
		if w, ok := would[x.ID]; ok {
			out[i].Would = &w
		}
	}
	return out, nil
}

func countCovered(e *env, a *app.App, list []store.Exception) (map[string]store.Covered, error) {
	ids := make([]string, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	return store.CountCovered(e.ctx, a.DB.View(), ids)
}

type exceptionShowCmd struct {
	ID string `arg:"" help:"The exception's id, or its beginning."`
}

// shownCases is how many of its cases an exception is shown with.
const shownCases = 500

func (c *exceptionShowCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	x, err := e.findException(a, c.ID)
	if err != nil {
		return err
	}
	ids, err := store.CoveredIDs(e.ctx, a.DB.View(), x.ID, shownCases)
	if err != nil {
		return err
	}
	if len(ids) == 0 && !x.Wide() {
		ids = []int64{x.CaseID}
	}
	list, err := casesByID(e, a, ids)
	if err != nil {
		return err
	}
	chain, err := store.ExceptionAudit(e.ctx, a.DB.View(), x.ID)
	if err != nil {
		return err
	}
	if err := casefile.VerifyChain(chain); err != nil {
		return fmt.Errorf("the audit chain of exception %s is broken: %w", x.ID, err)
	}
	out, err := withCases(e, a, []store.Exception{x})
	if err != nil {
		return err
	}
	if e.root.JSON {
		out[0].Chain = chain
		for _, f := range list {
			out[0].Keys = append(out[0].Keys, store.ShortKey(f.Key))
		}
		return e.print(out[0])
	}
	if err := describeException(e, a, out[0], chain); err != nil {
		return err
	}
	if len(list) == 0 {
		none := "it covers no case"
		if x.State == store.ExceptionAsked {
			none += " until it is approved"
		}
		_, err := fmt.Fprintln(e.Out, "\n"+none)
		return err
	}
	fmt.Fprintln(e.Out)
	return printCases(e, a, list)
}

func describeException(e *env, a *app.App, of exceptionJSON, chain []casefile.Entry) error {
	x, n := of.Exception, of.Cases
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
	line("covers", scopeText(x.Scope))
	if of.Would != nil {
		line("cases", "would cover "+wouldWords(*of.Would)+" if it were approved now")
	} else {
		line("cases", fmt.Sprintf("%d now, %d in all", n.Now, n.Ever))
	}
	line("reason", x.Reason)
	line("evidence", x.Evidence)
	line("renews", x.Renews)
	line("asked by", x.AskedBy+", "+at(x.AskedAt))
	if x.ApprovedBy != "" {
		line("approved by", x.ApprovedBy+", "+at(x.ApprovedAt))
	}
	line("until", at(x.ExpiresAt))
	if x.CloseHole {
		line("afterwards", "the hole is closed by itself")
	}
	line("warned", at(x.WarnedAt))
	if !x.EndedAt.IsZero() {
		line(x.State, strings.TrimSuffix(at(x.EndedAt)+" by "+x.EndedBy+": "+x.EndedWhy, ": "))
	}
	fmt.Fprintln(e.Out)
	for _, m := range chain {
		fmt.Fprintf(e.Out, "%s  %s  %s: %s\n", at(m.At), printable(m.Actor), m.What, printable(m.Why))
	}
	return nil
}

// wouldWords counts the cases that an exception would cover.
func wouldWords(w casework.Would) string {
	if w.More {
		return fmt.Sprintf("%d or more", w.Cases)
	}
	return strconv.Itoa(w.Cases)
}

// scopeText says in words what an exception covers.
func scopeText(s store.Scope) string {
	if s.Case != "" {
		return "case " + s.Case
	}
	var out []string
	for _, p := range [][2]string{
		{"", s.Control}, {"tag ", s.Tag}, {"on ", s.Resource}, {"in ", s.Account}, {"", s.Region}, {"of ", s.Owner},
	} {
		if p[1] != "" {
			out = append(out, p[0]+p[1])
		}
	}
	return strings.Join(out, " ")
}

// exceptionDone works what follows from an act and prints the exception.
func (e *env) exceptionDone(a *app.App, x store.Exception, next string) error {
	if err := e.follow(a); err != nil {
		return err
	}
	x, err := store.LoadException(e.ctx, a.DB.View(), x.ID)
	if err != nil {
		return err
	}
	if e.root.JSON {
		out, err := withCases(e, a, []store.Exception{x})
		if err != nil {
			return err
		}
		return e.print(out[0])
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
	n, err := countCovered(e, a, list)
	if err != nil {
		return err
	}
	would, err := a.Work.WouldCover(e.ctx, list)
	if err != nil {
		return err
	}
	zone := a.Config.Zone()
	var rows [][]string
	for _, x := range list {
		covers := scopeText(x.Scope)
		if f := byID[x.CaseID]; f != nil {
			covers += ": " + f.Key.Control + " " + shortResource(f.Key.Resource)
		}
		cases := strconv.Itoa(n[x.ID].Ever)
		if x.State == store.ExceptionActive {
			cases = strconv.Itoa(n[x.ID].Now)
		}
		if w, ok := would[x.ID]; ok {
			cases = "would be " + wouldWords(w)
		}
		until := x.ExpiresAt.In(zone).Format("2006-01-02 15:04 MST")
		if x.CloseHole {
			until += ", then closed"
		}
		rows = append(rows, []string{x.ID, x.State, covers, cases, until, x.AskedBy, dash(x.ApprovedBy), x.Reason})
	}
	return printTable(e, []string{"ID", "STATE", "COVERS", "CASES", "UNTIL", "ASKED BY", "APPROVED BY", "REASON"}, rows, nil)
}

// findException finds the one exception that an id's beginning names.
func (e *env) findException(a *app.App, id string) (store.Exception, error) {
	x, err := store.FindException(e.ctx, a.DB.View(), id)
	var many *store.ManyExceptionsError
	switch {
	case errors.Is(err, store.ErrNotFound):
		return x, use("there is no exception %s; `zesei exception list` shows them", id)
	case errors.As(err, &many):
		return x, wrongUse{err}
	}
	return x, err
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
