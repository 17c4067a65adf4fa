package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"zesei/internal/job"
	"zesei/internal/store"
)

var outageAt = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// stuck is a store in which a message of each of some channels was given up. It
// returns their ids.
func stuck(t *testing.T, channels ...string) (*store.DB, []string) {
	t.Helper()
	db := openStore(t)
	var out []string
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for i, c := range channels {
			m := store.Message{Kind: store.MessageCases, Owner: "shop", Control: fmt.Sprint("S3.", i), Channel: c, OpenedAt: outageAt, Until: outageAt, SendAfter: outageAt}
			if err := store.AddMessage(t.Context(), tx, &m); err != nil {
				return err
			}
			id := strconv.FormatInt(m.ID, 10)
			out = append(out, id)
			if err := job.Enqueue(t.Context(), tx, outageAt, job.Want{Kind: "message", Subject: id}); err != nil {
				return err
			}
			if _, err := tx.Exec(t.Context(), `UPDATE jobs SET state = 'dead', attempts = 1 WHERE subject = $1`, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, out
}

func keepOutage(t *testing.T, db *store.DB, o store.Outage) store.Outage {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return store.SaveOutage(t.Context(), tx, &o) }); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAnOutageIsKeptOnceForEachChannel(t *testing.T) {
	db := openStore(t)
	o := store.Outage{Channel: "slack", Since: outageAt, LastAt: outageAt, Sure: true, Reason: "r", Hint: "h", HintJA: "j", Told: 1, ToldAt: outageAt.Add(time.Minute), ToldIn: 7}
	first := keepOutage(t, db, o)
	o.OverAt, o.Told = outageAt.Add(time.Hour), 2
	again := keepOutage(t, db, o)
	if first.ID == 0 || again.ID != first.ID {
		t.Errorf("ids %d and %d", first.ID, again.ID)
	}
	got, err := store.OutageByID(t.Context(), db.View(), first.ID)
	if err != nil || got != again {
		t.Errorf("got %+v (%v), want %+v", got, err, again)
	}
	if list, err := store.Outages(t.Context(), db.View()); err != nil || len(list) != 0 {
		t.Errorf("of those that last: %+v (%v)", list, err)
	}
	if list, err := store.Outages(t.Context(), db.View(), "slack", "email"); err != nil || len(list) != 1 {
		t.Errorf("by name: %+v (%v)", list, err)
	}
	if _, err := store.OutageByID(t.Context(), db.View(), 99); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestWhichMessagesAnOutageHoldsBack(t *testing.T) {
	db, ids := stuck(t, "slack:#shop", "slack:#gone", "slack:#shop", "email:a@example.com", "slackware:x")
	keepOutage(t, db, store.Outage{Channel: "slack:#gone", Since: outageAt, LastAt: outageAt})
	keepOutage(t, db, store.Outage{Channel: "message " + ids[2], Since: outageAt, LastAt: outageAt})
	for channel, want := range map[string]struct {
		n    int
		list []string
	}{
		"slack":             {3, ids[:1]}, // not what another outage holds back
		"slack:#gone":       {1, ids[1:2]},
		"message " + ids[2]: {1, ids[2:3]},
		"email":             {1, ids[3:4]},
		"sns":               {0, nil},
	} {
		n, err := store.Stuck(t.Context(), db.View(), channel)
		list, fault := store.StuckMessages(t.Context(), db.View(), channel, 10)
		if err != nil || fault != nil || n != want.n || !slices.Equal(list, want.list) {
			t.Errorf("%s: %d, %v (%v, %v); want %+v", channel, n, list, err, fault, want)
		}
	}
	for _, query := range []string{store.StuckQuery, store.OutagesQuery} {
		for _, step := range plan(t, db, query) {
			if big.MatchString(step) {
				t.Errorf("%s\nreads a whole table: %s", query, step)
			}
		}
	}
}

func TestOnlyWhatStandsNowhereGoesToAnotherChannel(t *testing.T) {
	db, ids := stuck(t, "slack:#gone", "slack:#gone", "slack:#shop")
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		n, _ := strconv.ParseInt(ids[1], 10, 64)
		return store.SaveTold(t.Context(), tx, n, []byte(`{"parts":{"main":{"id":"1.2","version":1}}}`), outageAt)
	})
	if err != nil {
		t.Fatal(err)
	}
	moved, err := store.Readdress(t.Context(), db, "slack:#gone", map[string]string{"shop": "slack:#new"})
	if err != nil || !slices.Equal(moved, ids[:1]) {
		t.Errorf("moved %v (%v), want %v", moved, err, ids[:1])
	}
	n, _ := strconv.ParseInt(ids[0], 10, 64)
	if m, err := store.LoadMessage(t.Context(), db.View(), n); err != nil || m.Channel != "slack:#new" || len(m.Told) != 0 {
		t.Errorf("%+v (%v)", m, err)
	}
}

func TestATroubleIsToldOnceForItsKey(t *testing.T) {
	db := openStore(t)
	add := func(key string) (id int64, fresh bool) {
		t.Helper()
		err := db.Update(t.Context(), func(tx *store.Tx) (err error) {
			id, fresh, err = store.AddTrouble(t.Context(), tx, key, "security", "email:a@example.com", []byte(`{"what":"x"}`), outageAt)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return id, fresh
	}
	first, fresh := add("outage/1/1")
	again, repeated := add("outage/1/1")
	other, another := add("outage/1/2")
	if !fresh || repeated || !another || first != again || other == first {
		t.Errorf("ids %d %d %d, fresh %v %v %v", first, again, other, fresh, repeated, another)
	}
	if body, err := store.Trouble(t.Context(), db.View(), first); err != nil || string(body) != `{"what":"x"}` {
		t.Errorf("%s (%v)", body, err)
	}
}
