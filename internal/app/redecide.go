package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"zesei/internal/casework"
	"zesei/internal/config"
	"zesei/internal/job"
	"zesei/internal/store"
)

const (
	metaPolicy    = "policy"
	metaDirectory = "directory"
)

// redecide asks for open cases to be decided again where the policy is not the
// one that decided them.
func (a *App) redecide(ctx context.Context) error {
	was, err := store.Meta(ctx, a.DB.View(), metaPolicy)
	if err != nil || was == a.Policy.Hash() {
		return err
	}
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		if err := store.SetMeta(ctx, tx, metaPolicy, a.Policy.Hash()); err != nil {
			return err
		}
		if was == "" {
			return nil // nothing was decided before
		}
		return job.Enqueue(ctx, tx, a.Now(), job.Want{Kind: casework.JobRedecide, Subject: a.Policy.Hash()})
	})
}

// forAccount begins the subject of a job that decides the cases of one account
// again; any other subject is the hash of a policy.
const forAccount = "account "

func (a *App) redecideJob(ctx context.Context, j job.Job) error {
	if account, ok := strings.CutPrefix(j.Subject, forAccount); ok {
		c, err := a.Work.RedecideAccount(ctx, account)
		if err == nil {
			a.Log.Info("the cases of an account were decided again: what is known of it changed", "account", account, "updated", c.Updated)
		}
		return err
	}
	if j.Subject != a.Policy.Hash() {
		return nil // a newer policy has its own job
	}
	next := int64(0)
	for {
		var err error
		if next, _, err = a.Work.Redecide(ctx, next); err != nil || next == 0 {
			return err
		}
	}
}

// known is what decisions depend on beside the policy: what the whole company
// shares (owners and people), and each account, as hashes.
type known struct {
	Shared   string            `json:"shared"`
	Accounts map[string]string `json:"accounts"`
}

func (a *App) known() (known, error) {
	k := known{Accounts: map[string]string{}}
	people := map[string]config.Person{}
	for name, p := range a.Config.People {
		people[name] = config.Person{Email: p.Email, Slack: p.Slack, Owners: p.Owners}
	}
	owners := map[string]config.Owner{}
	for name, o := range a.Config.Owners {
		owners[name] = config.Owner{Aliases: o.Aliases, Default: o.Default, Timezone: o.Timezone}
	}
	var err error
	if k.Shared, err = hashOf(map[string]any{"from": a.Config.OwnerFrom, "owners": owners, "people": people, "timezone": a.Config.Timezone}); err != nil {
		return k, err
	}
	// Without the account of the caller's own credentials, which commands that
	// work offline do not know.
	a.Directory.mu.RLock()
	defer a.Directory.mu.RUnlock()
	for _, id := range a.Directory.accounts.Accounts() {
		account, _ := a.Directory.accounts.Account(id)
		if k.Accounts[id], err = hashOf(account); err != nil {
			return k, err
		}
	}
	return k, nil
}

func hashOf(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("fingerprint of the accounts: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8]), nil
}

// followAccounts asks for the cases of accounts of which something changed (their
// owner, environment, tags) to be decided again; of all, where owners or people
// changed. While a source of accounts has never answered, nothing is known to have
// changed: it is asked once the source has.
func (a *App) followAccounts(ctx context.Context) error {
	is, err := a.known()
	if err != nil {
		return err
	}
	b, err := json.Marshal(is)
	if err != nil {
		return err
	}
	was, err := store.Meta(ctx, a.DB.View(), metaDirectory)
	if err != nil || was == string(b) || was != "" && a.unread {
		return err
	}
	var before known
	if was != "" {
		if err := json.Unmarshal([]byte(was), &before); err != nil {
			return fmt.Errorf("reading what was known of the accounts: %w", err)
		}
	}
	return a.DB.Update(ctx, func(tx *store.Tx) error {
		if err := store.SetMeta(ctx, tx, metaDirectory, string(b)); err != nil {
			return err
		}
		if was == "" {
			return nil // nothing was decided before
		}
		accounts, err := store.AccountsWithCases(ctx, tx)
		if err != nil {
			return err
		}
		var jobs []job.Want
		for _, id := range accounts {
			if before.Shared != is.Shared || before.Accounts[id] != is.Accounts[id] {
				jobs = append(jobs, job.Want{Kind: casework.JobRedecide, Subject: forAccount + id})
			}
		}
		return job.Enqueue(ctx, tx, a.Now(), jobs...)
	})
}
