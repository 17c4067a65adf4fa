package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"zesei/internal/casework"
	"zesei/internal/notify/answer"
	"zesei/internal/notify/outbox"
	"zesei/internal/notify/slack"
	"zesei/internal/remedy"
	"zesei/internal/store"
)

// operator is the role of who may act on cases.
const operator = "operator"

// interactive says whether what people press and write in Slack comes back.
func (a *App) interactive() bool { return HearsSlack(a.Config) }

// answers binds what people answer in Slack to the desk that does it.
func (a *App) answers() {
	a.Outbox.Wishes = &outbox.Wishes{Approvers: a.approvers, Who: a.who}
	if !a.interactive() {
		return
	}
	a.Outbox.Interactive = true
	a.desk = &answer.Desk{
		DB: a.DB, Work: a.Work, Directory: a.Directory, Catalogue: a.Catalogue, Member: a.slackMember,
		Team: a.Config.Notify.Slack.Team, Nobody: len(a.Config.People) == 0, Language: a.Config.Language,
		Slack: a.Deliverer, Plan: planText, Latest: a.Policy.ExceptionEnd, Now: a.Now, Log: a.Log,
	}
	a.Queue.Handlers[casework.JobAnswer] = a.desk.Job
}

// threads says whether a wish about a case is told in the threads of a channel, for
// casework.Rules. Where nothing comes back from Slack the wish names the command.
func (a *App) threads() func(string) bool {
	return func(channel string) bool { return strings.HasPrefix(channel, "slack:") }
}

// reachApprovers are the channels of those who may approve for an owner, its own
// people first; who asked is none of them.
func (a *App) reachApprovers(owner, askedBy string) []string {
	var own, others []string
	asker, _, _ := a.personOf(askedBy)
	for _, name := range a.Config.PeopleNames() {
		p := a.Config.People[name]
		switch {
		case name == asker || !p.Has(approver):
		case slices.Contains(p.Owners, owner):
			own = append(own, a.reach("cli:"+name)...)
		default:
			others = append(others, a.reach("cli:"+name)...)
		}
	}
	if len(own) > 0 {
		return own
	}
	return others
}

// slackMember looks a member of Slack up among the configured people.
func (a *App) slackMember(id string) answer.Member {
	p, known := a.SlackPerson(id)
	name, who, _ := a.Config.PersonBySlack(id)
	return answer.Member{Person: p, Known: known, Name: name, Operator: who.Has(operator)}
}

// approvers are the Slack ids of those who may approve for an owner, its own people
// first.
func (a *App) approvers(owner string) []string {
	var own, others []string
	for _, name := range a.Config.PeopleNames() {
		p := a.Config.People[name]
		switch {
		case p.Slack == "" || !p.Has(approver):
		case slices.Contains(p.Owners, owner):
			own = append(own, p.Slack)
		default:
			others = append(others, p.Slack)
		}
	}
	if len(own) > 0 { // the owner's own approvers are called, not everybody's
		return own
	}
	return others
}

// who stands behind an ID of the audit chain.
func (a *App) who(id string) (name, member string) {
	if name, p, ok := a.personOf(id); ok {
		return name, p.Slack
	}
	if member, ok := strings.CutPrefix(id, "slack:"); ok {
		return "", member
	}
	return a.nameOf(id), ""
}

// priorShown is how much of a resource's state before a fix is shown.
const priorShown = 1200

// planText is a plan in words: what it does, each call, how it is undone, and the
// state that it was made from.
func planText(f store.Fix, language string) (string, error) {
	var p remedy.Plan
	if err := json.Unmarshal(f.Plan, &p); err != nil {
		return "", fmt.Errorf("reading the plan of fix %s: %w", f.ID, err)
	}
	prior := string(p.Prior)
	if r := []rune(prior); len(r) > priorShown {
		prior = string(r[:priorShown]) + "…"
	}
	before := remedy.Words{EN: "State before: ", JA: "変更前の状態: "}
	return p.Text(language) + before.In(language) + prior, nil
}

// hear takes over HTTP what Slack has signed.
func (a *App) hear(mux *http.ServeMux) {
	s := a.Config.Notify.Slack
	if a.desk == nil || !s.SigningSecret.IsSet() {
		return
	}
	var secret lazy[string]
	read := func(ctx context.Context) (string, error) {
		return secret.get(func() (string, error) {
			v, err := s.SigningSecret.Value(ctx, a.secrets())
			if err != nil {
				return "", fmt.Errorf("notify.slack.signing_secret: %w", err)
			}
			return v, nil
		})
	}
	r := &slack.Receiver{Secret: read, Hear: a.desk.Hear, Now: a.Now, Log: a.Log}
	mux.Handle(slack.InteractivityPath, r.Interactivity())
	mux.Handle(slack.EventsPath, r.Events())
}

// listenToSlack takes over a socket what Slack delivers, until taking ends. A fault
// there stops nothing else.
func (a *App) listenToSlack(taking context.Context, begun *sync.WaitGroup) {
	s := a.Config.Notify.Slack
	if a.desk == nil || !s.AppToken.IsSet() {
		return
	}
	socket := &slack.Socket{
		Token: func(ctx context.Context) (string, error) {
			v, err := s.AppToken.Value(ctx, a.secrets())
			if err != nil {
				return "", fmt.Errorf("notify.slack.app_token: %w", err)
			}
			return v, nil
		},
		URL: s.APIURL, Hear: a.desk.Hear, Log: a.Log, Sleep: rest,
	}
	begun.Go(func() { socket.Run(taking) })
}
