package report

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Changes are how many cases moved in the period of a summary.
type Changes struct {
	New        int `json:"new"`        // opened for the first time
	Reopened   int `json:"reopened"`   // failed again after they were closed
	Closed     int `json:"closed"`     // while open, or under an exception
	Accepted   int `json:"accepted"`   // put under an exception
	Returned   int `json:"returned"`   // open again: an exception ended, or the suppression
	Suppressed int `json:"suppressed"` // by the policy, or in the console, after they had been open
	// Before is how things stood at the beginning of the period; nil where that
	// was not kept.
	Before *store.DayCount `json:"before,omitempty"`
}

// DayCount is how many cases stood and moved on a day.
type DayCount struct {
	store.DayCount
	New    int `json:"new"` // with those that came back
	Closed int `json:"closed"`
	// Counted is false where only the moves of the day are known.
	Counted bool `json:"counted"`
}

// readMoves fills in Changes and Days.
func (s *Summary) readMoves(ctx context.Context, q store.Querier, of SummaryOf) error {
	moves, err := store.Moves(ctx, q, of.Owner, of.From, of.To)
	if err != nil {
		return err
	}
	days, err := store.Days(ctx, q, of.Owner, of.From, of.To)
	if err != nil {
		return err
	}
	if first, err := store.LastDay(ctx, q, of.From+1); err != nil {
		return err
	} else if first != 0 {
		before, err := store.Days(ctx, q, of.Owner, first, first)
		if err != nil {
			return err
		}
		s.Changes.Before = &before[0]
	}
	s.change(moves, days)
	return nil
}

func (s *Summary) change(moves map[store.Move]int, days []store.DayCount) {
	by := map[store.Day]*DayCount{}
	for _, d := range days {
		by[d.Day] = &DayCount{DayCount: d, Counted: true}
	}
	today := store.DayOf(s.At)
	if s.From <= today && today <= s.To { // as it is now
		by[today] = &DayCount{DayCount: store.DayCount{Open: s.Open, Overdue: s.Overdue, Accepted: s.Accepted}, Counted: true}
	}
	c := &s.Changes
	for m, n := range moves {
		d := entry(by, m.Day)
		switch m.Became {
		case casefile.Open:
			d.New += n
			switch m.Was {
			case "":
				c.New += n
			case casefile.Closed:
				c.Reopened += n
			default:
				c.Returned += n
			}
		case casefile.Closed:
			if m.Was == casefile.Open || m.Was == casefile.Accepted {
				d.Closed, c.Closed = d.Closed+n, c.Closed+n
			}
		case casefile.Accepted:
			c.Accepted += n
		case casefile.Suppressed:
			if m.Was == casefile.Open {
				c.Suppressed += n
			}
		}
	}
	s.Days = []DayCount{}
	for day, d := range by {
		d.Day = day
		s.Days = append(s.Days, *d)
	}
	slices.SortFunc(s.Days, func(a, b DayCount) int { return cmp.Compare(a.Day, b.Day) })
}

// FixTime is how long cases had been open that were closed as fixed in the
// period. Both are nil where there are none.
type FixTime struct {
	N           int
	Median, P90 *time.Duration
}

// MarshalJSON writes times in seconds.
func (f FixTime) MarshalJSON() ([]byte, error) {
	seconds := func(d *time.Duration) *int64 {
		if d == nil {
			return nil
		}
		s := int64(d.Seconds())
		return &s
	}
	return json.Marshal(struct {
		N      int    `json:"n"`
		Median *int64 `json:"median_seconds"`
		P90    *int64 `json:"p90_seconds"`
	}{f.N, seconds(f.Median), seconds(f.P90)})
}

func (s *Summary) readFixTime(ctx context.Context, q store.Querier, of SummaryOf) error {
	took, err := store.FixTimes(ctx, q, of.Owner, of.From.In(of.Zone), of.To.Add(1).In(of.Zone))
	s.FixTime = fixTime(took)
	return err
}

// fixTime takes times in ascending order. The median of an even number is the
// mean of the middle two; the 90th percentile is the smallest time within which
// nine tenths were fixed (nearest rank).
func fixTime(took []time.Duration) FixTime {
	n := len(took)
	if n == 0 {
		return FixTime{}
	}
	median := (took[(n-1)/2] + took[n/2]) / 2
	p90 := took[(9*n+9)/10-1]
	return FixTime{N: n, Median: &median, P90: &p90}
}

// AgeCount counts open cases by how long they have been open.
type AgeCount struct {
	// Days is the upper limit; 0: above all limits.
	Days int `json:"days"`
	N    int `json:"n"`
}

var (
	ageDays   = []int{7, 30, 90, 180}
	ageLimits = func() (out []time.Duration) {
		for _, d := range ageDays {
			out = append(out, time.Duration(d)*24*time.Hour)
		}
		return out
	}()
)

func ages(waiting []store.Waiting) []AgeCount {
	out := make([]AgeCount, len(ageDays)+1)
	for i, d := range ageDays {
		out[i].Days = d
	}
	for _, w := range waiting {
		for i, n := range w.Ages {
			out[i].N += n
		}
	}
	return out
}

// NextCase is an open case whose deadline comes next, or has passed.
type NextCase struct {
	Key      string           `json:"key"`
	Control  string           `json:"control"`
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	Account  string           `json:"account"`
	Resource string           `json:"resource"`
	Owner    string           `json:"owner"`
	Due      time.Time        `json:"due"`
	Overdue  bool             `json:"overdue"`
	Ticket   string           `json:"ticket,omitempty"` // as the tracker calls it
	Link     string           `json:"link,omitempty"`   // to the ticket
}

// readNext fills in Next.
func (s *Summary) readNext(ctx context.Context, q store.Querier, of SummaryOf) error {
	f := store.Filter{States: []casefile.State{casefile.Open}, Limit: MostListed}
	if of.Owner != "" {
		f.Owners = []string{of.Owner}
	}
	page, _, err := store.List(ctx, q, f)
	if err != nil {
		return err
	}
	var ids []int64
	for _, l := range page {
		ids = append(ids, l.ID)
	}
	tickets, err := store.TicketsOfCases(ctx, q, ids)
	if err != nil {
		return err
	}
	s.Next = []NextCase{}
	for _, l := range page {
		if l.Terms.Due.IsZero() {
			continue
		}
		n := NextCase{
			Key: store.ShortKey(l.Key), Control: l.Key.Control, Title: l.Title, Severity: l.Severity, Account: l.Key.Account,
			Resource: l.Key.Resource, Owner: l.Terms.Owner, Due: l.Terms.Due.In(of.Zone), Overdue: l.Overdue(of.At),
		}
		if of.Catalogue != nil {
			if c, ok := of.Catalogue.Lookup(n.Control); ok {
				n.Title = c.Title.In(of.Language)
			}
		}
		if all := tickets[l.ID]; len(all) > 0 {
			t := all[len(all)-1]
			if n.Link, err = ticketLink(t); err != nil {
				return err
			}
			n.Ticket = t.Key
		}
		s.Next = append(s.Next, n)
	}
	return nil
}

// ticketLink is the address of a ticket, as its tracker gave it.
func ticketLink(t store.Ticket) (string, error) {
	var known struct {
		URL string `json:"url"`
	}
	if len(t.Known) == 0 {
		return "", nil
	}
	if err := json.Unmarshal(t.Known, &known); err != nil {
		return "", fmt.Errorf("reading what is known of ticket %d: %w", t.ID, err)
	}
	return webLink(known.URL), nil
}

// live is up to how many cases scores are computed anew for a summary. With more
// of them, those stand in it that were kept today or yesterday: Security Hub's own
// are no newer.
const live = 20_000

// readScores fills in Scores and History.
func (s *Summary) readScores(ctx context.Context, q store.Querier, of SummaryOf) error {
	scope := store.ScopeAll
	if of.Owner != "" {
		scope = store.ScopeOwner
	}
	today := store.DayOf(of.At)
	var err error
	if s.History, err = History(ctx, q, scope, of.Owner, of.From.Add(-31), today, of.Language); err != nil {
		return err
	}
	ask := of.Score
	ask.Owner, ask.Catalogue, ask.Language = of.Owner, of.Catalogue, of.Language
	var n int
	if err := q.QueryRowContext(ctx, `SELECT coalesce(sum(n), 0) FROM standing`).Scan(&n); err != nil {
		return fmt.Errorf("counting cases: %w", err)
	}
	if s.Scores = keptScores(s.History, today.Add(-1)); n <= live || s.Scores == nil {
		if s.Scores, err = ScoresOf(ctx, q, ask); err != nil {
			return err
		}
	}
	s.Scores = slices.DeleteFunc(s.Scores, func(one Score) bool {
		return one.Standard != AllStandards && !slices.Contains(of.Standards, one.Standard)
	})
	Since(s.Scores, s.History, of.From)
	for i := range s.Scores {
		s.Scores[i].Controls = nil // `report score` has them
	}
	for i := range s.History {
		s.History[i].Days = within(s.History[i].Days, of.From, of.To)
	}
	return nil
}

// within leaves the days of a period, with the last one before it and the first
// after it.
func within(days []store.ScoreRow, from, to store.Day) []store.ScoreRow {
	for len(days) > 1 && days[1].Day <= from {
		days = days[1:]
	}
	for n := len(days); n > 1 && days[n-2].Day > to; n = len(days) {
		days = days[:n-1]
	}
	return days
}

// keptScores are the newest scores that were kept since a day; nil: none.
func keptScores(history []ScoreDays, since store.Day) []Score {
	var out []Score
	for _, h := range history {
		r := h.Days[len(h.Days)-1]
		if r.Day < since {
			continue
		}
		s := Score{Standard: h.Standard, Title: h.Title, Passed: r.Passed, Failed: r.Failed, Unknown: r.Unknown, NoData: r.NoData}
		if p, ok := Percent(r.Passed, r.Failed, r.Unknown); ok {
			s.Score = &p
		}
		out = append(out, s)
	}
	return out
}
