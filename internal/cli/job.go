package cli

import (
	"fmt"
	"slices"
	"strings"

	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/store"
)

type jobCmd struct {
	List  jobListCmd  `cmd:"" help:"List jobs that were given up or whose last attempt failed: messages, tickets, fixes, checks."`
	Retry jobRetryCmd `cmd:"" help:"Try them again now, after what was wrong has been mended. Exit code 1 when some fail again, or there is nothing to try."`
}

type jobListCmd struct {
	All bool `help:"Also jobs that only wait for their time."`
}

func (c *jobListCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	list, err := job.Pending(e.ctx, a.DB.View(), 1<<30)
	if err != nil {
		return err
	}
	if !c.All {
		list = slices.DeleteFunc(list, well)
	}
	if list == nil {
		list = []job.Waiting{}
	}
	if e.root.JSON {
		return e.print(list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(e.Out, "no failed jobs")
		return err
	}
	var rows [][]string
	for _, j := range list {
		next := "given up"
		if j.State != "dead" {
			next = j.RunAt.In(a.Config.Zone()).Format("2006-01-02 15:04 MST")
		}
		rows = append(rows, []string{j.Kind, j.Subject, fmt.Sprint(j.Attempts), next, j.Error})
	}
	return printTable(e, []string{"KIND", "SUBJECT", "ATTEMPTS", "NEXT", "ERROR"}, rows, nil)
}

// well says that nothing has failed of a job.
func well(j job.Waiting) bool { return j.State != "dead" && j.Attempts == 0 }

type jobRetryCmd struct {
	Kind     string   `arg:"" help:"Kind of job, as job list shows it (message, ticket, …)."`
	Subjects []string `arg:"" optional:"" name:"subject" help:"Subjects of jobs (default: all of the kind that failed)."`
}

// retried is what trying jobs again came to.
type retried struct {
	Jobs   int           `json:"jobs"`
	By     string        `json:"by,omitempty"` // the server that tries them; empty where it was done here
	Failed []job.Waiting `json:"failed"`
}

func (c *jobRetryCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	pick := func() ([]job.Waiting, error) {
		list, err := job.Pending(e.ctx, a.DB.View(), 1<<30)
		return slices.DeleteFunc(list, func(j job.Waiting) bool {
			return j.Kind != c.Kind || len(c.Subjects) > 0 && !slices.Contains(c.Subjects, j.Subject) || len(c.Subjects) == 0 && well(j) && j.RunAt.After(e.Now())
		}), err
	}
	list, err := pick()
	if err != nil {
		return err
	}
	for _, s := range c.Subjects {
		if !slices.ContainsFunc(list, func(j job.Waiting) bool { return j.Subject == s }) {
			return fmt.Errorf("there is no job %s %s; `zesei job list --all` shows them", c.Kind, s)
		}
	}
	if c.Kind == casework.JobMessage {
		if err := a.Mended(e.ctx); err != nil {
			return err
		}
		if list, err = pick(); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return fmt.Errorf("no job of kind %q failed: there is nothing to try again; `zesei job list --all` shows what waits", c.Kind)
	}
	var subjects []string
	for _, j := range list {
		subjects = append(subjects, j.Subject)
	}
	n := 0
	err = a.DB.Update(e.ctx, func(tx *store.Tx) error {
		n, err = job.Hurry(e.ctx, tx, e.Now(), c.Kind, subjects...)
		return err
	})
	if err != nil {
		return err
	}
	serving, err := a.Serving(e.ctx)
	if err != nil {
		return err
	}
	if serving != "" && e.root.JSON {
		return e.print(retried{Jobs: n, By: serving, Failed: []job.Waiting{}})
	}
	if serving != "" {
		fmt.Fprintf(e.Out, "%d jobs are tried again by %s\n", n, serving)
		return nil
	}
	if err := a.Queue.Drain(e.ctx, 0); err != nil {
		return err
	}
	left, err := job.Pending(e.ctx, a.DB.View(), 1<<30)
	if err != nil {
		return err
	}
	left = slices.DeleteFunc(left, func(j job.Waiting) bool { return j.Kind != c.Kind || !slices.Contains(subjects, j.Subject) || well(j) })
	if e.root.JSON {
		if err := e.print(retried{Jobs: n, Failed: append([]job.Waiting{}, left...)}); err != nil || len(left) == 0 {
			return err
		}
		return errFound
	}
	fmt.Fprintf(e.Out, "%d jobs tried again, %d failed\n", n, len(left))
	for _, j := range left {
		fmt.Fprintf(e.Err, "zesei: %s %s: %s\n", j.Kind, printable(j.Subject), printable(strings.TrimSpace(j.Error)))
	}
	if len(left) > 0 {
		return errFound
	}
	return nil
}
