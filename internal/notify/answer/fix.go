package answer

import (
	"context"
	"strings"

	"zesei/internal/notify/slack"
	"zesei/internal/store"
)

// loadFix loads a fix, and speaks the language of its first case's owner.
func (s *session) loadFix(ctx context.Context, id string) (store.Fix, error) {
	f, err := store.LoadFix(ctx, s.DB.View(), id)
	if err != nil || len(f.Cases) == 0 {
		return f, err
	}
	cases, err := store.CasesByID(ctx, s.DB.View(), f.Cases[:1])
	if err == nil && len(cases) > 0 {
		s.of(cases[0])
	}
	return f, err
}

// approveFix approves exactly the plan that the button stands for.
func (s *session) approveFix(ctx context.Context) slack.Answer { return s.approve(ctx, s.Value) }

// approveShown approves exactly the plan that was shown.
func (s *session) approveShown(ctx context.Context) slack.Answer { return s.approve(ctx, s.About) }

func (s *session) approve(ctx context.Context, value string) slack.Answer {
	id, hash := slack.ParseFixValue(value)
	f, err := s.loadFix(ctx, id)
	if err != nil {
		return s.failed(err)
	}
	if a, ok := s.may(ctx, toApprove, f.Cases, "approve fix "+f.ID); !ok {
		return a
	}
	switch {
	case f.State != store.FixWaiting:
		return s.refuse("fix-state", f.ID, s.state(f.State))
	case hash == "" || hash != f.PlanHash:
		return s.refuse("fix-changed", f.ID)
	case !s.Now().Before(f.ExpiresAt):
		return s.refuse("fix-expired", f.ID, s.at(f.ExpiresAt))
	}
	if f, err = s.Work.ApproveFix(ctx, s.member.Person, f.ID, hash); err != nil {
		return s.failed(err)
	}
	if f.ApplyAfter.After(s.Now()) {
		return s.tell("fix-later", f.ID, s.at(f.ApplyAfter))
	}
	return s.tell("fix-approved", f.ID)
}

// How much of a plan a form shows: Slack takes 100 blocks and 250 kB.
const (
	planLines      = 120
	planCharacters = 20000
	planLine       = 1500
)

// showPlan shows a plan whole, to be approved there by who may.
func (s *session) showPlan(ctx context.Context) slack.Answer {
	f, err := s.loadFix(ctx, s.Value)
	if err != nil {
		return s.failed(err)
	}
	if a, ok := s.may(ctx, toRead, f.Cases, "look at fix "+f.ID); !ok {
		return a
	}
	text, err := s.Plan(f, s.language)
	if err != nil {
		s.Log.Error("slack: a plan cannot be shown", "fix", f.ID, "error", err)
		return s.tell("no-fix")
	}
	if err := s.Work.Record(ctx, s.member.Person, f.Cases, "plan shown", "fix "+f.ID+", plan "+f.PlanHash); err != nil {
		return s.failed(err)
	}
	return s.open(s.planModal(f, text))
}

func (s *session) planModal(f store.Fix, text string) slack.Modal {
	m := slack.Modal{Form: slack.DoPlan, Title: s.say("plan-title", f.ID), Close: s.say("close"), About: slack.FixValue(f.ID, f.PlanHash)}
	shown, left := shorten(strings.Split(strings.TrimSpace(text), "\n"))
	const perSection = 12
	for len(shown) > 0 {
		n := min(perSection, len(shown))
		m.Plain = append(m.Plain, strings.Join(shown[:n], "\n"))
		shown = shown[n:]
	}
	m.Plain = append(m.Plain, s.say("plan-until", s.at(f.ExpiresAt)))
	if left > 0 {
		m.Plain = append(m.Plain, s.say("plan-more", left, f.ID))
	}
	if f.State == store.FixWaiting && s.lacks(toApprove) == "" && s.Now().Before(f.ExpiresAt) {
		m.Submit = s.say("plan-approve")
	}
	return m
}

// shorten keeps the lines that a form has room for, and says how many are missing or
// cut.
func shorten(all []string) (shown []string, left int) {
	room := planCharacters
	for i, l := range all {
		l = harmless(l)
		if r := []rune(l); len(r) > planLine {
			l = string(r[:planLine]) + "…"
			left++
		}
		if room -= len([]rune(l)); room < 0 || i >= planLines {
			return shown, left + len(all) - i
		}
		shown = append(shown, l)
	}
	return shown, left
}
