package answer

import (
	"context"

	"zesei/internal/notify/slack"
	"zesei/internal/store"
)

// loadWish loads an exception that was asked for, and speaks its case's owner's
// language.
func (s *session) loadWish(ctx context.Context, id string) (store.Exception, []int64, error) {
	x, err := store.LoadException(ctx, s.DB.View(), id)
	if err != nil || x.CaseID == 0 {
		return x, nil, err
	}
	cases, err := store.CasesByID(ctx, s.DB.View(), []int64{x.CaseID})
	if err == nil && len(cases) > 0 {
		s.of(cases[0])
	}
	return x, []int64{x.CaseID}, err
}

// decidable returns an answer where the member may not decide on the wish, or
// nobody can any more.
func (s *session) decidable(ctx context.Context, id, what string) (store.Exception, slack.Answer, bool) {
	x, cases, err := s.loadWish(ctx, id)
	if err != nil {
		return x, s.failed(err), false
	}
	if a, ok := s.may(ctx, toApprove, cases, what+" "+x.ID); !ok {
		return x, a, false
	}
	if x.State != store.ExceptionAsked {
		return x, s.refuse("wish-state", s.state(x.State)), false
	}
	return x, slack.Answer{}, true
}

// grant approves what another person asked for.
func (s *session) grant(ctx context.Context) slack.Answer {
	x, a, ok := s.decidable(ctx, s.Value, "approve exception")
	if !ok {
		return a
	}
	if s.member.Is(x.AskedBy) {
		p := s.member.Person
		p.Delivery = "attempt|" + s.User + "|own|" + x.ID
		if err := s.Work.Record(ctx, p, []int64{x.CaseID}, "approval refused", "approve exception "+x.ID+": asked for it"); err != nil {
			return s.failed(err)
		}
		return s.refuse("own-wish")
	}
	x, err := s.Work.ApproveException(ctx, s.member.Person, x.ID)
	if err != nil {
		return s.failed(err)
	}
	return s.tell("wish-granted", x.ID, s.at(x.ExpiresAt))
}

// openRefuse asks why a wish is refused.
func (s *session) openRefuse(ctx context.Context) slack.Answer {
	x, a, ok := s.decidable(ctx, s.Value, "refuse exception")
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
	x, a, ok := s.decidable(ctx, s.About, "refuse exception")
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
