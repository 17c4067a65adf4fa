package config

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"zesei/internal/policy"
)

// Fetched is what a source that a row names `from:` answered.
type Fetched struct {
	Row      int // index in Config.Accounts
	Accounts []FetchedAccount
}

// FetchedAccount is one account of a source. Columns are the fields of a table
// or file by the names that they have there.
type FetchedAccount struct {
	ID      string
	Name    string
	OU      string // path of names, e.g. Root/Prod/Shop
	Tags    map[string]string
	Columns map[string]string
}

// Access is how an account is reached.
type Access struct {
	ReadRole   string // ARN; empty: ambient credentials, only where they are of that account
	WriteRole  string
	ExternalID string
	Regions    []string // empty: those of the intake
}

// Fact is one field of an account and the row that it came from.
type Fact struct {
	Field, Value string
	From         string // e.g. "zesei.yaml:9 accounts[0]"
}

// Directory knows the accounts. It is immutable; a new fetch makes a new one.
type Directory struct {
	config   *Config
	accounts map[string]*entry
}

type entry struct {
	account policy.Account
	access  Access
	facts   []Fact
	set     map[string]bool
}

// Directory joins the rows of the file with what their sources answered, in the
// order of the rows: the first that knows a field gives it, tag by tag.
func (c *Config) Directory(fetched ...Fetched) *Directory {
	d := &Directory{config: c, accounts: map[string]*entry{}}
	byRow := map[int][]FetchedAccount{}
	for _, f := range fetched {
		byRow[f.Row] = append(byRow[f.Row], f.Accounts...)
	}
	for i, row := range c.Accounts {
		if row.From == "" {
			d.join(i, row, FetchedAccount{ID: string(row.ID)})
			continue
		}
		for _, a := range byRow[i] {
			if a.ID == "" {
				a.ID = a.Columns[cmp.Or(row.Columns["id"], "id")]
			}
			if accountID.MatchString(a.ID) {
				d.join(i, row, a)
			}
		}
	}
	return d
}

func (d *Directory) join(i int, row AccountRow, a FetchedAccount) {
	e := d.accounts[a.ID]
	if e == nil {
		e = &entry{account: policy.Account{ID: a.ID, Known: true, Tags: map[string]string{}}, set: map[string]bool{}}
		d.accounts[a.ID] = e
	}
	from := d.config.rowName(i)
	put := func(field string, to *string, value string) {
		if value == "" || e.set[field] {
			return
		}
		*to, e.set[field] = value, true
		e.facts = append(e.facts, Fact{field, value, from})
	}
	field := func(name, own string) string { return row.value(name, own, a) }
	put("name", &e.account.Name, cmp.Or(field("name", row.Name), a.Name))
	put("environment", &e.account.Environment, field("environment", row.Environment))
	put("ou", &e.account.OU, cmp.Or(field("ou", row.OU), a.OU))
	if iac := field("iac", row.IaC); slices.Contains(iacNames, iac) {
		put("iac", &e.account.IaC, iac)
	}
	if value := field("owner", row.Owner); value != "" {
		if owner := d.config.OwnerNamed(value); owner != "" {
			put("owner", &e.account.Owner, owner)
		} else if !e.set["owner"] {
			e.facts = append(e.facts, Fact{"owner", "", fmt.Sprintf("%s says %q, which names no configured owner", from, value)})
		}
	}
	put("read role", &e.access.ReadRole, strings.ReplaceAll(row.Roles.Read, "{id}", a.ID))
	put("write role", &e.access.WriteRole, strings.ReplaceAll(row.Roles.Write, "{id}", a.ID))
	put("external id", &e.access.ExternalID, row.ExternalID)
	if len(row.Regions) > 0 && !e.set["regions"] {
		e.access.Regions, e.set["regions"] = slices.Clone(row.Regions), true
		e.facts = append(e.facts, Fact{"regions", strings.Join(row.Regions, " "), from})
	}
	for _, tags := range []map[string]string{row.Tags, a.Tags} {
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			if _, known := e.account.Tags[key]; !known {
				e.account.Tags[key] = tags[key]
				e.facts = append(e.facts, Fact{"tag " + key, tags[key], from})
			}
		}
	}
}

// value is what the row says of a field: the value itself, or where in the
// fetched account it stands.
func (r AccountRow) value(field, own string, a FetchedAccount) string {
	if key, ok := strings.CutPrefix(own, "tag:"); ok {
		return a.Tags[key]
	}
	if name, ok := strings.CutPrefix(own, "column:"); ok {
		return a.Columns[name]
	}
	if own != "" {
		return own
	}
	return a.Columns[cmp.Or(r.Columns[field], field)]
}

func (c *Config) rowName(i int) string {
	path := fmt.Sprintf("accounts[%d]", i)
	if c.doc == nil {
		return path
	}
	return fmt.Sprintf("%s:%d %s", filepath.Base(c.file), c.doc.At(path).Line, path)
}

// Account is what is known of an account. One that no row knows is returned with
// Known false: nothing is changed there.
func (d *Directory) Account(id string) (policy.Account, Access) {
	e := d.accounts[id]
	if e == nil {
		return policy.Account{ID: id}, Access{}
	}
	return e.account, e.access
}

// Accounts are the ids of all known accounts, sorted.
func (d *Directory) Accounts() []string { return slices.Sorted(maps.Keys(d.accounts)) }

// Explain lists each field of an account and the row that gave it, in the order
// of the rows; empty for an unknown account.
func (d *Directory) Explain(id string) []Fact {
	if e := d.accounts[id]; e != nil {
		return slices.Clone(e.facts)
	}
	return nil
}

// Account is Directory().Account for a configuration whose rows come from
// nowhere else.
func (c *Config) Account(id string) (policy.Account, Access) { return c.Directory().Account(id) }
