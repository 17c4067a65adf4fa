package policy

import (
	"fmt"
	"strings"

	"zesei/internal/config/document"
)

// verdict of a filter: a filter may be impossible to evaluate, and then a fix
// must not go further because of it.
type verdict int

const (
	no verdict = iota
	yes
	unknown
)

// selector picks accounts: by id, by name, or by a fact of the account.
type selector struct {
	text string
	by   string // id, name, owner, env, ou
	glob glob
}

var selectorKinds = []string{"id", "name", "owner", "env", "ou"}

func parseSelector(s string) (selector, error) {
	kind, value, found := strings.Cut(s, ":")
	if !found {
		if isAccountID(s) {
			return selector{s, "id", newGlob(s)}, nil
		}
		return selector{s, "name", newGlob(s)}, nil
	}
	if kind == "environment" {
		kind = "env"
	}
	for _, k := range selectorKinds {
		if k == kind && value != "" {
			return selector{s, kind, newGlob(strings.TrimSpace(value))}, nil
		}
	}
	return selector{}, fmt.Errorf("%q is not a way to pick accounts", s)
}

func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}

// pick says whether the account is one of those selected; why is empty for yes.
func pick(selectors []selector, a *Account, owner string) (v verdict, why string) {
	if len(selectors) == 0 {
		return yes, ""
	}
	missing := ""
	for i := range selectors {
		s := &selectors[i]
		value := a.fact(s.by, owner)
		switch {
		case value == "" && s.by == "ou", value == "" && s.by != "id":
			missing = s.by
		case s.glob.match(value):
			return yes, ""
		case s.by == "ou" && anyMatch([]glob{s.glob}, lastOU(value)):
			return yes, ""
		}
	}
	if missing != "" {
		return unknown, "the account's " + factNames[missing] + " is not known, so " + joinSelectors(selectors) + " cannot be told"
	}
	return no, "account " + a.label() + " is not in " + joinSelectors(selectors)
}

var factNames = map[string]string{"id": "id", "name": "name", "owner": "owner", "env": "environment", "ou": "organizational unit"}

func (a *Account) fact(by, owner string) string {
	switch by {
	case "id":
		return a.ID
	case "name":
		return a.Name
	case "owner":
		return owner
	case "env":
		return a.Environment
	}
	return a.OU
}

// lastOU is the name of the innermost unit of a path like Root/Prod/Shop.
func lastOU(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func (a *Account) label() string {
	if a.Name == "" {
		return a.ID
	}
	return a.Name + " (" + a.ID + ")"
}

func joinSelectors(selectors []selector) string {
	texts := make([]string, len(selectors))
	for i, s := range selectors {
		texts[i] = s.text
	}
	return "[" + strings.Join(texts, " ") + "]"
}

// selectors reads and checks `accounts:`.
func (c *check) selectors(path string, list []string) []selector {
	out := make([]selector, 0, len(list))
	for i, text := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		s, err := parseSelector(text)
		if err != nil {
			c.doc.Wrong(at, document.Problem{Message: err.Error(), Expected: "an account id, a name, or owner:, env: or ou: and a name"})
			continue
		}
		c.knownSelector(at, s)
		out = append(out, s)
	}
	return out
}

func (c *check) knownSelector(at string, s selector) {
	known, what := []string(nil), ""
	switch s.by {
	case "owner":
		known, what = c.known.Owners, "owner"
	case "env":
		known, what = c.known.Environments, "environment"
	case "id", "name":
		known, what = c.known.Accounts, "account"
	}
	if known == nil {
		return
	}
	for _, k := range known {
		if s.glob.match(k) {
			return
		}
	}
	c.doc.Wrong(at, document.Problem{Message: fmt.Sprintf("no %s %q is configured", what, s.glob.text), Hint: document.DidYouMean(s.glob.text, known)})
}
