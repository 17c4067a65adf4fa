package outbox

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"zesei/internal/casefile"
	"zesei/internal/notify"
	"zesei/internal/store"
)

// Wishes are told in the threads of messages: who may approve, and who is who.
type Wishes struct {
	// Approvers are the Slack ids of those who may approve for an owner, the
	// nearest first.
	Approvers func(owner string) []string
	// Who says who stands behind an ID of the audit chain: a name, and a member of
	// Slack; each "" where it is not known.
	Who func(id string) (name, member string)
}

// asked adds the wishes for exceptions that the row tells of.
func (o *Outbox) asked(ctx context.Context, row store.Message, files []*casefile.File, m *notify.Message) error {
	if o.Wishes == nil || !m.Via.Threads() || len(files) == 0 {
		return nil
	}
	var told notify.Told
	_ = json.Unmarshal(row.Told, &told) // what cannot be read fails where it is delivered
	ids := make([]int64, len(files))
	byID := map[int64]*casefile.File{}
	for i, f := range files {
		ids[i], byID[f.ID] = f.ID, f
	}
	list, err := store.ExceptionsOfCases(ctx, o.DB.View(), ids)
	if err != nil {
		return err
	}
	for _, x := range list {
		if _, here := told.Parts["asked/"+x.ID]; !here {
			if x.State != store.ExceptionAsked {
				continue
			}
			own, err := store.MessagesOfException(ctx, o.DB.View(), x.ID, store.MessageWish)
			if err != nil {
				return err
			}
			if len(own) > 0 { // it has a message of its own
				continue
			}
			home, err := o.home(ctx, x.CaseID)
			if err != nil {
				return err
			}
			if home != row.ID {
				continue
			}
		}
		f := byID[x.CaseID]
		wish := o.wish(x, f.Terms.Owner)
		wish.Control, wish.Resource = f.Key.Control, o.resource(f)
		m.Asked = append(m.Asked, wish)
	}
	return nil
}

func (o *Outbox) wish(x store.Exception, owner string) notify.Asked {
	out := notify.Asked{ID: x.ID, Case: x.Scope.Case, State: notify.AskedState(x.State), Reason: x.Reason, Evidence: x.Evidence, Until: x.ExpiresAt, CloseHole: x.CloseHole, NoButtons: !o.Interactive}
	out.By, out.ByMember = o.Wishes.Who(x.AskedBy)
	decided := x.ApprovedBy
	if x.State == store.ExceptionRefused {
		decided = x.EndedBy
	}
	if decided != "" {
		out.Decided, out.DecidedBy = o.Wishes.Who(decided)
	}
	out.Approvers = slices.DeleteFunc(slices.Clone(o.Wishes.Approvers(owner)), func(member string) bool { return member == out.ByMember })
	return out
}

// home is the one message in whose thread a wish for a case is told: one that
// people have, the case's own before a list that it stands in, the newest.
func (o *Outbox) home(ctx context.Context, caseID int64) (int64, error) {
	all, err := store.MessagesOfCases(ctx, o.DB.View(), []int64{caseID})
	if err != nil {
		return 0, err
	}
	var best store.Message
	rank := func(m store.Message) int {
		n := 1
		switch m.Kind {
		case store.MessageCases:
			n = 2
		case store.MessageEscalation: // it is not the team that reads it
			n = 0
		}
		if !m.ToldAt.IsZero() {
			n += 3
		}
		return n
	}
	for _, m := range all[caseID] { // in the order of their ids
		if strings.HasPrefix(m.Channel, string(notify.Slack)+":") && (best.ID == 0 || rank(m) >= rank(best)) {
			best = m
		}
	}
	return best.ID, nil
}
