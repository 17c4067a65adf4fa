package answer

import (
	"context"

	"zesei/internal/notify/slack"
	"zesei/internal/store"
)

// loadWish loads an exception that was asked for, and speaks its case's owner's
// language; that of the configuration where it covers more than one case.
func (s *session) loadWish(ctx context.Context, id string) (store.Exception, error) {
	x, err := store.LoadException(ctx, s.DB.View(), id)
	if err != nil {
		return x, err
	}
	if x.Wide() {
		if x.Scope.Owner != "" {
			s.to(x.Scope.Owner)
		}
		return x, nil
	}
	cases, err := store.CasesByID(ctx, s.DB.View(), []int64{x.CaseID})
	if err == nil && len(cases) > 0 {
		s.of(cases[0])
	}
	return x, err
}

// decidable returns an answer where the member may not decide on the wish, or
// nobody can any more. own says that nobody decides so on a wish of their own.
func (s *session) decidable(ctx context.Context, id, what string, own bool) (store.Exception, slack.Answer, bool) {
	x, err := s.loadWish(ctx, id)
	if err != nil {
		return x, s.failed(err), false
	}
	why := s.lacks(toApprove)
	if why == "" && own && s.member.Is(x.AskedBy) {
		why = "own-wish"
	}
	if why != "" {
		if err := s.tried(ctx, x, what+" "+x.ID, whyEnglish[why]); err != nil {
			return x, s.failed(err), false
		}
		if why == "unknown" {
			return x, s.refuse(why, s.User), false
		}
		return x, s.refuse(why), false
	}
	if x.State != store.ExceptionAsked {
		return x, s.refuse("wish-state", s.state(x.State)), false
	}
	return x, slack.Answer{}, true
}

// tried keeps a try to decide on the case of the wish, or on the wish itself where
// it covers more than one case.
func (s *session) tried(ctx context.Context, x store.Exception, what, why string) error {
	p := s.attempting(what)
	if x.Wide() {
		return s.Work.RecordException(ctx, p, x.ID, attempted, what+": "+why)
	}
	return s.Work.Record(ctx, p, []int64{x.CaseID}, attempted, what+": "+why)
}

// grant approves what another person asked for.
func (s *session) grant(ctx context.Context) slack.Answer {
	x, a, ok := s.decidable(ctx, s.Value, "approve exception", true)
	if !ok {
		return a
	}
	x, err := s.Work.ApproveException(ctx, s.member.Person, x.ID)
	if err != nil {
		return s.failed(err)
	}
	return s.tell("wish-granted", x.ID, s.at(x.ExpiresAt))
}

// openRefuse asks why a wish is refused.
func (s *session) openRefuse(ctx context.Context) slack.Answer {
	x, a, ok := s.decidable(ctx, s.Value, "refuse exception", false)
	if !ok {
		return a
	}
	return s.open(slack.Modal{
		Form: slack.DoRefuse, Title: s.say("refuse-title"), Submit: s.say("refuse-send"), Close: s.say("close"), About: x.ID,
		Inputs: []slack.Input{{Name: fieldWhy, Kind: slack.TextInput, Label: s.say("refuse-why")}},
	})
}

// turnDown refuses a wish.
func (s *session) turnDown(ctx context.Context) slack.Answer {
	x, a, ok := s.decidable(ctx, s.About, "refuse exception", false)
	if !ok {
		return a
	}
	why := s.typed(fieldWhy)
	if why == "" {
		return mistake(fieldWhy, s.say("no-reason"))
	}
	if _, err := s.Work.RefuseException(ctx, s.member.Person, x.ID, why); err != nil {
		return s.failed(err)
	}
	return s.tell("wish-refused", x.ID)
}
