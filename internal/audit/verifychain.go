package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/store"
)

// verifyChain proves a chain of a name from its first entry. The error names the
// first entry that is not to be believed.
func verifyChain(name [16]byte, chain []casefile.Entry) error {
	want := fmt.Sprintf("%x", name)
	entries := make([]casefile.Entry, len(chain))
	for i, e := range chain {
		switch {
		case e.Case != want:
			return fmt.Errorf("entry %d is of another chain (%s)", i+1, e.Case)
		case !e.At.Equal(e.At.Truncate(time.Millisecond)): // what was hashed is whole milliseconds
			return fmt.Errorf("entry %d: its time is finer than a millisecond", i+1)
		}
		e.Data = compact(e.Data) // the file may be laid out; what was hashed is not
		entries[i] = e
	}
	return casefile.VerifyChain(entries)
}

func compact(data json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if len(data) == 0 || json.Compact(&b, data) != nil {
		return data
	}
	return b.Bytes()
}

// at proves that a checkpoint holds a chain up to its place.
func (p Checkpoint) at(name [16]byte, chain []casefile.Entry, place Place) error {
	if place.Seq < 1 || place.Seq > int64(len(chain)) {
		return fmt.Errorf("it holds %d entries, the chain has %d", place.Seq, len(chain))
	}
	path := make([][]byte, len(place.Path))
	for i, h := range place.Path {
		path[i] = h
	}
	leaf := Head{name, place.Seq, chain[place.Seq-1].Hash}.leaf()
	return checkPath(leaf, place.Index, p.Chains, path, p.Root)
}

// exceptions proves the chains of the exceptions, and that each exception says
// what its chain does.
func (v *Verdict) exceptions(c *CaseFile) {
	chains := map[string]ExceptionChain{}
	for _, x := range c.ExceptionChains {
		name := store.ExceptionChain(x.ID)
		if err := verifyChain(name, x.Chain); err != nil {
			v.broken("exception %s: chain: %v", x.ID, err)
			continue
		}
		chains[x.ID] = x
		switch {
		case x.Anchor == nil && c.Anchor != nil:
			v.note("exception %s: the checkpoint does not hold its chain yet", x.ID)
		case x.Anchor != nil && c.Anchor == nil:
			v.broken("exception %s: it is anchored in no checkpoint", x.ID)
		case x.Anchor != nil:
			if err := c.Anchor.Checkpoint.at(name, x.Chain, *x.Anchor); err != nil {
				v.broken("exception %s: checkpoint %d: %v", x.ID, c.Anchor.Checkpoint.Number, err)
			}
		}
	}
	for _, x := range c.Exceptions {
		chain, ok := chains[x.ID]
		if !ok || len(chain.Chain) == 0 {
			v.note("exception %s: no chain of its own says who asked for it and who approved", x.ID)
			continue
		}
		var last store.Exception
		if err := json.Unmarshal(chain.Chain[len(chain.Chain)-1].Data, &last); err != nil {
			v.note("exception %s: its chain does not hold what it says", x.ID)
			continue
		}
		if what := differs(x, last); what != "" {
			v.broken("exception %s: its chain names another %s", x.ID, what)
			continue
		}
		v.Exceptions = append(v.Exceptions, x.ID)
	}
}

// differs names the first thing in which an exception is not as its chain's last
// entry holds it.
func differs(is, was store.Exception) string {
	switch {
	case is.ID != was.ID:
		return "exception"
	case is.Scope != was.Scope:
		return "scope"
	case is.Reason != was.Reason:
		return "reason"
	case is.Evidence != was.Evidence:
		return "evidence"
	case is.AskedBy != was.AskedBy, !is.AskedAt.Equal(was.AskedAt):
		return "asker"
	case is.ApprovedBy != was.ApprovedBy, !is.ApprovedAt.Equal(was.ApprovedAt):
		return "approver"
	case !is.ExpiresAt.Truncate(time.Millisecond).Equal(was.ExpiresAt.Truncate(time.Millisecond)), !is.EndedAt.Equal(was.EndedAt):
		return "end"
	}
	return ""
}
