package slack

import (
	"context"
	"errors"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/notify"
)

// eventType marks our messages' metadata.
// https://docs.slack.dev/messaging/message-metadata/
const eventType = "zesei_message"

func metadata(key, part string, p notify.Part) slackgo.SlackMetadata {
	return slackgo.SlackMetadata{EventType: eventType, EventPayload: map[string]any{
		"key": key, "part": part, "version": p.Version, "post": p.Posts, "hash": p.Hash,
	}}
}

// post intends, sends and records a new message.
func (r *delivery) post(ctx context.Context, a notify.Action, before notify.Part) error {
	part := before
	part.Pending, part.Hash, part.At, part.ID = true, a.Hash, r.now().Unix(), ""
	part.Version++
	part.Posts++
	if err := r.set(a.Part, part); err != nil {
		return err
	}
	thread := ""
	if a.Part != notify.Main {
		thread = r.told.Parts[notify.Main].ID
	}
	var channel, ts string
	err := r.send(ctx, a.View, func(ctx context.Context, content []slackgo.MsgOption) error {
		content = append(content, slackgo.MsgOptionMetadata(metadata(r.key, a.Part, part)))
		var err error
		if thread != "" {
			channel, ts, err = r.api.PostMessageContext(ctx, r.channel(), append(content, slackgo.MsgOptionTS(thread))...)
			if threadGone[refusal(err)] {
				r.log.Warn("slack: the thread is gone, posting to the channel", "message", r.key, "part", a.Part, "answer", refusal(err))
				thread = ""
			}
		}
		if thread == "" {
			channel, ts, err = r.api.PostMessageContext(ctx, r.channel(), content...)
		}
		if err == nil && ts == "" {
			return errors.New("chat.postMessage: the answer names no message")
		}
		return err
	})
	if err != nil {
		err = classify("chat.postMessage", r.told.Target, err)
		if !ambiguous(err) { // nothing was posted: nothing to look for next time
			r.restore(a.Part, before)
			if failed := r.save(); failed != nil {
				return errors.Join(err, failed)
			}
		}
		return err
	}
	part.Pending, part.ID = false, ts
	if a.Part == notify.Main && channel != "" {
		r.told.Channel = channel
		r.channels.learn(r.told.Target, channel)
	}
	if err := r.set(a.Part, part); err != nil {
		return err
	}
	return r.done(a)
}

// threadGone are the answers for a thread whose first message was deleted.
var threadGone = map[string]bool{"thread_not_found": true, "invalid_thread_ts": true, "message_not_found": true}

// restore takes an intention back.
func (r *delivery) restore(name string, before notify.Part) {
	if before.Version == 0 {
		delete(r.told.Parts, name)
		return
	}
	before.Pending = false
	if before.ID == "" { // it was in doubt, was looked for and is not there
		delete(r.told.Parts, name)
		return
	}
	r.told.Parts[name] = before
}

// update says something else in the same place, or anew where Slack no longer
// lets that message be changed.
func (r *delivery) update(ctx context.Context, a notify.Action, part notify.Part) error {
	next := part
	next.Version++
	next.Hash = a.Hash
	err := r.send(ctx, a.View, func(ctx context.Context, content []slackgo.MsgOption) error {
		content = append(content, slackgo.MsgOptionMetadata(metadata(r.key, a.Part, next)))
		_, _, _, err := r.api.UpdateMessageContext(ctx, r.channel(), part.ID, content...)
		return err
	})
	if code := refusal(err); cannotEdit[code] {
		r.log.Warn("slack: message cannot be edited, posting anew", "message", r.key, "part", a.Part, "ts", part.ID, "answer", code)
		a.View.Anew = true
		return r.post(ctx, a, part)
	}
	if err != nil {
		return classify("chat.update", r.told.Target, err)
	}
	if err := r.set(a.Part, next); err != nil {
		return err
	}
	return r.done(a)
}

// cannotEdit are chat.update's refusals that a new post answers.
// https://docs.slack.dev/reference/methods/chat.update
var cannotEdit = map[string]bool{"edit_window_closed": true, "message_not_found": true, "cant_update_message": true}

// send lays the view out and calls until Slack takes it, waiting out short
// limits. Where Slack refuses the blocks themselves, one plain section with the
// beginning of the text goes instead: a message is worth more than its looks.
func (r *delivery) send(ctx context.Context, v notify.View, call func(context.Context, []slackgo.MsgOption) error) error {
	text, err := r.texts.Render(v)
	if err != nil {
		r.log.Error("slack: message template", "template", v.Template, "language", v.Language, "err", err)
		if text == "" {
			return &notify.Permanent{Reason: "message template " + v.Template + " cannot be printed: " + err.Error(), Scope: notify.MessageOnly}
		}
	}
	page := r.layout(v, text)
	for waits := 0; ; {
		if err := r.pace.wait(ctx, r.lane()); err != nil {
			return err
		}
		err := call(ctx, page.options())
		var limited *slackgo.RateLimitedError
		switch {
		case errors.As(err, &limited) && limited.RetryAfter <= r.patience && waits < 3:
			waits++
			if err := r.pace.sleep(ctx, limited.RetryAfter); err != nil {
				return err
			}
		case refusedBlocks[refusal(err)] && !page.bare:
			r.log.Warn("slack: blocks refused, sending the text", "message", r.key, "answer", refusal(err))
			page = page.plain()
		default:
			return err
		}
	}
}

// layout lays a part out, with its buttons where people may press them.
func (r *delivery) layout(v notify.View, text string) page {
	note := func(n int) string { v.Cut = n; return r.texts.CutNote(v) }
	all := buttons(v, r.key)
	if len(all) == 0 {
		return layout(text, note)
	}
	p := layoutWithin(text, maxBlocks-1, maxAll-buttonsCost, note)
	p.buttons = all
	return p
}

var refusedBlocks = map[string]bool{
	"invalid_blocks": true, "invalid_blocks_format": true, "msg_blocks_too_long": true, "msg_too_long": true,
}

// channel is the id that Slack gave, else what the configuration names.
func (r *delivery) channel() string {
	if r.told.Channel != "" {
		return r.told.Channel
	}
	return r.told.Target
}

// lane is what the pace is kept for: the id, also where posts go by name.
func (r *delivery) lane() string {
	if id := r.channels.id(r.channel()); id != "" {
		return id
	}
	return r.channel()
}
