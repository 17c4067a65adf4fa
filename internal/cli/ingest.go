package cli

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"zesei/internal/app"
	"zesei/internal/intake"
	"zesei/internal/job"
	"zesei/internal/store"
)

type ingestCmd struct {
	Files  []string `arg:"" optional:"" help:"Files, gzip or not; - or none reads standard input. ASFF, GetFindings output, EventBridge events, OCSF, CloudTrail and Dome9 are recognised by content."`
	NoWork bool     `help:"Only commit; leave the jobs that follow (messages, fixes) to serve or run."`
	DryRun bool     `help:"Print what would be decided; change and tell nothing."`
}

func (c *ingestCmd) Run(e *env) error {
	a, err := e.open(c.DryRun)
	if err != nil {
		return err
	}
	defer a.Close()
	if c.DryRun {
		if a, err = a.Rehearsal(e.ctx); err != nil {
			return err
		}
		defer a.Close()
	}
	if len(c.Files) == 0 {
		c.Files = []string{"-"}
	}
	var total intake.Totals
	for _, name := range c.Files {
		t, err := c.read(e, a, name)
		total.Add(t)
		if err != nil {
			return fmt.Errorf("%w (what was committed before is kept: %d findings)", err, total.Findings)
		}
	}
	if c.DryRun {
		return c.decisions(e, a, total)
	}
	if !c.NoWork {
		if err := c.work(e, a); err != nil {
			return err
		}
	}
	if err := a.DB.IndexText(e.ctx); err != nil {
		return err
	}
	return c.report(e, a, total)
}

// read takes in one input, with progress on a terminal.
func (c *ingestCmd) read(e *env, a *app.App, name string) (intake.Totals, error) {
	in := *a.Intake
	if name == "-" {
		return in.Read(e.ctx, e.In, "stdin")
	}
	f, err := os.Open(name)
	if err != nil {
		return intake.Totals{}, wrongUse{err}
	}
	defer f.Close()
	var r io.Reader = f
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		return intake.Totals{}, use("%s is a folder: name the files in it", name)
	}
	if err == nil && info.Size() > 1<<20 && e.ErrTerminal {
		bars := mpb.New(mpb.WithOutput(e.Err), mpb.WithWidth(40))
		bar := bars.AddBar(info.Size(), mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Name(name+" ")),
			mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1024(0), "% .1f "), decor.AverageETA(decor.ET_STYLE_GO)))
		in.Progress = func(n int64) { bar.SetCurrent(n) }
		defer func() {
			bar.Abort(true)
			bars.Wait()
		}()
	}
	return in.Read(e.ctx, r, name)
}

// work works the jobs that are due. A message does not wait for more cases: the
// input is at its end.
func (c *ingestCmd) work(e *env, a *app.App) error {
	serving, err := a.Serving(e.ctx)
	if err != nil {
		return err
	}
	if serving != "" {
		fmt.Fprintf(e.Err, "zesei: %s serves this store and works what follows\n", serving)
		return nil
	}
	if err := a.Queue.Drain(e.ctx, a.Work.Rules().GroupWait); err != nil {
		return fmt.Errorf("working what follows: %w", err)
	}
	left, err := job.Pending(e.ctx, a.DB.View(), 1000)
	if err != nil {
		return err
	}
	return c.left(e, left)
}

// left says what was tried and could not be done, the first few of it. What only
// waits for its time is no news. It names no time: without serve nothing runs by
// itself.
func (c *ingestCmd) left(e *env, left []job.Waiting) error {
	const most = 3
	left = slices.DeleteFunc(slices.Clone(left), well)
	for _, j := range left[:min(len(left), most)] {
		again := "the next run tries again"
		if j.State == "dead" {
			again = "it is given up until something changes"
		}
		fmt.Fprintf(e.Err, "zesei: %s %s: %s; %s\n", j.Kind, j.Subject, j.Error, again)
	}
	if more := len(left) - most; more > 0 {
		fmt.Fprintf(e.Err, "zesei: and %d more that failed: see `zesei job list`\n", more)
	}
	return nil
}

func (c *ingestCmd) report(e *env, a *app.App, t intake.Totals) error {
	if err := c.refused(e, a, t.Dead); err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(t)
	}
	fmt.Fprintf(e.Out, "read %d, findings %d (%d unchanged), dead letters %d\n", t.Read, t.Findings, t.Unchanged, t.Dead)
	if t.Events > 0 {
		fmt.Fprintf(e.Out, "events %d, matches of detection rules %d\n", t.Events, t.Detected)
	}
	n := t.Cases
	if n.Opened+n.Reopened+n.Updated+n.Closed == 0 {
		fmt.Fprintln(e.Out, "cases: nothing changed")
	} else {
		fmt.Fprintf(e.Out, "cases: %d opened, %d reopened, %d updated, %d closed\n", n.Opened, n.Reopened, n.Updated, n.Closed)
	}
	return nil
}

// refused says why the first of what could not be used could not.
func (c *ingestCmd) refused(e *env, a *app.App, n int) error {
	if n == 0 {
		return nil
	}
	letters, err := store.NewestDead(e.ctx, a.DB.View(), min(n, 3))
	if err != nil {
		return err
	}
	for _, d := range letters {
		fmt.Fprintf(e.Err, "zesei: %s, item %d cannot be used: %s\n", printable(d.Source), d.Position, printable(d.Reason))
	}
	fmt.Fprintf(e.Err, "zesei: %d items could not be used and are kept: see `zesei dead list`\n", n)
	return nil
}

// decisions prints what was decided in a rehearsal.
func (c *ingestCmd) decisions(e *env, a *app.App, t intake.Totals) error {
	list, err := casesByID(e, a, t.Touched)
	if err != nil {
		return err
	}
	if e.root.JSON {
		return e.print(struct {
			intake.Totals
			Decisions []caseJSON `json:"decisions"`
		}{t, toJSON(list, e.Now())})
	}
	fmt.Fprintf(e.Out, "dry run: read %d, findings %d (%d unchanged), dead letters %d; would open %d, reopen %d, update %d, close %d cases\n",
		t.Read, t.Findings, t.Unchanged, t.Dead, t.Cases.Opened, t.Cases.Reopened, t.Cases.Updated, t.Cases.Closed)
	return printCases(e, a, list)
}
