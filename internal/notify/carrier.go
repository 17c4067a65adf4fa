package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Carrier is the delivery of a channel without threads: each part is sent whole,
// as a next version, and a part in doubt is sent again as the version that it
// was.
type Carrier struct {
	// News says that what was sent cannot be replaced: a part is sent again only
	// when people must hear of it (Message.Gist), not for every change of words.
	News bool
	Now  func() time.Time
	// Send sends one version of a part. Its errors are those of Channel.
	Send func(ctx context.Context, m Message, a Action, p Part) error
}

// Deliver carries the actions out, as Channel says.
func (c Carrier) Deliver(ctx context.Context, actions Actions, told Told, record func(Told) error) (Told, error) {
	told = told.Clone()
	if told.Target == "" {
		told.Target = actions.Message.Target
	}
	save := func() error {
		if err := record(told.Clone()); err != nil {
			return fmt.Errorf("record what is told: %w", err)
		}
		return nil
	}
	gist := ""
	if c.News {
		gist = actions.Message.Gist()
	}
	for _, a := range actions.List {
		part := told.Parts[a.Part]
		same := part.Hash == a.Hash || c.News && part.ID == gist
		if part.Done() && same {
			part.Hash = a.Hash
			told.Parts[a.Part] = part
			continue
		}
		if !part.Pending || !same { // else: the same version again
			part.Version++
		}
		part.Pending, part.Hash, part.ID, part.At = true, a.Hash, gist, c.Now().Unix()
		told.Parts[a.Part] = part
		if err := save(); err != nil {
			return told, err
		}
		if err := c.Send(ctx, actions.Message, a, part); err != nil {
			return told, err
		}
		part.Pending = false
		told.Parts[a.Part] = part
		if err := save(); err != nil {
			return told, err
		}
	}
	if actions.Seen != nil {
		told.Seen = actions.Seen
		if err := save(); err != nil {
			return told, err
		}
	}
	return told, nil
}

// Gist identifies what people must hear of a message even where an earlier one
// cannot be edited: which cases it holds, how each stands, that one came back,
// and that a fix waits for them. A moved deadline or a changed name is none of
// it. Of a digest, a reminder or an escalation it is only which cases it holds,
// of a warning which exceptions, and an import summary has one gist for ever.
func (m Message) Gist() string {
	var all []string
	for _, c := range m.Cases {
		if m.Kind != Cases {
			all = append(all, fmt.Sprintf("%q", c.Key))
			continue
		}
		s := fmt.Sprintf("%q %s %d", c.Key, c.State, c.Recurrences)
		if c.State == Closed {
			s += fmt.Sprintf(" %q", c.Reason)
		}
		if c.Fix != nil {
			switch c.Fix.State {
			case FixWaiting, FixHeld, FixFailed:
				s += " fix " + string(c.Fix.State)
			}
		}
		all = append(all, s)
	}
	if m.Kind == Ending {
		for _, x := range m.Exceptions {
			all = append(all, fmt.Sprintf("exception %q", x.ID))
		}
	}
	slices.Sort(all)
	if m.Kind == ImportSummary {
		all = nil
	}
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return hex.EncodeToString(sum[:16])
}
