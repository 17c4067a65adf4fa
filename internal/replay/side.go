package replay

import (
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/policy"
	"zesei/internal/store"
)

// side counts what follows from the decisions of one policy.
type side struct {
	replay    *Replay
	policy    *policy.Policy
	groups    map[group]*window
	sent      int
	told      map[[2]string][]time.Time // messages about cases by owner and channel, for the attention budget
	ticket    map[[2]string]int         // owner and control (or case) to one ticket
	resources map[string]policy.FixMode
}

// group is what cases of one message share.
type group struct{ kind, owner, control, channel string }

// window is the last message of a group.
type window struct {
	from, until time.Time
	n           int
}

func newSide(r *Replay, p *policy.Policy) *side {
	return &side{replay: r, policy: p, groups: map[group]*window{}, told: map[[2]string][]time.Time{}, ticket: map[[2]string]int{}, resources: map[string]policy.FixMode{}}
}

// count adds what follows from one decision.
func (s *side) count(f *casefile.File, o outcome) {
	if o.mode != policy.FixOff && o.response != policy.Suppress && o.response != policy.Disable {
		if weaker(s.resources[f.Key.Resource], o.mode) {
			s.resources[f.Key.Resource] = o.mode // a plan serves all cases of a resource
		}
	}
	if o.response == policy.Track && s.replay.Ticketed != nil && s.replay.Ticketed(o.owner) {
		k := [2]string{o.owner, f.Key.Control}
		if !s.policy.TicketsPerControl() {
			k[1] = store.ShortKey(f.Key)
		}
		s.ticket[k]++
	}
	g := group{owner: o.owner}
	switch {
	case o.response == policy.Notify:
		g.kind = store.MessageDigest
	case o.response != policy.Track:
		return
	case f.Life.Backlog && f.Severity != finding.Critical:
		g.kind = store.MessageImport
	default:
		g.kind, g.control = store.MessageCases, f.Key.Control
	}
	for _, g.channel = range s.replay.Rules.Directory.Channels(o.owner) {
		if !casework.Carries(g.channel, g.kind, o.urgent) {
			continue
		}
		for _, r := range s.replay.Rules.ReadersOf(g.kind, o.owner, g.channel) {
			g := g
			g.owner, g.channel = r.Owner, r.Channel
			s.join(g, f.OpenedAt, f.Severity == finding.Critical || o.urgent)
		}
	}
}

// join lets a case join the message of its group, or begin one. Cases come in the
// order of their ids, which is nearly that of their opening; one that was opened
// a little before its message began joins it all the same.
func (s *side) join(g group, at time.Time, loud bool) {
	w := s.groups[g]
	full := w != nil && g.kind == store.MessageCases && w.n >= casework.MessageCases
	if w == nil || full || !at.Before(w.until) || at.Before(w.from.Add(-s.length(g))) {
		if s.above(g, at, loud) {
			s.join(group{kind: store.MessageOverflow, owner: g.owner, channel: g.channel}, at, loud)
			return
		}
		s.sent++
		w = &window{from: at, until: s.until(g, at)}
		s.groups[g] = w
	}
	w.n++
}

// above says whether a new message is above the policy's attention budget, and
// counts it where it is not.
func (s *side) above(g group, at time.Time, loud bool) bool {
	budget := s.policy.Attention()
	if budget.Per <= 0 || g.kind != store.MessageCases || !casework.Tiring(g.channel) {
		return false
	}
	k := [2]string{g.owner, g.channel}
	n := 0
	for _, t := range s.told[k] {
		if t.After(at.Add(-budget.Per)) {
			n++
		}
	}
	if n >= budget.N && !loud {
		return true
	}
	s.told[k] = append(slices.DeleteFunc(s.told[k], func(t time.Time) bool { return !t.After(at.Add(-2 * budget.Per)) }), at)
	return false
}

func (s *side) until(g group, at time.Time) time.Time {
	r := s.replay.Rules
	switch {
	case g.kind == store.MessageDigest:
		return s.digestAt(g.owner, at, s.policy.NotifyIn())
	case g.kind == store.MessageOverflow:
		return s.digestAt(g.owner, at, "daily")
	case g.kind == store.MessageImport:
		return at.Add(r.ImportWindow)
	}
	return at.Add(r.GroupWindow)
}

func (s *side) length(g group) time.Duration {
	switch g.kind {
	case store.MessageDigest, store.MessageOverflow:
		return 0
	case store.MessageImport:
		return s.replay.Rules.ImportWindow
	}
	return s.replay.Rules.GroupWindow
}

// digestAt is when a list goes out after a time, daily, weekly or monthly.
func (s *side) digestAt(owner string, at time.Time, in string) time.Time {
	zone := s.replay.Rules.Directory.Zone(owner)
	if zone == nil {
		zone = s.policy.Zone()
	}
	t := at.In(zone)
	day := time.Date(t.Year(), t.Month(), t.Day(), 9, 0, 0, 0, zone)
	for {
		first := day.Day() == 1
		switch in {
		case "daily":
			first = true
		case "weekly":
			first = day.Weekday() == time.Monday
		}
		if first && day.After(t) {
			return day
		}
		day = day.AddDate(0, 0, 1)
	}
}

func (s *side) messages() int { return s.sent }

func (s *side) tickets() int { return len(s.ticket) }

var strength = map[policy.FixMode]int{"": 0, policy.FixOff: 0, policy.FixSuggest: 1, policy.FixApprove: 2, policy.FixAuto: 3}

func weaker(a, b policy.FixMode) bool { return strength[a] < strength[b] }

// fixCounts counts resources by the most that a policy lets happen to them.
func fixCounts(olds, news *side) map[policy.FixMode]Count {
	out := map[policy.FixMode]Count{}
	for _, mode := range []policy.FixMode{policy.FixSuggest, policy.FixApprove, policy.FixAuto} {
		out[mode] = Count{}
	}
	for _, m := range olds.resources {
		c := out[m]
		c.Old++
		out[m] = c
	}
	for _, m := range news.resources {
		c := out[m]
		c.New++
		out[m] = c
	}
	return out
}
