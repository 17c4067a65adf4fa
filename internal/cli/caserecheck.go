package cli

import (
	"fmt"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

type caseRecheckCmd struct {
	Key string `arg:"" help:"The case's key, or its beginning."`
	Why string `default:"a look was asked for on the command line" help:"The reason, for the audit chain."`
}

// Run asks for a look as a person in Slack does, and says what it came to.
func (c *caseRecheckCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := e.find(a, c.Key)
	if err != nil {
		return err
	}
	begun := a.Now()
	if err := a.Work.LookAgain(e.ctx, e.person(a), f.ID, c.Why); err != nil {
		return err
	}
	serving, err := a.Serving(e.ctx)
	if err != nil {
		return err
	}
	if err := e.follow(a); err != nil {
		return err
	}
	list, _, err := store.List(e.ctx, a.DB.View(), store.Filter{KeyPrefixes: []string{hashOf(f)}})
	if err != nil {
		return err
	}
	if e.root.JSON {
		err = e.print(toJSON(list, e.Now())[0])
	} else {
		err = printCases(e, a, list)
	}
	if err != nil || serving != "" {
		return err // who serves the store looks
	}
	return c.looked(e, list[0].File, begun)
}

// looked says what the look came to, where the case does not: exit code 1 where
// nothing could be read or said.
func (c *caseRecheckCmd) looked(e *env, f *casefile.File, begun time.Time) error {
	live := f.Life.Live
	switch {
	case f.State == casefile.Closed:
		return nil
	case live.At.Before(begun):
		fmt.Fprintln(e.Err, "zesei: the resource could not be read: the case stands as it did")
		return errFound
	case live.Status == "":
		fmt.Fprintf(e.Err, "zesei: the look says neither that it is mended nor that it is not: %s\n", printable(live.Why))
		return errFound
	}
	fmt.Fprintf(e.Err, "zesei: the look says %s: %s\n", live.Status, printable(live.Why))
	return nil
}
