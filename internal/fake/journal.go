package fake

import (
	"encoding/json"
	"sync"
	"time"
)

// Entry is one call that the twin served, or refused.
type Entry struct {
	Time      time.Time       `json:"time"`
	Service   string          `json:"service"`
	Operation string          `json:"operation"`
	Account   string          `json:"account,omitempty"`
	Region    string          `json:"region,omitempty"`
	Principal string          `json:"principal,omitempty"`
	Session   string          `json:"session,omitempty"` // role session name
	UserAgent string          `json:"userAgent,omitempty"`
	RequestID string          `json:"requestId,omitempty"`
	Write     bool            `json:"write,omitempty"` // the operation changes state
	Input     json.RawMessage `json:"input,omitempty"` // secrets are blotted out
	Outcome   string          `json:"outcome"`         // "ok" or the error code
	Message   string          `json:"message,omitempty"`
	Fault     string          `json:"fault,omitempty"` // the ordered fault that hit it
}

// Journal keeps the calls in the order in which they ended. It is safe for
// concurrent use.
type Journal struct {
	mu      sync.Mutex
	entries []Entry
}

// Query picks entries; an empty field picks all.
type Query struct {
	Service, Operation, Account, Region, Session, Outcome string
	// Writes leaves only operations that change state.
	Writes bool
}

func (q Query) holds(e Entry) bool {
	same := func(want, have string) bool { return want == "" || want == have }
	return same(q.Service, e.Service) && same(q.Operation, e.Operation) && same(q.Account, e.Account) &&
		same(q.Region, e.Region) && same(q.Session, e.Session) && same(q.Outcome, e.Outcome) && (!q.Writes || e.Write)
}

// Entries returns the calls that the query picks, oldest first.
func (j *Journal) Entries(q Query) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var picked []Entry
	for _, e := range j.entries {
		if q.holds(e) {
			picked = append(picked, e)
		}
	}
	return picked
}

// Count is how many calls the query picks.
func (j *Journal) Count(q Query) int { return len(j.Entries(q)) }

// Clear forgets all calls.
func (j *Journal) Clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = nil
}

// MarshalJSON writes the entries as one array.
func (j *Journal) MarshalJSON() ([]byte, error) {
	all := j.Entries(Query{})
	if all == nil {
		all = []Entry{}
	}
	return json.Marshal(all)
}

// Record adds a call: for twins in other packages.
func (j *Journal) Record(e Entry) { j.add(e) }

func (j *Journal) add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
}

// secretMembers are the members of requests that hold secrets, by service.
var secretMembers = map[string][]string{
	"secretsmanager": {"SecretString", "SecretBinary"},
	"ssm":            {"Value"},
}

const blot = "***"

// redact blots out secrets, so that a journal can be shown.
func redact(service string, in json.RawMessage) json.RawMessage {
	var m map[string]json.RawMessage
	if secretMembers[service] == nil || json.Unmarshal(in, &m) != nil {
		return in
	}
	for _, name := range secretMembers[service] {
		if m[name] != nil {
			m[name] = json.RawMessage(`"` + blot + `"`)
		}
	}
	out, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return out
}
