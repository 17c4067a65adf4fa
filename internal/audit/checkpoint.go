package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"zesei/internal/store"
)

// Checkpoint is a signed statement: at this time, so many chains, of cases and
// of exceptions, ended as the tree with this root says.
type Checkpoint struct {
	Store  string    `json:"store"`  // id of the store
	Number int64     `json:"number"` // from 1
	At     time.Time `json:"at"`     // UTC, to the second
	Chains int64     `json:"chains"`
	Root   Hex       `json:"root"`
	// Previous is the hash of the checkpoint before; empty for the first.
	Previous  Hex       `json:"previous,omitempty"`
	Signature Signature `json:"signature"`
}

// Hex is bytes that are written as hexadecimal digits.
type Hex []byte

// MarshalText writes hexadecimal digits.
func (h Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText reads hexadecimal digits.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

func (h Hex) String() string { return hex.EncodeToString(h) }

// Text is what is signed: one line a field, so that it can be read, and checked
// by other means, without this program.
func (c Checkpoint) Text() []byte {
	previous := "-"
	if len(c.Previous) > 0 {
		previous = c.Previous.String()
	}
	return fmt.Appendf(nil, "zesei checkpoint 1\nstore %s\nnumber %d\nat %s\nchains %d\nroot %s\nprevious %s\n",
		c.Store, c.Number, c.At.UTC().Format(time.RFC3339), c.Chains, c.Root, previous)
}

// Hash names the checkpoint in the next one.
func (c Checkpoint) Hash() []byte {
	sum := sha256.Sum256(c.Text())
	return sum[:]
}

func fromStore(id string, c store.Checkpoint) Checkpoint {
	return Checkpoint{
		Store: id, Number: c.Number, At: c.At, Chains: c.Chains, Root: c.Root, Previous: c.Previous,
		Signature: Signature{Key: c.Key, PublicKey: c.PublicKey, Value: c.Signature},
	}
}

func (c Checkpoint) row() store.Checkpoint {
	return store.Checkpoint{
		Number: c.Number, At: c.At, Chains: c.Chains, Root: c.Root, Previous: c.Previous,
		Key: c.Signature.Key, PublicKey: c.Signature.PublicKey, Signature: c.Signature.Value,
	}
}
