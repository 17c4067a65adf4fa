package outbox

import (
	"context"

	"zesei/internal/casefile"
	"zesei/internal/notify"
	"zesei/internal/store"
)

// OfCase is a message of a kind that holds cases, about this case alone: for a
// preview, which is never sent.
func (o *Outbox) OfCase(ctx context.Context, f *casefile.File, kind notify.Kind, via notify.Via, voice Voice) (notify.Message, error) {
	m := notify.Message{Key: "preview", Owner: f.Terms.Owner, Via: via, Kind: kind,
		Language: voice.Language, Zone: voice.Zone, Mention: voice.Mention, Interactive: o.Interactive}
	fixes, err := store.FixesOfCases(ctx, o.DB.View(), []int64{f.ID})
	if err != nil {
		return m, err
	}
	if kind == notify.Cases {
		m.Control = o.control(f.Key.Control, []*casefile.File{f})
	}
	m.Cases = []notify.Case{o.Case(f, fixes[f.ID], voice.Language)}
	return m, nil
}
