package cli

import (
	"context"
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
	if err != nil {
		return err
	}
	defer a.Close()
	var all []checked
	all = append(all, e.doctorStore(a)...)
	all = append(all, e.doctorAccounts(a)...)
	if a.Config.Notify.Slack != nil {
		all = append(all, e.doctorSlack(a))
		all = append(all, e.doctorAnswers(a)...)
	}
	all = append(all, e.doctorWays(a)...)
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
	letters, err := store.CountDead(e.ctx, a.DB.View())
	note = "none"
	if letters > 0 {
		note = fmt.Sprintf("%d: see `zesei dead list`", letters)
	}
	add("dead letters", letters == 0, note, err)
	serving, err := a.Serving(e.ctx)
	note = "not running: messages and fixes are worked by commands only"
	if serving != "" {
		note = serving
	}
	add("serve", true, note, err)
	return out
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
