package notify

import (
	"slices"
	"strings"
)

// maxAgent is how much of a user agent a line shows: what begins it says most.
const maxAgent = 48

// Who is who did it, from where and with what, in one short line: "taro
// (203.0.113.7, aws-cli/2.31.3)"; "" where nobody knows.
func (c Case) Who() string {
	agent := Clean(c.Agent)
	if r := []rune(agent); len(r) > maxAgent {
		agent = string(r[:maxAgent]) + "…"
	}
	var how []string
	for _, s := range []string{c.Address, agent} {
		if s != "" {
			how = append(how, s)
		}
	}
	if c.By == "" || len(how) == 0 {
		return c.By
	}
	return c.By + " (" + strings.Join(how, ", ") + ")"
}

// Names is the owner, or the owners, as people read them.
func (v View) Names() string { return strings.ReplaceAll(v.Owner, ",", ", ") }

// Owners are the owners that the cases of the list name, by name: one empty name
// where they name none, because the message has one owner.
func (v View) Owners() []string {
	var out []string
	for _, c := range v.Cases {
		if !slices.Contains(out, c.Owner) {
			out = append(out, c.Owner)
		}
	}
	slices.Sort(out)
	return out
}

// Of are the cases of the list that name an owner.
func (v View) Of(owner string) []Case {
	return slices.DeleteFunc(slices.Clone(v.Cases), func(c Case) bool { return c.Owner != owner })
}

// Key is the key of the only case, or of that of this part; KEY where the reader
// has to put one in.
func (v View) Key() string {
	if v.Case == nil {
		return "KEY"
	}
	return v.Case.Key
}
