package answer

import (
	"context"
	"regexp"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/notify/slack"
	"zesei/internal/store"
)

// caseKey is how people name a case, and how buttons do.
var caseKey = regexp.MustCompile(`^[0-9a-f]{12}$`)

// presses are what buttons do.
var presses = map[string]func(*session, context.Context) slack.Answer{
	slack.DoPlan:    (*session).showPlan,
	slack.DoApprove: (*session).approveFix,
	slack.DoAccept:  (*session).openAsk,
	slack.DoFill:    (*session).openFilled,
	slack.DoSnooze:  (*session).openSnooze,
	slack.DoAssign:  (*session).openAssign,
	slack.DoLook:    (*session).lookAgain,
	slack.DoGrant:   (*session).grant,
	slack.DoRefuse:  (*session).openRefuse,
}

// forms are what sent forms do: a form has the id of the button that opened it.
var forms = map[string]func(*session, context.Context) slack.Answer{
	slack.DoPlan:   (*session).approveShown,
	slack.DoAccept: (*session).ask,
	slack.DoSnooze: (*session).snooze,
	slack.DoAssign: (*session).assign,
	slack.DoRefuse: (*session).turnDown,
}

func (s *session) press(ctx context.Context) slack.Answer {
	do, ok := presses[s.Do]
	if !ok {
		return slack.Answer{} // a button of a version to come, or a link
	}
	return do(s, ctx)
}

func (s *session) form(ctx context.Context) slack.Answer {
	do, ok := forms[s.Form]
	if !ok {
		return slack.Answer{}
	}
	return do(s, ctx)
}

// onCase finds the case that a button names, and checks the right.
func (s *session) onCase(ctx context.Context, key string, r right) (*casefile.File, slack.Answer, bool) {
	f, err := s.find(ctx, key)
	if err != nil {
		return nil, s.failed(err), false
	}
	a, ok := s.may(ctx, r, []int64{f.ID}, s.what())
	return f, a, ok
}

// lookAgain asks for a look at the resource: "this is fixed".
func (s *session) lookAgain(ctx context.Context) slack.Answer {
	f, a, ok := s.onCase(ctx, s.Value, toAct)
	if !ok {
		return a
	}
	rules := s.Work.Rules()
	switch {
	case f.State == casefile.Closed:
		return s.tell("closed", f.Reason)
	case f.Key.Kind == finding.Incident:
		return s.tell("incident", store.ShortKey(f.Key))
	case rules.CanRead == nil || !rules.CanRead(f.Key.Account, f.Key.Control):
		return s.tell("unreadable")
	}
	if err := s.Work.LookAgain(ctx, s.member.Person, f.ID, "said in Slack to be mended"); err != nil {
		return s.failed(err)
	}
	return s.tell("looking")
}
