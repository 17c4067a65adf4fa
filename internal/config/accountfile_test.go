package config

import (
	"io/fs"
	"strings"
	"testing"
)

func withFiles(t testing.TB, text string, files map[string]string) *Config {
	t.Helper()
	c, err := Parse("zesei.yaml", []byte(text), environment, func(name string) ([]byte, error) {
		if s, ok := files[name]; ok {
			return []byte(s), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const fileRows = `
accounts:
  - {from: "csv:a.csv", columns: {id: AccountId, owner: 担当, name: 名前}, environment: "tag:Env"}
  - {from: "yaml:b.yaml"}
owners: {shop: {}, security: {default: true}}
`

func TestAccountsFromFiles(t *testing.T) {
	c := withFiles(t, fileRows, map[string]string{
		"a.csv":  "\ufeffAccountId,名前,担当,tag:Env\n012345678901,\"shop, prod\",Shop,prod\n",
		"b.yaml": "- {id: \"111122223333\", name: lab, owner: security, tags: {tier: gold}}\n",
	})
	fetched, err := c.FileAccounts()
	if err != nil {
		t.Fatal(err)
	}
	d := c.Directory(fetched...)
	if a, _ := d.Account("012345678901"); a.Name != "shop, prod" || a.Owner != "shop" || a.Environment != "prod" || !a.Known {
		t.Errorf("%+v", a)
	}
	if a, _ := d.Account("111122223333"); a.Name != "lab" || a.Owner != "security" || a.Tags["tier"] != "gold" {
		t.Errorf("%+v", a)
	}
}

func TestMistakesInAccountFiles(t *testing.T) {
	c := withFiles(t, fileRows, map[string]string{"a.csv": "AccountId,担当\n12345678901,shop\n444455556666,shop,more\n111122223333,shop\n"})
	fetched, err := c.FileAccounts()
	want := strings.Join([]string{
		`a.csv:2:1: column AccountId says "12345678901", which is no account id; a spreadsheet may have dropped the zeros before it: 012345678901`,
		"a.csv:3:1: wrong number of fields",
		"zesei.yaml:4:12: accounts[1].from: open b.yaml: file does not exist; the name is relative to this file",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if len(fetched) != 1 || len(fetched[0].Accounts) != 1 || fetched[0].Accounts[0].ID != "111122223333" {
		t.Errorf("%+v", fetched)
	}
	c = withFiles(t, fileRows, map[string]string{"a.csv": "Account,担当\n111122223333,shop\n444455556666,shop\n", "b.yaml": "[]\n"})
	if _, err = c.FileAccounts(); err == nil || err.Error() != "a.csv:1:1: there is no column AccountId; the columns are Account, 担当; name the one that holds the account id: columns: {id: …}" {
		t.Errorf("a missing column is told once, not for each line:\n%v", err)
	}
	c = withFiles(t, fileRows, map[string]string{"a.csv": "AccountId,\x92S\x93\x96\n111122223333,x\n", "b.yaml": "[]\n"})
	if _, err = c.FileAccounts(); err == nil || !strings.HasPrefix(err.Error(), "a.csv:1:1: the file is not UTF-8; save it as") {
		t.Errorf("%v", err)
	}
	c = withFiles(t, fileRows, map[string]string{"a.csv": "", "b.yaml": "- {id: 12345678901}\n- x\n"})
	_, err = c.FileAccounts()
	for _, want := range []string{"a.csv:1:1: the file has no line that names its columns", `b.yaml:1:8: [0].id: an account id is text`, "b.yaml:2:3: [1]: this is text; expected a mapping"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
}
