// Package replay runs a policy over the cases that are on record and says what
// would have been otherwise: which cases, messages, tickets and fixes would be
// more, fewer or different than under today's policy.
//
// Both policies are asked exactly what casework asks (casework.Rules.Input), at
// the time when each case was last opened, so that the difference is the
// policies' alone and not that of the day on which the replay is run. The answer
// is a Result with counts and examples. The package only reads: nothing is
// decided, written, told or planned, and no cloud is asked.
package replay

import (
	"context"
	"fmt"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// Replay is one comparison of two policies.
type Replay struct {
	DB    *store.DB
	Rules *casework.Rules // today's, with the directory and the catalogue of both
	Old   *policy.Policy
	New   *policy.Policy
	Since time.Time // cases that stood at any time since then
	// Ticketed says whether tickets are made for an owner; nil: for none.
	Ticketed func(owner string) bool
	// Examples bounds the examples of each difference.
	Examples int
}

// some is how many cases are loaded at once.
const some = 2000

// Run compares.
func (r *Replay) Run(ctx context.Context) (*Result, error) {
	out := &Result{Since: r.Since.UTC(), Old: named(r.Old), New: named(r.New)}
	olds, news := newSide(r, r.Old), newSide(r, r.New)
	diff := newDifferences(r.Examples)
	for after := int64(0); ; {
		files, err := store.CasesStanding(ctx, r.DB.View(), r.Since, after, some)
		if err != nil {
			return nil, fmt.Errorf("replaying: %w", err)
		}
		for _, f := range files {
			in := r.Rules.Input(f, f.OpenedAt)
			was, is := olds.decide(f, in), news.decide(f, in)
			out.Cases++
			diff.add(f, was, is)
		}
		if len(files) < some {
			break
		}
		after = files[len(files)-1].ID
	}
	diff.into(out)
	out.Messages = Count{olds.messages(), news.messages()}
	out.Tickets = Count{olds.tickets(), news.tickets()}
	out.Fixes = fixCounts(olds, news)
	r.notes(out)
	return out, nil
}

func named(p *policy.Policy) Policy { return Policy{p.Name(), p.Hash()} }

// notes say what a replay cannot know.
func (r *Replay) notes(out *Result) {
	for _, s := range []finding.Status{finding.Warning, finding.NotAvailable} {
		if r.New.Problem(s) && !r.Old.Problem(s) {
			out.Notes = append(out.Notes, fmt.Sprintf("the new policy opens cases on %s too: such findings were not recorded, and are not counted", s))
		}
	}
	if r.New.Attention().Per > 0 || r.Old.Attention().Per > 0 {
		out.Notes = append(out.Notes, "under an attention budget messages are counted in the order in which cases opened; of what comes in together the most urgent is told first, so a few may differ")
	}
}

// outcome is what one policy makes of one case.
type outcome struct {
	exists   bool // false: no case would be
	response policy.Response
	owner    string
	due      time.Time
	mode     policy.FixMode
	rule     string
	fixRule  string
	urgent   bool
}

// decide asks one policy about a case.
func (s *side) decide(f *casefile.File, in policy.Input) outcome {
	if !stands(s.policy, f) {
		return outcome{}
	}
	d := s.policy.Decide(in)
	o := outcome{exists: true, response: d.Response, owner: in.Owner, due: d.Due, mode: d.Fix.Mode, rule: d.Rule, fixRule: d.Fix.Rule, urgent: d.Urgent}
	if d.Owner != "" {
		o.owner = d.Owner
	}
	if at := f.Life.EventDue; !at.IsZero() && o.response != policy.Suppress {
		o.due = at
	}
	if f.Life.ApproveOnly && o.mode == policy.FixAuto {
		o.mode = policy.FixApprove
	}
	if one, ok := s.replay.Rules.Catalogue.Lookup(f.Key.Control); !ok || one.Remedy == "" && len(d.Fix.Remedies) == 0 {
		o.mode = policy.FixOff // there is nothing to fix it with
	}
	s.count(f, o)
	return o
}

// stands says whether the policy holds what a doubtful case was opened on for a
// problem; any other case was opened on FAILED or by an event.
func stands(p *policy.Policy, f *casefile.File) bool {
	if !f.Life.Doubtful || len(f.Sources) == 0 {
		return true
	}
	for _, s := range f.Sources {
		if s.Status == finding.Passed || p.Problem(s.Status) {
			return true
		}
	}
	return false
}
