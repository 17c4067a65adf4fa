package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zesei/internal/config"
	"zesei/internal/notify"
	"zesei/internal/notify/email"
	"zesei/internal/notify/slack"
	"zesei/internal/report"
)

// errand is one thing that a run of a schedule delivers: whose report, in which
// language, by which way. Each is delivered by itself: what fails one repeats no
// other.
type errand struct {
	owner    string // whose it is; "": all
	way      string // slack:#ops, email:a@example.com
	language string
	zone     *time.Location
}

func (e errand) name() string { return e.owner + " " + e.way }

// sent is how far a run is with one errand. Begun is kept before anything goes
// out: an errand that is begun and not done is in doubt, and is looked for
// (Slack) or sent under the Message-ID that it had (mail).
type sent struct {
	Begun  time.Time `json:"begun"`
	File   string    `json:"file,omitempty"` // id of the file that is about to be shared in Slack
	Done   time.Time `json:"done,omitzero"`
	Failed string    `json:"failed,omitempty"` // given up
	// Alone says that the way's service answered and refused this target.
	Alone bool `json:"alone,omitempty"`
}

// errands are what a run of a schedule delivers. A schedule that names no way
// goes where its owner, or else the default owner, is told.
func errands(c *config.Config, s config.Schedule) []errand {
	zone := c.Zone()
	if z, err := time.LoadLocation(s.Timezone); s.Timezone != "" && err == nil {
		zone = z
	}
	var out []errand
	add := func(owner, language string, zone *time.Location, channel string, addresses []string) {
		if s.Language != "" {
			language = s.Language
		}
		if channel != "" && c.Notify.Slack != nil {
			out = append(out, errand{owner, "slack:" + channel, language, zone})
		}
		for _, to := range addresses {
			if c.Notify.Email != nil {
				out = append(out, errand{owner, "email:" + to, language, zone})
			}
		}
	}
	if s.Owner == config.EachOwner {
		for _, name := range c.OwnerNames() {
			o := c.Owners[name]
			add(name, c.OwnerLanguage(name), c.OwnerZone(name), o.Slack, o.Email)
		}
		return out
	}
	if s.Slack != "" || len(s.Email) > 0 {
		add(s.Owner, c.OwnerLanguage(s.Owner), zone, s.Slack, s.Email)
		return out
	}
	to := s.Owner
	if to == "" {
		to = c.DefaultOwner()
	}
	add(s.Owner, c.OwnerLanguage(to), zone, c.Owners[to].Slack, c.Owners[to].Email)
	return out
}

// unreached are the owners who have no way for a schedule that gives each its
// own.
func (a *App) unreached(s config.Schedule) []string {
	if s.Owner != config.EachOwner {
		return nil
	}
	reached := errands(a.Config, s)
	return slices.DeleteFunc(a.Config.OwnerNames(), func(name string) bool {
		return slices.ContainsFunc(reached, func(e errand) bool { return e.owner == name })
	})
}

// runSchedule does what is left of a run. The error is of what may yet succeed,
// or of a run that nothing came of; what was refused for good stands in r.Ways.
func (a *App) runSchedule(ctx context.Context, id string, s config.Schedule, r *run) error {
	if r.Ways == nil {
		r.Ways = map[string]sent{}
	}
	w := &errandWork{App: a, id: id, schedule: s, run: r, lists: map[string]Found{}}
	var again []error
	var wait *notify.RetryAfter
	waits := true // all that is left waits for a time that was named
	for _, e := range errands(a.Config, s) {
		p := r.Ways[e.name()]
		if !p.Done.IsZero() || p.Failed != "" {
			continue
		}
		err := w.do(ctx, e)
		p = r.Ways[e.name()]
		var never *notify.Permanent
		switch {
		case err == nil:
			p.Done = a.Now()
		case ctx.Err() != nil:
			return err
		case errors.As(err, &never):
			p.Failed, p.Alone = never.Error(), never.Scope == notify.TargetOnly
		default:
			waits = waits && errors.As(err, &wait)
			again = append(again, fmt.Errorf("%s: %w", e.way, err))
			continue
		}
		r.Ways[e.name()] = p
		if err := a.keepRun(ctx, id, *r); err != nil {
			return err
		}
	}
	if len(again) > 0 && waits {
		return wait
	}
	// One that waits must not hold up one that may be tried at once.
	again = slices.DeleteFunc(again, func(err error) bool { return errors.As(err, &wait) })
	return errors.Join(again...)
}

// errandWork does the errands of one try of a run.
type errandWork struct {
	*App
	id       string
	schedule config.Schedule
	run      *run
	lists    map[string]Found // by owner: asked for once
}

// do delivers one errand.
func (w *errandWork) do(ctx context.Context, e errand) error {
	p := w.run.Ways[e.name()]
	before := p.Begun // when an earlier try began
	keep := func() error {
		w.run.Ways[e.name()] = p
		return w.keepRun(ctx, w.id, *w.run)
	}
	if p.Begun.IsZero() {
		p.Begun = w.Now()
		if err := keep(); err != nil {
			return err
		}
	}
	via, to, _ := strings.Cut(e.way, ":")
	mail := notify.Via(via) == notify.Email
	post := Post{
		Channel: to, Controls: w.schedule.Controls, Language: e.language, Zone: e.zone, CSV: w.schedule.CSV, Skip: w.schedule.Empty == "skip",
		Key: w.runKey(w.id, *w.run) + "|" + e.name(), Begun: before, File: p.File,
		Intend: func(fileID string) error { p.File = fileID; return keep() },
	}
	if w.schedule.Do != "findings" {
		l, empty, err := w.letter(ctx, w.schedule, e)
		switch {
		case err != nil:
			return &unmadeError{err}
		case empty && post.Skip:
			return nil
		case mail:
			l.To, l.Key, l.Date = to, post.Key, p.Begun
			return w.write(ctx, l)
		}
		return w.say(ctx, l, post)
	}
	f, err := w.list(ctx, e)
	switch {
	case err != nil:
		return err
	case mail:
		return w.MailFindings(ctx, f, Mail{To: to, Controls: post.Controls, Language: e.language, Zone: e.zone, CSV: post.CSV, Skip: post.Skip, Key: post.Key, Date: p.Begun})
	}
	_, err = w.PostFindings(ctx, f, post)
	return err
}

// list is the list of an errand's owner.
func (w *errandWork) list(ctx context.Context, e errand) (Found, error) {
	if f, ok := w.lists[e.owner]; ok {
		return f, nil
	}
	want := Findings{Language: e.language}
	var err error
	if want.Controls, err = report.Controls(w.Catalogue, w.schedule.Controls); err != nil {
		return Found{}, &notify.Permanent{Reason: err.Error()}
	}
	if e.owner != "" {
		want.Owners = []string{e.owner}
	}
	f, err := w.List(ctx, want)
	if err != nil {
		return f, &unmadeError{err}
	}
	w.lists[e.owner] = f
	return f, nil
}

func (a *App) write(ctx context.Context, l email.Letter) error {
	d, err := a.Mailer(ctx)
	if err != nil {
		return err
	}
	return d.Write(ctx, l)
}

// say posts a letter to Slack, as a file with a comment where it has one.
func (a *App) say(ctx context.Context, l email.Letter, p Post) error {
	d, err := a.Deliverer(ctx)
	if err != nil {
		return err
	}
	if len(l.Files) > 0 {
		_, err = a.upload(ctx, d, p, l.Files[0].Name, l.Files[0].Content, l.Text, false)
		return err
	}
	_, err = d.Say(ctx, slack.Saying{Channel: p.Channel, Text: l.Text, Key: p.Key, Since: p.Begun})
	return err
}

// unmadeError says that a report could not be made: no way is to blame.
type unmadeError struct{ err error }

func (e *unmadeError) Error() string { return e.err.Error() }
func (e *unmadeError) Unwrap() error { return e.err }

// letter writes a summary or a score for the way of an errand. empty says that
// there is nothing in it.
func (a *App) letter(ctx context.Context, s config.Schedule, e errand) (l email.Letter, empty bool, err error) {
	var m report.Markup = slackMarkup{}
	if strings.HasPrefix(e.way, "email:") {
		m = report.Plain{}
	}
	if s.Do == "score" {
		return a.scoreLetter(ctx, s, e, m)
	}
	sum, err := a.Summary(ctx, e.owner, e.language)
	if err != nil {
		return l, false, err
	}
	if l.Text, err = sum.Text(m, e.language, e.zone); err != nil {
		return l, false, err
	}
	page, err := sum.HTML(e.language, e.zone, report.WithoutPlots)
	l.Subject, l.HTML = sum.Subject(e.language), string(page)
	if s.CSV {
		l.Files = []email.File{{Name: "security-summary-" + a.Now().In(e.zone).Format("20060102-1504") + ".csv", Type: csvType, Content: sum.CSV(e.language)}}
	}
	return l, sum.Open == 0, err
}
