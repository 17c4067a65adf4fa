package pagerduty

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zesei/internal/notify"
)

// trouble pages for what zesei cannot tell people otherwise: a trigger when a
// channel or a report fails, a resolve when the channel works again.
func (d *Deliverer) trouble(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	for _, a := range actions.List {
		part := told.Parts[a.Part]
		if part.Done() {
			continue
		}
		part.Version, part.Pending, part.Hash, part.At = max(part.Version, 1), true, a.Hash, d.now().Unix()
		told.Parts[a.Part] = part
		if err := record(told.Clone()); err != nil {
			return told, fmt.Errorf("record what is told: %w", err)
		}
		if err := d.send(ctx, troubleEvent(d.key, actions.Message)); err != nil {
			return told, err
		}
		part.Pending = false
		told.Parts[a.Part] = part
		if err := record(told.Clone()); err != nil {
			return told, fmt.Errorf("record what is told: %w", err)
		}
	}
	return told, nil
}

func troubleEvent(routingKey string, m notify.Message) event {
	t := m.Trouble
	what := "report " + t.Report
	key := "zesei/report/" + t.Report + "/" + t.Cron + "/" + t.Since.UTC().Format(time.RFC3339)
	if t.Channel != "" {
		what, key = "messages by "+t.Channel, "zesei/channel/"+t.Channel
	}
	e := event{RoutingKey: routingKey, Action: trigger, Key: cut(key, maxKey)}
	if t.What == notify.ChannelWorks {
		e.Action = resolve
		return e
	}
	e.Client = "zesei"
	e.Payload = &payload{
		Summary: cut(notify.Clean("zesei: "+what+": "+strings.Join(t.Reasons, "; ")), maxSummary), Source: "zesei", Severity: "error",
		Component: notify.Clean(t.Channel), Class: t.What,
		Details: map[string]string{"since": t.Since.UTC().Format(time.RFC3339), "waiting": fmt.Sprint(t.Waiting), "hint": notify.Clean(t.Hint)},
	}
	return e
}
