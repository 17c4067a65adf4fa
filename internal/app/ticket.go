package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"zesei/internal/casework"
	"zesei/internal/config"
	"zesei/internal/ticket"
	"zesei/internal/ticket/backlog"
	"zesei/internal/ticket/desk"
	"zesei/internal/ticket/github"
	tickethttp "zesei/internal/ticket/http"
	"zesei/internal/ticket/jira"
	"zesei/internal/ticket/redmine"
	"zesei/internal/ticket/servicenow"
)

// ticketJobs binds the jobs of tickets where a tracker is configured.
func (a *App) ticketJobs() error {
	if len(a.Config.Ticket) == 0 {
		return nil
	}
	texts, problems := ticketTexts(a.Config)
	if err := problems.Err(); err != nil {
		return err
	}
	trackers := &trackers{app: a, made: map[string]*lazy[ticket.Tracker]{}}
	d := &desk.Desk{DB: a.DB, Work: a.Work, Directory: a.Directory, Catalogue: a.Catalogue, Texts: texts, Tracker: trackers.get,
		Requests: a.Policy.ClosedEarlyRequests(), ExceptionEnds: a.Policy.ExceptionEnd, Now: a.Now, Log: a.Log}
	a.Queue.Handlers[casework.JobTicket] = d.Job
	a.Queue.Handlers[casework.JobTicketPoll] = d.Poll
	return nil
}

// trackers makes each configured tracker on its first use.
type trackers struct {
	app  *App
	mu   sync.Mutex
	made map[string]*lazy[ticket.Tracker]
}

func (t *trackers) get(ctx context.Context, name string) (ticket.Tracker, error) {
	c, ok := t.app.Config.Ticket[name]
	if !ok {
		return nil, fmt.Errorf("a ticket goes to %q, which is not configured: add ticket.%s", name, name)
	}
	t.mu.Lock()
	one := t.made[name]
	if one == nil {
		one = &lazy[ticket.Tracker]{}
		t.made[name] = one
	}
	t.mu.Unlock()
	return one.get(func() (ticket.Tracker, error) { return t.app.tracker(ctx, name, c) })
}

// tracker makes a tracker as it is configured.
func (a *App) tracker(ctx context.Context, name string, c config.Tracker) (ticket.Tracker, error) {
	token, err1 := c.Token.Value(ctx, a.secrets())
	password, err2 := c.Password.Value(ctx, a.secrets())
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("ticket.%s: %w", name, err)
	}
	return makeTracker(name, c, token, password, a.Now)
}

func makeTracker(name string, c config.Tracker, token, password string, now func() time.Time) (ticket.Tracker, error) {
	var allowed []string
	switch {
	case c.Kind == "github":
		allowed = github.StateReasons
	case c.Kind == "http" && len(c.ClosedAs) > 0:
		return nil, fmt.Errorf("ticket.%s.closed_as: kind http has no use for it: the reason is {{.Reason}} in the operation close, and \"reason\" for a program", name)
	}
	as, err := ticket.NewClosedAs(name, c.ClosedAs, allowed...)
	if err != nil {
		return nil, err
	}
	switch c.Kind {
	case "github":
		return github.New(github.Config{Name: name, URL: c.URL, Token: token, Priorities: c.Priorities, ClosedAs: as, Now: now})
	case "jira":
		return jira.New(jira.Config{Name: name, URL: c.URL, User: c.User, Token: token, Server: jira.Server(c.URL, c.User), Type: c.Type, Priorities: c.Priorities, Closed: c.Closed, ClosedAs: as, Now: now})
	case "backlog":
		return backlog.New(backlog.Config{Name: name, URL: c.URL, Token: token, Type: c.Type, Priorities: c.Priorities, Closed: c.Closed, ClosedAs: as, Now: now})
	case "redmine":
		return redmine.New(redmine.Config{Name: name, URL: c.URL, Token: token, Type: c.Type, Priorities: c.Priorities, Closed: c.Closed, ClosedAs: as, Now: now})
	case "servicenow":
		return servicenow.New(servicenow.Config{Name: name, URL: c.URL, User: c.User, Password: password, Token: token, Priorities: c.Priorities, Closed: c.Closed, ClosedAs: as, CloseCode: c.Fields["close_code"], Now: now})
	}
	if len(c.Command) > 0 {
		return tickethttp.NewProgram(tickethttp.ProgramConfig{Name: name, Command: c.Command, Token: token, Closed: c.Closed, Priorities: c.Priorities})
	}
	operations := map[string]tickethttp.Operation{}
	for op, o := range c.Operations {
		operations[op] = tickethttp.Operation{Method: o.Method, URL: o.URL, Headers: o.Headers, Body: o.Body, Read: o.Read}
	}
	return tickethttp.New(tickethttp.Config{Name: name, URL: c.URL, Token: token, Operations: operations, Closed: c.Closed, Priorities: c.Priorities, Now: now})
}

// tracker is where an owner's tickets live.
func (d *Directory) tracker(owner string) (name, project string, ok bool) {
	own := d.owned(owner).Ticket
	if own.In == "" {
		return "", "", false
	}
	t, ok := d.config.Ticket[own.In]
	return own.In, cmp.Or(own.Project, t.Project), ok
}

func (d *Directory) owned(owner string) config.Owner {
	if o, ok := d.config.Owners[owner]; ok {
		return o
	}
	return d.config.Owners[d.config.DefaultOwner()]
}

// TicketVoice is how an owner's tickets are written in a tracker.
func (d *Directory) TicketVoice(owner, tracker string) desk.Voice {
	own := d.owned(owner).Ticket
	v := desk.Voice{Language: d.config.OwnerLanguage(owner), Zone: d.config.OwnerZone(owner), Assignee: own.Assignee, Fields: map[string]string{}}
	if v.Zone == nil {
		v.Zone = time.UTC
	}
	if p, ok := d.config.People[own.Assignee]; ok {
		v.Assignee = cmp.Or(p.Logins[tracker], p.Email, own.Assignee)
	}
	maps.Copy(v.Fields, d.config.Ticket[tracker].Fields)
	maps.Copy(v.Fields, own.Fields)
	return v
}
