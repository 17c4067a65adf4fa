package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Verdict is what can be said of a case file without anything but the file and
// the keys that one trusts.
type Verdict struct {
	Case    string `json:"case"` // hash of the key
	Control string `json:"control"`
	Entries int    `json:"entries"`
	// Broken are the reasons for which the file is not to be believed.
	Broken []string `json:"broken,omitempty"`
	// Checkpoint is the one that holds the chain up to the entry Anchored; nil
	// where there is none, or where its proof is broken.
	Checkpoint *Checkpoint `json:"checkpoint,omitempty"`
	Anchored   int64       `json:"anchored"` // entries; 0: none
	// TrustedKey says that the checkpoint's key is one of those given.
	TrustedKey bool `json:"trusted_key"`
	// Sealed is the fingerprint of the key that signed the whole file; empty:
	// only what the chain holds is proved.
	Sealed string   `json:"sealed,omitempty"`
	Plans  []string `json:"plans,omitempty"` // fixes whose plan the chain names
	// Exceptions are those whose own chain says what they do.
	Exceptions []string `json:"exceptions,omitempty"`
	// Notes say what is not proved, in words.
	Notes []string `json:"notes,omitempty"`
}

// Consistent says that nothing is broken.
func (v *Verdict) Consistent() bool { return len(v.Broken) == 0 }

// Result is the verdict in a few words.
func (v *Verdict) Result() string {
	switch {
	case !v.Consistent():
		return "broken"
	case v.Checkpoint == nil:
		return "consistent, not anchored"
	case v.Anchored < int64(v.Entries):
		return fmt.Sprintf("consistent, anchored up to entry %d of %d", v.Anchored, v.Entries)
	}
	return "consistent and anchored"
}

// Read reads a case file. An error means that it is none.
func Read(data []byte) (*CaseFile, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	c := &CaseFile{}
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("it is no case file: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is no case file: something follows it")
	}
	if c.Format != Format {
		return nil, fmt.Errorf("it is no case file of a known format: its format is %q, expected %q", c.Format, Format)
	}
	return c, nil
}

// Verify proves a case file. Where keys are given, only they are trusted;
// otherwise the file's own key proves that its parts belong together, and whose
// it is remains to be compared.
func Verify(c *CaseFile, keys ...PublicKey) *Verdict {
	v := &Verdict{Case: c.Hash.String(), Control: c.Key.Control, Entries: len(c.Chain)}
	h := c.Key.Hash()
	if !bytes.Equal(h[:], c.Hash) {
		v.broken("the case's hash does not follow from its key")
	}
	v.chain(c)
	v.plans(c)
	v.exceptions(c)
	v.anchor(c, keys)
	v.seal(c, keys)
	if v.Sealed == "" && v.Consistent() && len(c.Messages)+len(c.Fixes)+len(c.Sources)+len(c.Tickets) > 0 {
		v.note("the file has no seal: sources, messages, tickets and the logs of fixes stand beside the chain and are not proved")
	}
	return v
}

func (v *Verdict) broken(format string, args ...any) {
	v.Broken = append(v.Broken, fmt.Sprintf(format, args...))
}

func (v *Verdict) note(format string, args ...any) {
	v.Notes = append(v.Notes, fmt.Sprintf(format, args...))
}

func (v *Verdict) chain(c *CaseFile) {
	if len(c.Chain) == 0 {
		v.broken("the chain is empty: a case begins with an entry")
		return
	}
	if err := verifyChain([16]byte(c.Key.Hash()), c.Chain); err != nil {
		v.broken("chain: %v", err)
	}
}

// plans compares each plan with the hash that the chain holds of it.
func (v *Verdict) plans(c *CaseFile) {
	named := map[string]string{} // fix to plan
	for _, e := range c.Chain {
		var d struct{ Fix, Plan string }
		if json.Unmarshal(e.Data, &d) == nil && d.Fix != "" && d.Plan != "" {
			named[d.Fix] = d.Plan
		}
	}
	for _, f := range c.Fixes {
		is, err := planHash(f.Plan)
		switch {
		case err != nil:
			v.broken("fix %s: its plan cannot be read: %v", f.ID, err)
		case is != f.PlanHash:
			v.broken("fix %s: its plan is not the one with the hash %s", f.ID, f.PlanHash)
		case named[f.ID] == "":
			v.note("fix %s: the chain does not name its plan", f.ID)
		case named[f.ID] != is:
			v.broken("fix %s: the chain names another plan (%s)", f.ID, named[f.ID])
		default:
			v.Plans = append(v.Plans, f.ID)
		}
	}
}

// planHash is the hash of a plan over its JSON with sorted keys, as package
// remedy takes it.
func planHash(plan json.RawMessage) (string, error) {
	d := json.NewDecoder(bytes.NewReader(plan))
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		return "", err
	}
	b, err := json.Marshal(plain)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}

func (v *Verdict) anchor(c *CaseFile, keys []PublicKey) {
	a := c.Anchor
	if a == nil {
		v.note("no checkpoint holds the case: a chain that was written anew from its beginning would look the same")
		return
	}
	p := a.Checkpoint
	before := len(v.Broken)
	if p.Store != c.Store {
		v.broken("checkpoint %d is of another store (%s, not %s)", p.Number, p.Store, c.Store)
	}
	if err := p.Signature.check(p.Text()); err != nil {
		v.broken("checkpoint %d: %v", p.Number, err)
	}
	if err := p.at(c.Key.Hash(), c.Chain, a.Place); err != nil {
		v.broken("checkpoint %d: %v", p.Number, err)
	}
	v.TrustedKey = trusted(p.Signature, keys)
	if len(keys) > 0 && !v.TrustedKey {
		v.broken("checkpoint %d is signed by %s, which is none of the keys given", p.Number, p.Signature.Key)
	}
	if len(v.Broken) > before {
		return
	}
	v.Checkpoint, v.Anchored = &p, a.Seq
	if len(keys) == 0 {
		v.note("the file itself brings the key %s: compare it with the one that you trust, or give it with --key", p.Signature.Key)
	}
	for _, e := range c.Chain[:a.Seq] {
		if e.At.Truncate(time.Second).After(p.At) {
			v.note("entry %d is dated after the checkpoint that holds it: the clock was moved", e.Seq)
		}
	}
}

func (v *Verdict) seal(c *CaseFile, keys []PublicKey) {
	if c.Seal == nil {
		return
	}
	text, err := c.sealed()
	if err == nil {
		err = c.Seal.check(text)
	}
	switch {
	case err != nil:
		v.broken("seal: the file was changed after it was exported (%v)", err)
	case len(keys) > 0 && !trusted(*c.Seal, keys):
		v.broken("the seal is of %s, which is none of the keys given", c.Seal.Key)
	default:
		v.Sealed = c.Seal.Key
	}
}

func trusted(s Signature, keys []PublicKey) bool {
	for _, k := range keys {
		if bytes.Equal(k, s.PublicKey) {
			return true
		}
	}
	return false
}
