package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kinds of messages.
const (
	MessageCases      = "cases"      // cases of one owner and control
	MessageImport     = "import"     // one summary of a first import per owner
	MessageDigest     = "digest"     // what the policy only notifies, once in a period
	MessageNotice     = "notice"     // happenings of one rule, told once, no case
	MessageReminder   = "reminder"   // an owner's cases whose deadline is near or past
	MessageEscalation = "escalation" // the same, to those above the owner
	MessageEnding     = "ending"     // exceptions that end soon; see JoinException
	MessageWish       = "wish"       // one exception over more than one case, that is asked for
	MessageFailure    = "failure"    // zesei's own trouble to tell people something
	MessageOverflow   = "overflow"   // what came above an owner's attention budget, ranked
)

// Message is an outgoing message: a row that cases join in their transaction and
// that the channel brings up to date.
type Message struct {
	ID        int64
	Kind      string
	Owner     string
	Control   string // empty for a summary
	Channel   string // slack:#shop-sec, webhook
	OpenedAt  time.Time
	Until     time.Time // cases join until then
	SendAfter time.Time
	N         int
	Told      json.RawMessage // what has been delivered, in the channel's own terms
	ToldAt    time.Time       // first delivered; zero: not yet
}

const messageColumns = `id, kind, owner, control, channel, opened_at, until, send_after, n, told, told_at`

func scanMessage(scan func(...any) error) (Message, error) {
	var m Message
	var opened, until, after int64
	var toldAt sql.NullInt64
	var told string
	err := scan(&m.ID, &m.Kind, &m.Owner, &m.Control, &m.Channel, &opened, &until, &after, &m.N, &told, &toldAt)
	m.OpenedAt, m.Until, m.SendAfter, m.ToldAt = ms(opened), ms(until), ms(after), Time(toldAt)
	if told != "" {
		m.Told = json.RawMessage(told)
	}
	return m, err
}

// OpenMessage finds the message that a case of this group joins now, if any.
func OpenMessage(ctx context.Context, tx *Tx, kind, owner, control, channel string, now time.Time, most int) (Message, error) {
	r := tx.QueryRowContext(ctx, `SELECT `+messageColumns+` FROM messages
		WHERE owner = $1 AND control = $2 AND channel = $3 AND kind = $4 AND until > $5 AND n < $6 ORDER BY until DESC, id DESC LIMIT 1`,
		owner, control, channel, kind, now.UnixMilli(), most)
	m, err := scanMessage(r.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return m, ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("finding a message: %w", err)
	}
	return m, nil
}

// AddMessage makes a message row and sets its ID.
func AddMessage(ctx context.Context, tx *Tx, m *Message) error {
	res, err := tx.Exec(ctx, `INSERT INTO messages (kind, owner, control, channel, opened_at, until, send_after, n, told) VALUES ($1,$2,$3,$4,$5,$6,$7,0,'')`,
		m.Kind, m.Owner, m.Control, m.Channel, m.OpenedAt.UnixMilli(), m.Until.UnixMilli(), m.SendAfter.UnixMilli())
	if err != nil {
		return fmt.Errorf("adding a message: %w", err)
	}
	m.ID, err = res.LastInsertId()
	return err
}

// JoinMessage adds a case to a message; joining twice is once. SaveJoined keeps
// how many there are.
func JoinMessage(ctx context.Context, tx *Tx, m *Message, caseID int64, now time.Time) error {
	res, err := tx.Exec(ctx, `INSERT INTO message_cases (message_id, case_id, joined_at) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, m.ID, caseID, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("joining a message: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	m.N++
	return nil
}

// SaveJoined keeps what joining changed of a message: its number of cases, and
// an earlier time to go out.
func SaveJoined(ctx context.Context, tx *Tx, m *Message) error {
	if _, err := tx.Exec(ctx, `UPDATE messages SET n = $2, send_after = min(send_after, $3) WHERE id = $1`, m.ID, m.N, m.SendAfter.UnixMilli()); err != nil {
		return fmt.Errorf("joining a message: %w", err)
	}
	return nil
}

// SendBy lets a message go out at a time at the latest.
func SendBy(ctx context.Context, tx *Tx, id int64, at time.Time) error {
	if _, err := tx.Exec(ctx, `UPDATE messages SET send_after = min(send_after, $2) WHERE id = $1`, id, at.UnixMilli()); err != nil {
		return fmt.Errorf("bringing a message forward: %w", err)
	}
	return nil
}

// LoadMessage reads one message row.
func LoadMessage(ctx context.Context, q Querier, id int64) (Message, error) {
	return one(ctx, q, scanMessage, fmt.Sprintf("reading message %d", id), `SELECT `+messageColumns+` FROM messages WHERE id = $1`, id)
}

// MessageCaseIDs lists the cases of a message in the order in which they joined.
func MessageCaseIDs(ctx context.Context, q Querier, id int64) ([]int64, error) {
	return ids(ctx, q, `SELECT case_id FROM message_cases WHERE message_id = $1 ORDER BY joined_at, case_id`, id)
}

// MessagesOfCases lists the messages that hold any of the cases, as pairs of
// case and message.
func MessagesOfCases(ctx context.Context, q Querier, caseIDs []int64) (map[int64][]Message, error) {
	return byCase(ctx, q, scanMessage, "finding the messages of cases", `SELECT mc.case_id, `+messageColumns+` FROM message_cases mc JOIN messages m ON m.id = mc.message_id
		WHERE mc.case_id IN (SELECT value FROM json_each($1)) ORDER BY m.id`, caseIDs)
}

// SaveTold keeps what a channel says it has delivered of a message.
func SaveTold(ctx context.Context, tx *Tx, id int64, told json.RawMessage, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE messages SET told = $2, told_at = coalesce(told_at, $3) WHERE id = $1`, id, string(told), Millis(at))
	if err != nil {
		return fmt.Errorf("keeping what was told: %w", err)
	}
	return savePosts(ctx, tx, id, told)
}
