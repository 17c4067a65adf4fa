package outbox

import (
	"context"
	"slices"

	"zesei/internal/casefile"
	"zesei/internal/notify"
)

// mostCalled is how many of those who made the resources of one message are
// called: more would be noise.
const mostCalled = 5

// callCreators has a Slack message mention those who made its resources.
func (o *Outbox) callCreators(ctx context.Context, m *notify.Message, files []*casefile.File) {
	if o.Member == nil || m.Via != notify.Slack {
		return
	}
	called := 0
	for _, f := range files {
		if f.Life.Creator == "" || called == mostCalled {
			continue
		}
		if id := o.Member(ctx, f.Life.Creator); id != "" && !slices.Contains(m.Mention, id) {
			m.Mention = append(slices.Clone(m.Mention), id)
			called++
		}
	}
}
