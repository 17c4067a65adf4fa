package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"zesei/internal/finding"
	"zesei/internal/notify"
)

// Payload is the body of a delivery. Times are RFC 3339 in UTC. Fields may be
// added; those here keep their meaning within Schema 1.
type Payload struct {
	Schema  int              `json:"schema"`  // 1
	ID      string           `json:"id"`      // of this delivery; also the Idempotency-Key
	Key     string           `json:"key"`     // of the message, the same for all of its versions
	Version int              `json:"version"` // grows with each change; each holds the whole message
	Why     string           `json:"why"`
	SentAt  time.Time        `json:"sent_at"`
	Kind    notify.Kind      `json:"kind"` // cases, import-summary, digest, reminder, escalation, overflow, ending, wish, notice, failure
	Owner   string           `json:"owner"`
	Text    string           `json:"text"` // as a person reads it, plain, in Language
	Lang    string           `json:"language"`
	Zone    string           `json:"timezone"` // of the times in Text
	Level   finding.Severity `json:"severity,omitempty"`
	Control *notify.Control  `json:"control,omitempty"`
	Counts  notify.Counts    `json:"counts"`
	Due     time.Time        `json:"due,omitzero"`      // earliest of the open cases
	Cases   []notify.Case    `json:"cases"`             // at most 500, most urgent first
	More    int              `json:"more"`              // cases that Cases leaves out
	Ranking []notify.Rank    `json:"ranking,omitempty"` // of kind overflow, in place of Cases
	Import  *notify.Import   `json:"import,omitempty"`
	Trouble *notify.Trouble  `json:"trouble,omitempty"` // of kind failure
	// Exceptions are those that end soon, of kind ending.
	Exceptions []notify.Exception `json:"exceptions,omitempty"`
}

// NewPayload is what is sent of one version of a part. Other channels that carry
// messages to programs send the same.
func NewPayload(m notify.Message, a notify.Action, part notify.Part, texts *notify.Set, now time.Time) Payload {
	v := a.View
	// A template of the user's that fails leaves the built-in text.
	text, _ := texts.Render(v)
	p := Payload{
		Schema: 1, ID: id(m.Key, a.Part, part), Key: m.Key, Version: part.Version,
		Why: a.Why, SentAt: now.UTC(), Kind: m.Kind, Owner: m.Owner, Text: text,
		Lang: v.Language, Zone: v.ZoneName, Level: v.Severity, Counts: v.Counts, Due: v.Due,
		Cases: v.Cases, More: v.More, Ranking: v.Ranking, Import: v.Import, Trouble: v.Trouble, Exceptions: v.Exceptions,
	}
	if v.Case != nil {
		p.Cases = []notify.Case{*v.Case}
	}
	if p.Cases == nil {
		p.Cases = []notify.Case{}
	}
	if v.Control.ID != "" {
		c := v.Control
		c.Remediation = notify.DocURL(c.Remediation)
		p.Control = &c
	}
	return p
}

// id is the same for a repetition and for nothing else.
func id(key, name string, part notify.Part) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %s", key, name, part.Version, part.Hash))
	return hex.EncodeToString(sum[:16])
}
