package answer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/notify/outbox"
	"zesei/internal/notify/slack"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// Member is a member of Slack as zesei knows them.
type Member struct {
	casework.Person
	Known    bool   // a configured person
	Name     string // in the configuration; "" where not known
	Operator bool   // may act on cases
}

// Directory knows accounts and how owners are spoken to.
type Directory interface {
	Account(id string) policy.Account
	Voice(owner string) outbox.Voice
}

// Desk does what people answer in Slack.
type Desk struct {
	DB        *store.DB
	Work      *casework.Work
	Directory Directory
	Catalogue *control.Catalogue
	// Member looks a member of Slack up; one that nobody configured is not Known.
	Member func(id string) Member
	// Team is the workspace from which presses are taken; "" takes all that Slack
	// delivers to the app.
	Team string
	// Nobody says that no people are configured: then members of the app's own
	// workspace may write and ask, and do nothing else.
	Nobody bool
	// Language is spoken where no owner is known.
	Language string
	// Slack is the way back.
	Slack func(context.Context) (*slack.Deliverer, error)
	// Plan is a fix's plan in words, calls, prior state and undo, as plain text.
	Plan func(f store.Fix, language string) (string, error)
	// Latest is the latest end of an exception that begins at a time.
	Latest func(time.Time) time.Time
	Now    func() time.Time
	Log    *slog.Logger
}

// Hear does what somebody asked for: it is a slack.Hearer.
func (d *Desk) Hear(ctx context.Context, h slack.Heard) slack.Answer {
	if h.Kind == slack.Other {
		return slack.Answer{}
	}
	s := &session{Desk: d, Heard: h, voice: voice{language: d.Language}, member: d.Member(h.User)}
	s.member.Delivery = h.Delivery
	if d.foreign(h) {
		return s.refuse("foreign")
	}
	var a slack.Answer
	switch h.Kind {
	case slack.Press:
		a = s.press(ctx)
	case slack.Form:
		a = s.form(ctx)
	case slack.Words:
		a = s.words(ctx)
	}
	return a
}

// foreign says whether what came is of another workspace: of a channel that is
// shared with it, for instance.
func (d *Desk) foreign(h slack.Heard) bool {
	if d.Team != "" {
		return h.Team != d.Team || h.UserTeam != "" && h.UserTeam != d.Team
	}
	return d.Nobody && (h.UserTeam == "" || h.UserTeam != h.Team)
}

// session is one thing heard.
type session struct {
	*Desk
	slack.Heard
	voice
	member Member
}

// of turns the session to a case: its owner's language and zone.
func (s *session) of(f *casefile.File) { s.to(f.Terms.Owner) }

func (s *session) to(owner string) {
	v := s.Directory.Voice(owner)
	s.language, s.zone = v.Language, v.Zone
}

// tell says something to the one who asked, and to nobody else.
func (s *session) tell(key string, args ...any) slack.Answer {
	text := s.say(key, args...)
	if s.Kind == slack.Form { // the form itself says it, and closes
		return slack.Answer{Body: slack.Instead(slack.Modal{Title: s.say("note-title"), Close: s.say("close"), Text: []string{slack.Escape(text)}})}
	}
	return s.whisper(text)
}

// whisper says it beside the message, after the acknowledgement.
func (s *session) whisper(text string) slack.Answer {
	h := s.Heard
	return slack.Answer{After: func(ctx context.Context) {
		out, err := s.Slack(ctx)
		if err == nil {
			err = out.Whisper(ctx, h, slack.Escape(text))
		}
		if err != nil {
			s.Log.Warn("slack: an answer did not reach the one who asked", "user", h.User, "do", s.what(), "error", err)
		}
	}}
}

// open shows a form, after the acknowledgement.
func (s *session) open(m slack.Modal) slack.Answer {
	trigger := s.Trigger
	return slack.Answer{After: func(ctx context.Context) {
		out, err := s.Slack(ctx)
		if err == nil {
			err = out.Open(ctx, trigger, m)
		}
		if err == nil {
			return
		}
		s.Log.Warn("slack: a form could not be opened", "user", s.User, "do", s.what(), "error", err)
		if a := s.tell("failed"); a.After != nil {
			a.After(ctx)
		}
	}}
}

// refuse says why nothing was done, and logs it.
func (s *session) refuse(key string, args ...any) slack.Answer {
	s.Log.Warn("slack: an act was refused", "do", s.what(), "user", s.User, "on", s.Value, "why", key)
	return s.tell(key, args...)
}

func (s *session) what() string {
	if s.Do != "" {
		return s.Do
	}
	if s.Form != "" {
		return s.Form
	}
	return string(s.Kind)
}

// failed turns an error of an act into an answer: words where the person can do
// something about it, otherwise the error, so that Slack is not told that it is
// done.
func (s *session) failed(err error) slack.Answer {
	var no *casefile.RefusedError
	switch {
	case errors.Is(err, casework.ErrHeard):
		return slack.Answer{}
	case errors.Is(err, store.ErrNotFound):
		return s.refuse("gone")
	case errors.As(err, &no):
		return s.refuse("refused", no.Why)
	}
	return slack.Answer{Err: fmt.Errorf("%s: %w", s.what(), err)}
}

// find loads the case that a key names, and speaks its owner's language.
func (s *session) find(ctx context.Context, key string) (*casefile.File, error) {
	if !caseKey.MatchString(key) {
		return nil, store.ErrNotFound
	}
	f, err := store.FindCase(ctx, s.DB.View(), key)
	if err == nil {
		s.of(f)
	}
	return f, err
}
