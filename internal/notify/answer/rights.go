package answer

import (
	"context"

	"zesei/internal/casework"
	"zesei/internal/notify/slack"
)

// right is what an act needs.
type right int

const (
	toRead    right = iota // a configured person
	toAsk                  // a configured person; anybody of the workspace where nobody is configured
	toAct                  // an operator or an approver
	toApprove              // an approver
)

// lacks says, by the key of its words, why the member may not; "" where they may.
func (s *session) lacks(r right) string {
	m := s.member
	switch {
	case r == toAsk && s.Nobody:
		return ""
	case s.Nobody:
		return "nobody"
	case !m.Known:
		return "unknown"
	case r == toAct && !m.Operator && !m.Approver:
		return "not-operator"
	case r == toApprove && !m.Approver:
		return "not-approver"
	}
	return ""
}

// may returns an answer where the member may not do it. A try to approve without
// the role is kept on the cases, once for each person and thing.
func (s *session) may(ctx context.Context, r right, cases []int64, what string) (slack.Answer, bool) {
	why := s.lacks(r)
	if why == "" {
		return slack.Answer{}, true
	}
	if r == toApprove {
		if err := s.Work.Record(ctx, s.attempting(what), cases, attempted, what+": "+whyEnglish[why]); err != nil {
			return s.failed(err), false
		}
	}
	if why == "unknown" {
		return s.refuse(why, s.User), false
	}
	return s.refuse(why), false
}

// attempted is what the audit chain says of a try to approve that was refused.
const attempted = "approval refused"

// attempting is the member, whose try is kept once for each thing.
func (s *session) attempting(what string) casework.Person {
	p := s.member.Person
	p.Delivery = "attempt|" + s.User + "|" + what
	return p
}

// whyEnglish are the reasons as the audit chain shows them.
var whyEnglish = map[string]string{
	"unknown": "no configured person", "nobody": "no people are configured", "not-approver": "has not the role of an approver",
	"own-wish": "asked for it",
}
