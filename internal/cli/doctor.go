package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/app"
	"zesei/internal/awscloud"
	"zesei/internal/job"
	"zesei/internal/store"
)

type doctorCmd struct{}

// checked is what one look came to.
type checked struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Note string `json:"note"`
}

// patience bounds one look at something outside.
const patience = 15 * time.Second

// Run looks at the store, the jobs and every way out. Exit code 1 when something
// is wrong.
func (doctorCmd) Run(e *env) error {
	a, err := e.open(false)
	var all []checked
	if err != nil {
		a, all = e.doctorFaults(err)
	}
	if a.DB != nil {
		defer a.Close()
		all = append(all, e.doctorStore(a)...)
	}
	if a.Cloud != nil && a.Directory != nil {
		all = append(all, e.doctorAccounts(a)...)
	}
	if a.Config != nil && a.Cloud != nil {
		all = append(all, e.doctorIntake(a)...)
	}
	if a.Config != nil && a.Config.Notify.Slack != nil && a.Cloud != nil {
		all = append(all, e.doctorSlack(a))
		all = append(all, e.doctorAnswers(a)...)
	}
	if a.DB != nil && a.Config != nil {
		all = append(all, e.doctorWays(a)...)
	}
	if e.root.JSON {
		if err := e.print(all); err != nil {
			return err
		}
	} else {
		for _, c := range all {
			sign := "ok   "
			if !c.OK {
				sign = "wrong"
			}
			fmt.Fprintf(e.Out, "%s  %-24s %s\n", sign, printable(c.What), printable(c.Note))
		}
	}
	if slices.ContainsFunc(all, func(c checked) bool { return !c.OK }) {
		return errFound
	}
	return nil
}

func (e *env) doctorStore(a *app.App) []checked {
	out := []checked{{"store", true, a.DB.Path()}}
	add := func(what string, ok bool, note string, err error) {
		if err != nil {
			ok, note = false, err.Error()
		}
		out = append(out, checked{what, ok, note})
	}
	var sound string
	err := a.DB.View().QueryRowContext(e.ctx, `PRAGMA integrity_check(1)`).Scan(&sound)
	add("integrity", sound == "ok", sound, err)
	jobs, err := job.Pending(e.ctx, a.DB.View(), 10000)
	dead := slices.DeleteFunc(slices.Clone(jobs), func(j job.Waiting) bool { return j.State != "dead" })
	failed := slices.DeleteFunc(slices.Clone(jobs), well)
	note := fmt.Sprintf("%d wait, %d given up", len(jobs)-len(dead), len(dead))
	if n := len(failed) - len(dead); n > 0 {
		note = fmt.Sprintf("%d wait, %d of them after a failure, %d given up", len(jobs)-len(dead), n, len(dead))
	}
	if len(dead) > 0 {
		note += ": " + dead[0].Kind + " " + dead[0].Subject + ": " + dead[0].Error + "; see `zesei job list`"
	}
	add("jobs", len(dead) == 0, note, err)
	out = append(out, e.doctorDead(a))
	serving, err := a.Serving(e.ctx)
	note = "not running: messages and fixes are worked by commands only"
	if serving != "" {
		note = serving
	}
	add("serve", true, note, err)
	return out
}

// deadNews is how long a dead letter is a finding of doctor; after it, it is only
// counted.
const deadNews = 7 * 24 * time.Hour

func (e *env) doctorDead(a *app.App) checked {
	c := checked{What: "dead letters"}
	all, err := store.CountDead(e.ctx, a.DB.View())
	if err == nil {
		var fresh int
		fresh, err = store.CountDeadSince(e.ctx, a.DB.View(), a.Now().Add(-deadNews))
		c.OK = fresh == 0
		c.Note = fmt.Sprintf("%d in the last 7 days, %d in all: see `zesei dead list`", fresh, all)
	}
	switch {
	case err != nil:
		c.OK, c.Note = false, err.Error()
	case all == 0:
		c.Note = "none"
	}
	return c
}

// doctorFaults lists what stands in the way of opening, and opens what can be
// looked at all the same.
func (e *env) doctorFaults(cause error) (*app.App, []checked) {
	a, faults := app.Inspect(e.ctx, e.options(false))
	var out []checked
	for _, err := range append(faults, cause) {
		what, lines := "start", []string{err.Error()}
		var unusable *store.UnusableError
		if errors.As(err, &unusable) {
			what = "store"
		}
		if all, ok := problems(err); ok {
			what, lines = "configuration", nil
			for _, p := range all {
				lines = append(lines, p.String())
			}
		}
		for _, line := range lines {
			if c := (checked{What: what, Note: line}); !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return a, out
}

// doctorAccounts says whose the caller's credentials are, and which accounts can
// be read.
func (e *env) doctorAccounts(a *app.App) []checked {
	accounts := a.Directory.Accounts()
	ctx, cancel := context.WithTimeout(e.ctx, patience)
	defer cancel()
	id, err := a.Cloud.Identity(ctx)
	if err != nil {
		// Without accounts there is nothing to read, and nothing is wrong.
		return []checked{{"credentials", len(accounts) == 0, "none that can be used, so no resource is read: " + err.Error()}}
	}
	out := []checked{{"credentials", true, id.ARN}}
	for _, id := range accounts {
		c := checked{What: strings.TrimSpace("account " + id + " " + a.Directory.Account(id).Name), OK: true, Note: "can be read"}
		ctx, cancel := context.WithTimeout(e.ctx, patience)
		if _, err := a.Cloud.For(ctx, id, "", awscloud.Read, ""); err != nil {
			c.OK, c.Note = false, err.Error()
		}
		cancel()
		out = append(out, c)
	}
	return out
}

func (e *env) doctorSlack(a *app.App) checked {
	c := checked{What: "slack"}
	ctx, cancel := context.WithTimeout(e.ctx, patience)
	defer cancel()
	s := a.Config.Notify.Slack
	token, err := s.Token.Value(ctx, awscloud.NewSecrets(a.Cloud))
	if err != nil {
		c.Note = "notify.slack.token: " + err.Error()
		return c
	}
	who, err := slackgo.New(token, slackgo.OptionAPIURL(s.APIURL)).AuthTestContext(ctx)
	if err != nil {
		c.Note = "auth.test: " + err.Error()
		return c
	}
	c.OK, c.Note = true, who.User+" in "+who.Team
	return c
}
