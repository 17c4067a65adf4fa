package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Outage is a way out by which messages do not go, or did not.
type Outage struct {
	ID int64
	// Channel is a kind of channel (slack), that and a target (slack:#shop-sec)
	// or one message (message 17).
	Channel      string
	Since        time.Time // first failure
	LastAt       time.Time // last failure
	OverAt       time.Time // something went out again; zero: it lasts
	Sure         bool      // trying again does not mend it
	Reason       string
	Hint, HintJA string    // what a person can do
	Told         int       // how often people were told of this channel's outages
	ToldAt       time.Time // when they were told last that it fails; zero: not since it last worked
	ToldIn       int64     // the message of that; 0: none
}

const outageColumns = `id, channel, since, last_at, over_at, sure, reason, hint, hint_ja, told, told_at, told_in`

func scanOutage(scan func(...any) error) (Outage, error) {
	var o Outage
	var since, last int64
	var over, toldAt, toldIn sql.NullInt64
	err := scan(&o.ID, &o.Channel, &since, &last, &over, &o.Sure, &o.Reason, &o.Hint, &o.HintJA, &o.Told, &toldAt, &toldIn)
	o.Since, o.LastAt, o.OverAt, o.ToldAt, o.ToldIn = ms(since), ms(last), Time(over), Time(toldAt), toldIn.Int64
	return o, err
}

// Outages lists the outages of some channels, or with none named all that last.
func Outages(ctx context.Context, q Querier, channels ...string) ([]Outage, error) {
	query, args := `SELECT `+outageColumns+` FROM outages WHERE over_at IS NULL ORDER BY since, id`, []any(nil)
	if len(channels) > 0 {
		list, _ := json.Marshal(channels)
		query, args = `SELECT `+outageColumns+` FROM outages WHERE channel IN (SELECT value FROM json_each($1)) ORDER BY since, id`, []any{string(list)}
	}
	return all(ctx, q, scanOutage, "listing outages", query, args...)
}

// OutageByID reads one outage; ErrNotFound where there is none.
func OutageByID(ctx context.Context, q Querier, id int64) (Outage, error) {
	return one(ctx, q, scanOutage, fmt.Sprintf("reading outage %d", id), `SELECT `+outageColumns+` FROM outages WHERE id = $1`, id)
}

// SaveOutage keeps an outage, a new one where its ID is 0, and sets its ID.
func SaveOutage(ctx context.Context, tx *Tx, o *Outage) error {
	err := tx.QueryRowContext(ctx, `INSERT INTO outages (channel, since, last_at, over_at, sure, reason, hint, hint_ja, told, told_at, told_in)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)
		ON CONFLICT (channel) DO UPDATE SET since = excluded.since, last_at = excluded.last_at, over_at = excluded.over_at, sure = excluded.sure,
		reason = excluded.reason, hint = excluded.hint, hint_ja = excluded.hint_ja, told = excluded.told, told_at = excluded.told_at, told_in = excluded.told_in
		RETURNING id`,
		o.Channel, o.Since.UnixMilli(), o.LastAt.UnixMilli(), Millis(o.OverAt), o.Sure, o.Reason, o.Hint, o.HintJA, o.Told, Millis(o.ToldAt), sql.NullInt64{Int64: o.ToldIn, Valid: o.ToldIn != 0}).Scan(&o.ID)
	if err != nil {
		return fmt.Errorf("keeping the outage of %s: %w", o.Channel, err)
	}
	return nil
}

// AddTrouble makes the message that tells body by a channel, once for each key:
// fresh is false, and the message is the one that was made, where it has been.
func AddTrouble(ctx context.Context, tx *Tx, key, owner, channel string, body json.RawMessage, now time.Time) (id int64, fresh bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT message_id FROM troubles WHERE key = $1`, key).Scan(&id)
	if err == nil {
		return id, false, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, false, fmt.Errorf("looking for what was told: %w", err)
	}
	m := Message{Kind: MessageFailure, Owner: owner, Channel: channel, OpenedAt: now, Until: now, SendAfter: now}
	if err := AddMessage(ctx, tx, &m); err != nil {
		return 0, false, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO troubles (message_id, key, body) VALUES ($1,$2,$3)`, m.ID, key, string(body)); err != nil {
		return 0, false, fmt.Errorf("keeping what is to be told: %w", err)
	}
	return m.ID, true, nil
}

// Trouble is what a message of kind MessageFailure tells.
func Trouble(ctx context.Context, q Querier, message int64) (json.RawMessage, error) {
	var body string
	if err := q.QueryRowContext(ctx, `SELECT body FROM troubles WHERE message_id = $1`, message).Scan(&body); err != nil {
		return nil, fmt.Errorf("reading what message %d tells: %w", message, err)
	}
	return json.RawMessage(body), nil
}

// stuckMessages are the message jobs that have failed, with the channel that each
// goes to.
const stuckMessages = `FROM jobs j JOIN messages m ON m.id = CAST(j.subject AS INTEGER)
	WHERE j.kind = 'message' AND (j.state = 'dead' OR j.attempts > 0)
	AND (m.channel = $1 OR instr(m.channel, $1 || ':') = 1 OR 'message ' || m.id = $1)`

// Stuck counts the messages to a channel, as Outage.Channel names it, whose last
// attempt failed.
func Stuck(ctx context.Context, q Querier, channel string) (n int, err error) {
	if err := q.QueryRowContext(ctx, `SELECT count(*) `+stuckMessages, channel).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting the messages that wait for %s: %w", channel, err)
	}
	return n, nil
}

// StuckMessages lists the subjects of up to limit message jobs to a channel whose
// last attempt failed, oldest first, without those that another outage, which
// lasts, holds back.
func StuckMessages(ctx context.Context, q Querier, channel string, limit int) (subjects []string, err error) {
	list, err := ids(ctx, q, `SELECT m.id `+stuckMessages+`
		AND NOT EXISTS (SELECT 1 FROM outages o WHERE o.over_at IS NULL AND o.channel IN (m.channel, 'message ' || m.id) AND o.channel <> $1)
		ORDER BY m.id LIMIT $2`, channel, limit)
	if err != nil {
		return nil, fmt.Errorf("listing the messages that wait for %s: %w", channel, err)
	}
	for _, id := range list {
		subjects = append(subjects, strconv.FormatInt(id, 10))
	}
	return subjects, nil
}

// Covers says whether an outage of these holds messages to a channel back.
func Covers(list []Outage, channel string) bool {
	via, _, _ := strings.Cut(channel, ":")
	return slices.ContainsFunc(list, func(o Outage) bool { return o.Channel == channel || o.Channel == via })
}

// Readdress gives messages to a channel that were never delivered the channel of
// their owner, and lists them. Nothing of them stands anywhere: what was told of
// them is forgotten.
func Readdress(ctx context.Context, db *DB, channel string, byOwner map[string]string) (subjects []string, err error) {
	if n, err := Stuck(ctx, db.View(), channel); err != nil || n == 0 {
		return nil, err
	}
	err = db.Update(ctx, func(tx *Tx) error {
		subjects = nil
		for owner, to := range byOwner {
			list, err := ids(ctx, tx, `SELECT m.id `+stuckMessages+` AND m.owner = $2 AND m.told_at IS NULL AND m.told NOT LIKE '%"id"%'`, channel, owner)
			if err != nil {
				return err
			}
			for _, id := range list {
				if _, err := tx.Exec(ctx, `UPDATE messages SET channel = $2, told = '' WHERE id = $1`, id, to); err != nil {
					return err
				}
				subjects = append(subjects, strconv.FormatInt(id, 10))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("giving the messages to %s their owners' channels: %w", channel, err)
	}
	return subjects, nil
}
