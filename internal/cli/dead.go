package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zesei/internal/app"
	"zesei/internal/store"
)

type deadCmd struct {
	List  deadListCmd  `cmd:"" help:"List input that could not be used, with the reason."`
	Retry deadRetryCmd `cmd:"" help:"Take dead letters in again, after what was wrong has been mended. Exit code 1 when none could be used."`
}

// deadPage is how many dead letters are read at a time.
const deadPage = 500

// deadLetters reads all dead letters that wait.
func (e *env) deadLetters(a *app.App, each func(store.Dead) error) error {
	for after := int64(0); ; {
		page, err := store.DeadLetters(e.ctx, a.DB.View(), after, deadPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, d := range page {
			if err := each(d); err != nil {
				return err
			}
			after = d.ID
		}
	}
}

type deadListCmd struct {
	Raw bool `help:"Show the documents too, as far as they were kept."`
}

// deadJSON is a dead letter for machines.
type deadJSON struct {
	ID       int64     `json:"id"`
	Source   string    `json:"source"`
	Position int64     `json:"position"`
	Reason   string    `json:"reason"`
	Times    int       `json:"times"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Raw      *string   `json:"raw,omitempty"`
}

func (c *deadListCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	list := []deadJSON{}
	err = e.deadLetters(a, func(d store.Dead) error {
		j := deadJSON{d.ID, d.Source, d.Position, d.Reason, d.Times, d.FirstAt, d.LastAt, nil}
		if c.Raw {
			raw := strings.ToValidUTF8(string(d.Raw), "\uFFFD")
			j.Raw = &raw
		}
		list = append(list, j)
		return nil
	})
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(e.Out, "no dead letters")
		return err
	}
	zone := a.Config.Zone()
	if c.Raw {
		for _, d := range list {
			fmt.Fprintf(e.Out, "%d  %s item %d, %d×, last %s\n", d.ID, printable(d.Source), d.Position, d.Times, d.Last.In(zone).Format("2006-01-02 15:04 MST"))
			fmt.Fprintf(e.Out, "reason: %s\n", printable(d.Reason))
			if err := printLines(e.Out, *d.Raw); err != nil {
				return err
			}
			fmt.Fprintln(e.Out)
		}
		return nil
	}
	var rows [][]string
	for _, d := range list {
		rows = append(rows, []string{fmt.Sprint(d.ID), d.Source, fmt.Sprint(d.Position), fmt.Sprint(d.Times), d.Last.In(zone).Format("2006-01-02 15:04 MST"), d.Reason})
	}
	return printTable(e, []string{"ID", "SOURCE", "ITEM", "TIMES", "LAST", "REASON"}, rows, nil)
}

type deadRetryCmd struct {
	IDs []int64 `arg:"" optional:"" name:"id" help:"Ids of dead letters (default: all)."`
}

func (c *deadRetryCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	ids := map[int64]bool{}
	missing := slices.Clone(c.IDs)
	for _, id := range c.IDs {
		ids[id] = true
	}
	if len(missing) > 0 {
		err := e.deadLetters(a, func(d store.Dead) error {
			missing = slices.DeleteFunc(missing, func(id int64) bool { return id == d.ID })
			return nil
		})
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			return use("there is no dead letter %d; `zesei dead list` shows them", missing[0])
		}
	}
	tried, err := e.deadAmong(a, func(id int64) bool { return len(ids) == 0 || ids[id] })
	if err != nil {
		return err
	}
	t, err := a.Intake.Retry(e.ctx, a.DB, ids)
	if err != nil {
		return err
	}
	if err := e.follow(a); err != nil {
		return err
	}
	if err := (&ingestCmd{}).report(e, a, t); err != nil {
		return err
	}
	left, err := e.deadAmong(a, func(id int64) bool { return tried[id] })
	if err == nil && len(tried) > 0 && len(left) == len(tried) {
		return errFound
	}
	return err
}

// deadAmong are the dead letters that wait, of those that are meant.
func (e *env) deadAmong(a *app.App, meant func(id int64) bool) (map[int64]bool, error) {
	out := map[int64]bool{}
	err := e.deadLetters(a, func(d store.Dead) error {
		if meant(d.ID) {
			out[d.ID] = true
		}
		return nil
	})
	return out, err
}
