package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// metaText is the id of the last case whose text is indexed.
const metaText = "text"

// textBatch is how many cases one transaction of IndexText takes: about 20 ms.
const textBatch = 1000

// IndexText brings the index of the text filter up to the cases that there are,
// in short transactions, so that intake never waits long for it. A list finds
// what is not indexed yet all the same, only more slowly.
func (db *DB) IndexText(ctx context.Context) error {
	for {
		n, err := db.indexSome(ctx)
		if err != nil || n < textBatch {
			return err
		}
	}
}

func (db *DB) indexSome(ctx context.Context) (n int64, err error) {
	// An empty look costs no write transaction.
	from, err := textIndexed(ctx, db.read)
	if err != nil {
		return 0, err
	}
	var last int64
	if err := db.read.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM cases`).Scan(&last); err != nil || last <= from {
		return 0, err
	}
	err = db.Update(ctx, func(tx *Tx) error {
		if from, err = textIndexed(ctx, tx); err != nil {
			return err
		}
		var to int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(id), 0), count(*) FROM (SELECT id FROM cases WHERE id > $1 ORDER BY id LIMIT $2)`, from, textBatch).Scan(&to, &n); err != nil || n == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO case_text (rowid, t) SELECT id, title || char(10) || control || char(10) || resource FROM cases WHERE id > $1 AND id <= $2`, from, to); err != nil {
			return err
		}
		return SetMeta(ctx, tx, metaText, strconv.FormatInt(to, 10))
	})
	if err != nil {
		return 0, fmt.Errorf("indexing the text of cases: %w", err)
	}
	return n, nil
}

func textIndexed(ctx context.Context, q Querier) (int64, error) {
	v, err := Meta(ctx, q, metaText)
	if err != nil || v == "" {
		return 0, err
	}
	return strconv.ParseInt(v, 10, 64)
}

// candidates are the indexed cases that may hold a text, and the id up to which
// the index goes.
type candidates struct {
	ids     []int64
	indexed int64
}

// mostCandidates is how many are looked at one by one. A text that more cases
// hold is soon found in the order of the list.
const mostCandidates = 2000

// textCandidates asks the index for a text; nil where it does not help.
func textCandidates(ctx context.Context, q Querier, text string) (*candidates, error) {
	match := trigrams(text)
	if match == "" {
		return nil, nil
	}
	indexed, err := textIndexed(ctx, q)
	if err != nil || indexed == 0 {
		return nil, err
	}
	found, err := ids(ctx, q, `SELECT rowid FROM case_text WHERE case_text MATCH $1 LIMIT $2`, match, mostCandidates+1)
	if err != nil {
		return nil, fmt.Errorf("looking for %q: %w", text, err)
	}
	if len(found) > mostCandidates {
		return nil, nil
	}
	return &candidates{found, indexed}, nil
}

// trigrams is a text as a query of the index: all of its trigrams, wherever they
// stand; empty where it has none.
func trigrams(text string) string {
	r := []rune(text)
	var out []string
	for i := 0; i+3 <= len(r); i++ {
		t := string(r[i : i+3])
		if strings.ContainsRune(t, 0) || strings.ContainsRune(t, '\uFFFD') {
			return ""
		}
		out = append(out, `"`+strings.ReplaceAll(t, `"`, `""`)+`"`)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " AND ")
}
