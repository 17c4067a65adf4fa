package demo

import (
	"context"
	"slices"
	"strconv"

	"zesei/internal/fake/tracker"
	"zesei/internal/store"
)

// Ticket is a ticket as its tracker shows it.
type Ticket struct {
	Tracker  string   `json:"tracker"`
	Key      string   `json:"key"`
	Owner    string   `json:"owner"`
	Title    string   `json:"title"`
	Due      string   `json:"due,omitempty"`
	Assignee string   `json:"assignee,omitempty"`
	Closed   bool     `json:"closed"`
	Cases    []string `json:"cases"`
	Comments int      `json:"comments"` // that zesei wrote
	body     string
	ids      []int64
	twins    int // tickets of that key in the tracker; anything but one is wrong
}

// tickets are the tickets of cases, read from the trackers themselves.
func (d *Demo) tickets(ctx context.Context, list []store.Listed) ([]Ticket, error) {
	var ids []int64
	names := map[int64]string{}
	for _, l := range list {
		ids = append(ids, l.File.ID)
		names[l.File.ID] = store.ShortKey(l.File.Key)
	}
	of, err := store.TicketsOfCases(ctx, d.app.DB.View(), ids)
	if err != nil {
		return nil, err
	}
	issues := map[string][]tracker.Issue{}
	for name, twin := range d.world.trackers {
		issues[name] = twin.Issues()
	}
	byRow := map[int64]*Ticket{}
	for _, id := range ids {
		for _, row := range of[id] {
			t := byRow[row.ID]
			if t == nil {
				t = &Ticket{Tracker: row.Tracker, Key: row.Key, Owner: row.Owner}
				for _, i := range issues[row.Tracker] {
					if strconv.Itoa(i.Number) == row.Key || i.Key == row.Key {
						t.twins++
						t.Title, t.Due, t.Assignee, t.Closed, t.Comments, t.body = i.Title, i.Due, i.Assignee, i.Closed, len(i.Comments), i.Body
					}
				}
				byRow[row.ID] = t
			}
			t.Cases, t.ids = append(t.Cases, names[id]), append(t.ids, id)
		}
	}
	var out []Ticket
	for _, row := range sortedKeys(byRow) {
		out = append(out, *byRow[row])
	}
	return out, nil
}

func sortedKeys[V any](m map[int64]V) []int64 {
	var out []int64
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// ticketsOf names the tickets of cases, by short key.
func ticketsOf(all []Ticket, cases ...string) []Ticket {
	return slices.DeleteFunc(slices.Clone(all), func(t Ticket) bool {
		return !slices.ContainsFunc(cases, func(c string) bool { return slices.Contains(t.Cases, c) })
	})
}

// issue is a ticket as people call it: redmine #12.
func (t Ticket) issue() string { return t.Tracker + " #" + t.Key }

// count counts the tickets of a tracker, and those that are closed.
func count(all []Ticket, name string) (n, closed int) {
	for _, t := range all {
		if t.Tracker == name {
			n++
			if t.Closed {
				closed++
			}
		}
	}
	return n, closed
}

// TicketCount counts the tickets of a team in its tracker.
type TicketCount struct {
	Tracker, Owner string
	Open, Closed   int
}

// CountTickets counts tickets by tracker and team, in their order.
func CountTickets(all []Ticket) []TicketCount {
	var out []TicketCount
	for _, t := range all {
		i := slices.IndexFunc(out, func(c TicketCount) bool { return c.Tracker == t.Tracker && c.Owner == t.Owner })
		if i < 0 {
			i, out = len(out), append(out, TicketCount{Tracker: t.Tracker, Owner: t.Owner})
		}
		if t.Closed {
			out[i].Closed++
		} else {
			out[i].Open++
		}
	}
	return out
}
