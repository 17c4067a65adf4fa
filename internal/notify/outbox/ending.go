package outbox

import (
	"context"
	"strings"

	"zesei/internal/notify"
	"zesei/internal/store"
)

// endings are the exceptions of a row that end soon. One that is over before
// anybody was told of it is left out; what was told stays as it was told.
func (o *Outbox) endings(ctx context.Context, row store.Message, m notify.Message) (notify.Message, error) {
	list, err := store.ExceptionsOfMessage(ctx, o.DB.View(), row.ID)
	if err != nil {
		return m, err
	}
	ids := make([]string, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	covered, err := store.CountCovered(ctx, o.DB.View(), ids)
	if err != nil {
		return m, err
	}
	m.Kind = notify.Ending
	for _, x := range list {
		if row.ToldAt.IsZero() && (x.State != store.ExceptionActive || !o.Now().Before(x.ExpiresAt)) {
			continue
		}
		e, err := o.ending(ctx, x, m.Language)
		if err != nil {
			return m, err
		}
		e.Cases = covered[x.ID].Now
		m.Exceptions = append(m.Exceptions, e)
	}
	return m, o.callOnce(ctx, row, list, &m)
}

// wide is the wish of a row, with what came of it.
func (o *Outbox) wide(ctx context.Context, row store.Message, m notify.Message) (notify.Message, error) {
	list, err := store.ExceptionsOfMessage(ctx, o.DB.View(), row.ID)
	if err != nil {
		return m, err
	}
	m.Kind = notify.Wish
	for _, x := range list {
		e, err := o.ending(ctx, x, m.Language)
		if err != nil {
			return m, err
		}
		e.State, e.Evidence = notify.AskedState(x.State), x.Evidence
		if x.State == store.ExceptionRefused || x.State == store.ExceptionRevoked {
			e.Why = x.EndedWhy // a person's words
		}
		e.DecidedBy, e.ApprovedBy = o.name(x.ApprovedBy), ""
		if x.State == store.ExceptionRefused {
			e.DecidedBy = o.name(x.EndedBy)
		}
		m.Exceptions = append(m.Exceptions, e)
		if o.Wishes != nil && m.Via.Threads() {
			wish := o.wish(x, row.Owner)
			m.Asked = append(m.Asked, wish)
			if x.State == store.ExceptionAsked && len(wish.Approvers) > 0 {
				m.Mention = wish.Approvers
			}
		}
	}
	if direct(row.Channel) != "" {
		m.Mention = nil // it is theirs alone
	}
	return m, nil
}

func (o *Outbox) ending(ctx context.Context, x store.Exception, language string) (notify.Exception, error) {
	out := notify.Exception{
		ID: x.ID, Case: x.Scope.Case, Control: x.Scope.Control, AccountID: x.Scope.Account, Region: x.Scope.Region, Resource: x.Scope.Resource,
		Owner: x.Scope.Owner, Tag: x.Scope.Tag, Until: x.ExpiresAt, Reason: x.Reason, AskedBy: o.name(x.AskedBy), ApprovedBy: o.name(x.ApprovedBy), CloseHole: x.CloseHole,
	}
	if !x.Wide() {
		files, err := store.CasesByID(ctx, o.DB.View(), []int64{x.CaseID})
		if err != nil {
			return out, err
		}
		for _, f := range files {
			out.Control, out.AccountID, out.Region, out.Resource, out.ResourceName = f.Key.Control, f.Key.Account, f.Key.Region, f.Key.Resource, o.resource(f)
		}
	}
	if c, ok := o.Catalogue.Lookup(out.Control); ok {
		out.Title = c.Title.Demand().In(language)
	}
	if out.AccountID != "" {
		out.AccountName = o.Directory.Account(out.AccountID).Name
	}
	if out.ResourceName == "" {
		out.ResourceName = out.Resource[strings.LastIndexAny(out.Resource, "/:")+1:]
	}
	return out, nil
}

// name is how people know who stands behind an ID of the audit chain.
func (o *Outbox) name(id string) string {
	if o.Name == nil || id == "" {
		return id
	}
	return o.Name(id)
}
