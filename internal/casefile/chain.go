package casefile

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
)

// Entry is one row of a case's audit chain.
type Entry struct {
	Case  string          `json:"case"` // the case's key hash, hexadecimal
	Seq   int64           `json:"seq"`  // from 1
	At    time.Time       `json:"at"`
	Actor string          `json:"actor"` // zesei, cli:<user>, slack:<user>, source:<product>
	What  string          `json:"what"`
	Why   string          `json:"why"`
	Data  json.RawMessage `json:"data,omitempty"`
	Hash  []byte          `json:"hash"`
}

// Sum is the hash that an entry must carry: SHA-256 over the hash of the entry
// before it and the entry's own content, each part with its length before it.
func (e Entry) Sum(prev []byte) []byte {
	h := sha256.New()
	for _, p := range [][]byte{
		prev, []byte(e.Case), fmt.Append(nil, e.Seq), fmt.Append(nil, e.At.UnixMilli()),
		[]byte(e.Actor), []byte(e.What), []byte(e.Why), e.Data,
	} {
		fmt.Fprintf(h, "%d:", len(p))
		h.Write(p)
	}
	return h.Sum(nil)
}

// VerifyChain checks a whole chain from its first entry. The error names the
// first entry that does not follow from the one before it.
func VerifyChain(entries []Entry) error {
	var prev []byte
	for i, e := range entries {
		if e.Seq != int64(i+1) {
			return fmt.Errorf("entry %d: has sequence number %d: an entry is missing or out of order", i+1, e.Seq)
		}
		if !bytes.Equal(e.Sum(prev), e.Hash) {
			return fmt.Errorf("entry %d (%s, %s): its hash does not follow from its content and the entry before", i+1, e.What, e.At.UTC().Format(time.RFC3339))
		}
		prev = e.Hash
	}
	return nil
}
