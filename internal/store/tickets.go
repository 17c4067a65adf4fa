package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Ticket is a ticket in a tracker: a row that cases join in their transaction
// and that a job brings up to date.
type Ticket struct {
	ID       int64
	Owner    string
	Control  string // of a group; empty: the ticket is for one case
	Tracker  string // name in the configuration
	Project  string
	Key      string // as the tracker calls it; empty: not made yet
	Open     bool   // it is to be followed in the tracker, and cases of its group join it
	OpenedAt time.Time
	N        int
	Known    json.RawMessage // what has been done of it, in package ticket's terms
	// Heard is the ticket as its tracker was last seen to have it, until that has
	// been taken in; empty: nothing waits.
	Heard json.RawMessage
}

const ticketColumns = `id, owner, control, tracker, project, "key", open, opened_at, n, known, heard`

func scanTicket(scan func(...any) error) (Ticket, error) {
	var t Ticket
	var opened int64
	var open int
	var known, heard string
	err := scan(&t.ID, &t.Owner, &t.Control, &t.Tracker, &t.Project, &t.Key, &open, &opened, &t.N, &known, &heard)
	t.OpenedAt, t.Open = ms(opened), open != 0
	if known != "" {
		t.Known = json.RawMessage(known)
	}
	if heard != "" {
		t.Heard = json.RawMessage(heard)
	}
	return t, err
}

// OpenTicket finds the open ticket of a group that a case joins now, if any.
func OpenTicket(ctx context.Context, q Querier, owner, control, tracker, project string, most int) (Ticket, error) {
	return one(ctx, q, scanTicket, "finding a ticket", `SELECT `+ticketColumns+` FROM tickets
		WHERE owner = $1 AND control = $2 AND tracker = $3 AND project = $4 AND open = 1 AND n < $5 ORDER BY id DESC LIMIT 1`, owner, control, tracker, project, most)
}

// AddTicket makes a ticket row and sets its ID.
func AddTicket(ctx context.Context, tx *Tx, t *Ticket) error {
	err := tx.QueryRowContext(ctx, `INSERT INTO tickets (owner, control, tracker, project, "key", open, opened_at, n, known, heard) VALUES ($1,$2,$3,$4,'',1,$5,0,'','') RETURNING id`,
		t.Owner, t.Control, t.Tracker, t.Project, t.OpenedAt.UnixMilli()).Scan(&t.ID)
	if err != nil {
		return fmt.Errorf("adding a ticket: %w", err)
	}
	t.Open = true
	return nil
}

// JoinTicket adds a case to a ticket; joining twice is once.
func JoinTicket(ctx context.Context, tx *Tx, t *Ticket, caseID int64, now time.Time) error {
	res, err := tx.Exec(ctx, `INSERT INTO ticket_cases (ticket_id, case_id, joined_at) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, t.ID, caseID, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("joining a ticket: %w", err)
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return nil
	}
	t.N++
	if _, err := tx.Exec(ctx, `UPDATE tickets SET n = n + 1 WHERE id = $1`, t.ID); err != nil {
		return fmt.Errorf("joining a ticket: %w", err)
	}
	return nil
}

// LoadTicket reads one ticket row.
func LoadTicket(ctx context.Context, q Querier, id int64) (Ticket, error) {
	return one(ctx, q, scanTicket, fmt.Sprintf("reading ticket %d", id), `SELECT `+ticketColumns+` FROM tickets WHERE id = $1`, id)
}

// TicketCaseIDs lists the cases of a ticket in the order in which they joined.
func TicketCaseIDs(ctx context.Context, q Querier, id int64) ([]int64, error) {
	return ids(ctx, q, `SELECT case_id FROM ticket_cases WHERE ticket_id = $1 ORDER BY joined_at, case_id`, id)
}

// TicketsOfCases lists the tickets that hold any of the cases, by case.
func TicketsOfCases(ctx context.Context, q Querier, caseIDs []int64) (map[int64][]Ticket, error) {
	return byCase(ctx, q, scanTicket, "finding the tickets of cases", `SELECT tc.case_id, `+ticketColumns+` FROM ticket_cases tc JOIN tickets t ON t.id = tc.ticket_id
		WHERE tc.case_id IN (SELECT value FROM json_each($1)) ORDER BY t.id`, caseIDs)
}

// FollowedTickets lists the tickets of a tracker's project that stand there and
// are to be followed: open ones, and closed ones that are still looked at.
func FollowedTickets(ctx context.Context, q Querier, tracker, project string, now time.Time) ([]Ticket, error) {
	return all(ctx, q, scanTicket, "listing tickets", `SELECT `+ticketColumns+` FROM tickets WHERE tracker = $1 AND project = $2 AND open = 1 AND "key" <> ''
		UNION ALL SELECT `+ticketColumns+` FROM tickets WHERE tracker = $1 AND project = $2 AND open = 0 AND watch_until > $3 AND "key" <> '' ORDER BY id`,
		tracker, project, now.UnixMilli())
}

// SaveHeard keeps a ticket as its tracker was seen to have it.
func SaveHeard(ctx context.Context, tx *Tx, id int64, heard json.RawMessage) error {
	if _, err := tx.Exec(ctx, `UPDATE tickets SET heard = $2 WHERE id = $1`, id, string(heard)); err != nil {
		return fmt.Errorf("keeping what was heard of ticket %d: %w", id, err)
	}
	return nil
}

// TookHeard forgets what was heard of a ticket, unless something newer waits.
func TookHeard(ctx context.Context, tx *Tx, id int64, heard json.RawMessage) error {
	if _, err := tx.Exec(ctx, `UPDATE tickets SET heard = '' WHERE id = $1 AND heard = $2`, id, string(heard)); err != nil {
		return fmt.Errorf("keeping what was heard of ticket %d: %w", id, err)
	}
	return nil
}

// SaveKnown keeps what has been done of a ticket. One that is not open is looked
// at until watch; zero: no more.
func SaveKnown(ctx context.Context, tx *Tx, id int64, key string, open bool, watch time.Time, known json.RawMessage) error {
	o, until := 0, int64(0)
	if open {
		o = 1
	}
	if !watch.IsZero() {
		until = watch.UnixMilli()
	}
	if _, err := tx.Exec(ctx, `UPDATE tickets SET "key" = $2, open = $3, known = $4, watch_until = $5 WHERE id = $1`, id, key, o, string(known), until); err != nil {
		return fmt.Errorf("keeping what is known of ticket %d: %w", id, err)
	}
	return nil
}
