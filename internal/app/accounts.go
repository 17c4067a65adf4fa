package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"zesei/internal/config"
	"zesei/internal/organization"
	"zesei/internal/store"
)

// Fetched puts what the sources of account rows answered in force, beside the
// rows of files.
func (d *Directory) Fetched(fetched ...config.Fetched) {
	accounts := d.config.Directory(slices.Concat(d.files, fetched)...)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accounts = accounts
}

// Explain lists each field of an account and the row that gave it; empty for an
// unknown account.
func (d *Directory) Explain(id string) []config.Fact {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.accounts.Explain(id)
}

// fetchedRow is what a row's source answered, kept in the store.
type fetchedRow struct {
	At       time.Time               `json:"at"`
	Accounts []config.FetchedAccount `json:"accounts"`
}

// rowMeta is where a row's answer is kept: rows that ask the same share it.
func rowMeta(r config.AccountRow) string { return "accounts " + r.From + " " + r.Role }

// retryAccounts is how soon a source that did not answer is asked again.
const retryAccounts = 5 * time.Minute

// fetchWithin bounds one fetch: a thousand accounts at ten calls a second take
// less.
const fetchWithin = 5 * time.Minute

// loadAccounts brings the accounts of the rows that name a source into force:
// those kept in the store while they are fresh, else fetched ones. A source that
// does not answer is logged, and what was kept of it stays in force, however
// old: no account is forgotten because of a fault. Without fetch only what is
// kept counts. next is when to look again; zero where no row names a source.
func (a *App) loadAccounts(ctx context.Context, fetch bool) (next time.Time, err error) {
	var all []config.Fetched
	unread := false
	now := a.Now()
	for i, row := range a.Config.Accounts {
		s, ok := row.Source()
		if !ok || s.Kind != "organizations" && s.Kind != "dynamodb" {
			continue
		}
		kept, err := a.keptAccounts(ctx, row)
		if err != nil {
			return next, err
		}
		until := kept.At.Add(row.Cache.Duration())
		if fetch && !now.Before(until) {
			if got, err := a.fetchAccounts(ctx, row, s); err != nil {
				a.Log.Warn("a source of accounts does not answer", "row", fmt.Sprintf("accounts[%d]", i), "from", row.From,
					"kept", len(kept.Accounts), "kept_since", kept.At, "error", err)
				until = now.Add(retryAccounts)
			} else {
				kept = fetchedRow{At: now, Accounts: got}
				until = now.Add(row.Cache.Duration())
				if err := a.keepAccounts(ctx, row, kept); err != nil {
					return next, err
				}
			}
		}
		unread = unread || kept.At.IsZero()
		all = append(all, config.Fetched{Row: i, Accounts: kept.Accounts})
		if next.IsZero() || until.Before(next) {
			next = until
		}
	}
	if len(all) > 0 {
		a.Directory.Fetched(all...)
	}
	a.unread = unread
	return next, ctx.Err()
}

func (a *App) keptAccounts(ctx context.Context, row config.AccountRow) (fetchedRow, error) {
	var kept fetchedRow
	v, err := store.Meta(ctx, a.DB.View(), rowMeta(row))
	if err != nil || v == "" {
		return kept, err
	}
	if err := json.Unmarshal([]byte(v), &kept); err != nil {
		return kept, fmt.Errorf("reading the accounts kept of %s: %w", row.From, err)
	}
	return kept, nil
}

func (a *App) keepAccounts(ctx context.Context, row config.AccountRow, kept fetchedRow) error {
	b, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return a.DB.Update(ctx, func(tx *store.Tx) error { return store.SetMeta(ctx, tx, rowMeta(row), string(b)) })
}

// fetchAccounts asks a row's source, with the row's role or the caller's own
// credentials.
func (a *App) fetchAccounts(ctx context.Context, row config.AccountRow, s config.Source) ([]config.FetchedAccount, error) {
	if a.Directory.own == "" {
		return nil, errors.New("there are no AWS credentials of the caller's own to ask it with")
	}
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	cfg, err := a.as(ctx, row.Role, "")
	if err != nil {
		return nil, err
	}
	if s.Kind == "dynamodb" {
		return organization.Table(ctx, dynamodb.NewFromConfig(cfg), s.Name)
	}
	return organization.Accounts(ctx, organizations.NewFromConfig(cfg))
}

// refreshAccounts fetches the accounts again whenever what is kept gets old,
// until the context ends.
func (a *App) refreshAccounts(ctx context.Context) {
	for {
		next, err := a.loadAccounts(ctx, true)
		if err == nil {
			if err = a.followAccounts(ctx); err == nil {
				a.Queue.Poke()
			}
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			a.Log.Error("keeping the list of accounts", "error", err)
			next = a.Now().Add(retryAccounts)
		case next.IsZero():
			return // nothing to refresh
		}
		if rest(ctx, max(time.Second, next.Sub(a.Now()))) != nil {
			return
		}
	}
}
