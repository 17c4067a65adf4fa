package answer

import (
	"context"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/notify/slack"
	"zesei/internal/store"
)

// Names of the fields of forms.
const (
	fieldCase     = "case"
	fieldReason   = "reason"
	fieldUntil    = "until"
	fieldEvidence = "evidence"
	fieldClose    = "close"
	fieldWhy      = "why"
	fieldWho      = "who"
)

// place is where a form was opened from, so that what comes of it is said there.
// It is what a form carries beside its fields: ids alone.
type place struct{ key, channel, thread string }

func (p place) String() string { return strings.Join([]string{p.key, p.channel, p.thread}, "|") }

func parsePlace(s string) place {
	var p place
	p.key, s, _ = strings.Cut(s, "|")
	p.channel, p.thread, _ = strings.Cut(s, "|")
	return p
}

// here is the thread of the message that was pressed.
func (s *session) here(key string) place {
	thread := s.Thread
	if thread == "" {
		thread = s.Message
	}
	return place{key, s.Channel, thread}
}

// typed is what was typed into a field.
func (s *session) typed(field string) string { return slack.Typed(s.Fields[field], slack.MaxSaid) }

func mistake(field, words string) slack.Answer {
	return slack.Answer{Body: slack.Mistakes(map[string]string{field: words})}
}

// endOf reads a date of a form as the end of that day, in the owner's zone.
func (s *session) endOf(field string) (time.Time, bool) {
	zone := s.zone
	if zone == nil {
		zone = time.UTC
	}
	day, err := time.ParseInLocation(time.DateOnly, s.Fields[field], zone)
	if err != nil {
		return time.Time{}, false
	}
	return day.AddDate(0, 0, 1).Add(-time.Second), true
}

// about shows a case in a form.
func (s *session) about(f *casefile.File) string {
	account := f.Key.Account
	if name := s.Directory.Account(f.Key.Account).Name; name != "" {
		account = name + " " + account
	}
	return "*" + slack.Escape(f.Key.Control) + "* " + slack.Escape(shortName(f.Key.Resource)) + "\n" + slack.Escape(account+" "+f.Key.Region+" "+store.ShortKey(f.Key))
}

func shortName(arn string) string { return arn[strings.LastIndexAny(arn, "/:")+1:] }

func (s *session) openSnooze(ctx context.Context) slack.Answer {
	f, a, ok := s.onCase(ctx, s.Value, toAct)
	if !ok {
		return a
	}
	if f.State != casefile.Open {
		return s.tell("not-open", s.state(string(f.State)))
	}
	return s.open(slack.Modal{
		Form: slack.DoSnooze, Title: s.say("snooze-title"), Submit: s.say("snooze-send"), Close: s.say("close"), About: s.here(s.Value).String(), Text: []string{s.about(f)},
		Inputs: []slack.Input{
			{Name: fieldUntil, Kind: slack.DateInput, Label: s.say("snooze-until"), Hint: s.say("snooze-hint"), Value: s.day(s.Now().AddDate(0, 0, 7))},
			{Name: fieldWhy, Kind: slack.TextInput, Label: s.say("snooze-why"), Optional: true},
		},
	})
}

func (s *session) snooze(ctx context.Context) slack.Answer {
	at := parsePlace(s.About)
	f, a, ok := s.onCase(ctx, at.key, toAct)
	if !ok {
		return a
	}
	until, ok := s.endOf(fieldUntil)
	switch {
	case !ok:
		return mistake(fieldUntil, s.say("no-date"))
	case !until.After(s.Now()):
		return mistake(fieldUntil, s.say("past"))
	}
	if err := s.Work.Snooze(ctx, s.member.Person, f.ID, until, s.typed(fieldWhy)); err != nil {
		return s.failed(err)
	}
	return s.from(at).whisper(s.say("snoozed", at.key, s.at(until)))
}

func (s *session) openAssign(ctx context.Context) slack.Answer {
	f, a, ok := s.onCase(ctx, s.Value, toAct)
	if !ok {
		return a
	}
	if f.State == casefile.Closed {
		return s.tell("closed", f.Reason)
	}
	return s.open(slack.Modal{
		Form: slack.DoAssign, Title: s.say("assign-title"), Submit: s.say("assign-send"), Close: s.say("close"), About: s.here(s.Value).String(), Text: []string{s.about(f)},
		Inputs: []slack.Input{
			{Name: fieldWho, Kind: slack.UserInput, Label: s.say("assign-to"), Value: s.User},
			{Name: fieldWhy, Kind: slack.TextInput, Label: s.say("assign-why"), Optional: true},
		},
	})
}

// assign names a configured person where the member is one, otherwise the member.
func (s *session) assign(ctx context.Context) slack.Answer {
	at := parsePlace(s.About)
	f, a, ok := s.onCase(ctx, at.key, toAct)
	if !ok {
		return a
	}
	who := s.Fields[fieldWho]
	if slack.Mention(who) == "" {
		return mistake(fieldWho, s.say("gone"))
	}
	name := "slack:" + who
	if m := s.Member(who); m.Known {
		name = m.Name
	}
	if err := s.Work.Assign(ctx, s.member.Person, f.ID, name, s.typed(fieldWhy)); err != nil {
		return s.failed(err)
	}
	return s.from(at).whisper(s.say("assigned", at.key, name))
}

// from is the session at the place that a form was opened from.
func (s *session) from(p place) *session {
	out := *s
	out.Channel, out.Thread = p.channel, p.thread
	return &out
}
