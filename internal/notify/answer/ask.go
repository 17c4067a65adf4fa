package answer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/notify/slack"
	"zesei/internal/store"
)

// usualLength is how long an exception lasts that the form proposes, where the
// policy allows as much.
const usualLength = 30 * 24 * time.Hour

// openAsk opens the form that asks for an exception, for one case or for one of
// those of a message.
func (s *session) openAsk(ctx context.Context) slack.Answer {
	if key, whole := slack.ParseMessageValue(s.Value); whole {
		return s.openAskOf(ctx, messageID(s.DB.ID(), key), "")
	}
	f, a, ok := s.onCase(ctx, s.Value, toAsk)
	if !ok {
		return a
	}
	return s.openAskFor([]*casefile.File{f}, "")
}

// messageID is the id of the row behind a message's key; 0 where it is not ours.
func messageID(db, key string) int64 {
	id, ours := strings.CutPrefix(key, db+"-")
	n, err := strconv.ParseInt(id, 10, 64)
	if !ours || err != nil {
		return 0
	}
	return n
}

// openAskOf opens the form for the cases of a message, filled in with a reason.
func (s *session) openAskOf(ctx context.Context, message int64, reason string) slack.Answer {
	row, err := store.LoadMessage(ctx, s.DB.View(), message)
	if err != nil {
		return s.failed(err)
	}
	s.to(row.Owner)
	if a, ok := s.may(ctx, toAsk, nil, s.what()); !ok {
		return a
	}
	ids, err := store.MessageCaseIDs(ctx, s.DB.View(), row.ID)
	if err != nil {
		return s.failed(err)
	}
	if len(ids) > casework.MessageCases {
		return s.tell("too-many", len(ids))
	}
	files, err := store.CasesByID(ctx, s.DB.View(), ids)
	if err != nil {
		return s.failed(err)
	}
	return s.openAskFor(files, reason)
}

// openAskFor opens the form for cases that are not closed, the most urgent first.
func (s *session) openAskFor(files []*casefile.File, reason string) slack.Answer {
	closed := ""
	files = slices.DeleteFunc(files, func(f *casefile.File) bool {
		if f.State == casefile.Closed {
			closed = f.Reason
		}
		return f.State == casefile.Closed
	})
	if len(files) == 0 {
		return s.tell("closed", closed)
	}
	slices.SortStableFunc(files, func(a, b *casefile.File) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), a.Terms.Due.Compare(b.Terms.Due), cmp.Compare(store.ShortKey(a.Key), store.ShortKey(b.Key)))
	})
	return s.open(s.askModal(files, reason))
}

func (s *session) askModal(files []*casefile.File, reason string) slack.Modal {
	m := slack.Modal{Form: slack.DoAccept, Title: s.say("ask-title"), Submit: s.say("ask-send"), Close: s.say("close")}
	if len(files) == 1 {
		m.About = s.here(store.ShortKey(files[0].Key)).String()
		m.Text = []string{s.about(files[0])}
	} else {
		m.About = s.here("").String()
		choose := slack.Input{Name: fieldCase, Kind: slack.ChoiceInput, Label: s.say("ask-case")}
		for _, f := range files {
			choose.Options = append(choose.Options, slack.Choice{Value: store.ShortKey(f.Key), Text: fmt.Sprintf("%s %s %s", f.Key.Control, shortName(f.Key.Resource), store.ShortKey(f.Key))})
		}
		m.Inputs = append(m.Inputs, choose)
	}
	m.Text = append(m.Text, slack.Escape(s.say("ask-intro")))
	now := s.Now()
	last := s.Latest(now)
	usual := now.Add(usualLength)
	if usual.After(last) {
		usual = last
	}
	m.Inputs = append(m.Inputs,
		slack.Input{Name: fieldReason, Kind: slack.TextInput, Label: s.say("ask-reason"), Value: reason},
		slack.Input{Name: fieldUntil, Kind: slack.DateInput, Label: s.say("ask-until"), Hint: s.say("ask-latest", s.day(last)), Value: s.day(usual)},
		slack.Input{Name: fieldEvidence, Kind: slack.URLInput, Label: s.say("ask-evidence"), Optional: true},
	)
	if c, ok := s.Catalogue.Lookup(files[0].Key.Control); ok && c.Remedy != "" {
		m.Inputs = append(m.Inputs, slack.Input{Name: fieldClose, Kind: slack.TickInput, Label: s.say("ask-close"), Optional: true,
			Options: []slack.Choice{{Value: "yes", Text: s.say("ask-close-it")}}})
	}
	return m
}

// ask records the wish. The thread of the case's message then calls those who may
// approve.
func (s *session) ask(ctx context.Context) slack.Answer {
	at := parsePlace(s.About)
	if at.key == "" {
		at.key = s.Fields[fieldCase]
	}
	f, a, ok := s.onCase(ctx, at.key, toAsk)
	if !ok {
		return a
	}
	until, ok := s.endOf(fieldUntil)
	now := s.Now()
	last := s.Latest(now)
	reason, evidence := s.typed(fieldReason), strings.TrimSpace(s.Fields[fieldEvidence])
	if until.After(last) && s.day(until) == s.day(last) {
		until = last
	}
	switch {
	case reason == "":
		return mistake(fieldReason, s.say("no-reason"))
	case !ok:
		return mistake(fieldUntil, s.say("no-date"))
	case !until.After(now):
		return mistake(fieldUntil, s.say("past"))
	case until.After(last):
		return mistake(fieldUntil, s.say("too-late", s.day(last)))
	case evidence != "" && !strings.HasPrefix(evidence, "https://"):
		return mistake(fieldEvidence, s.say("no-https"))
	case f.State == casefile.Closed:
		return s.tell("closed", f.Reason)
	}
	_, err := s.Work.AskException(ctx, s.member.Person, casework.Ask{Case: f.ID, Reason: reason, Evidence: evidence, Until: until, CloseHole: s.Fields[fieldClose] == "yes"})
	if err != nil {
		return s.failed(err)
	}
	return slack.Answer{}
}
