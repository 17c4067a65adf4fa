package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// Head is the end of one case's chain, as a leaf of the tree.
type Head struct {
	Name [16]byte // of the chain: hash of the case's key, or store.ExceptionChain
	Seq  int64    // of the chain's last entry
	Hash []byte   // of the chain's last entry
}

// leaf and node hash as RFC 6962, section 2.1, does: the first byte tells a leaf
// from a node, so that none can be taken for the other.
func (h Head) leaf() []byte {
	b := make([]byte, 0, 1+16+8+len(h.Hash))
	b = append(b, 0)
	b = append(b, h.Name[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Seq))
	b = append(b, h.Hash...)
	sum := sha256.Sum256(b)
	return sum[:]
}

func node(left, right []byte) []byte {
	b := make([]byte, 0, 1+2*sha256.Size)
	b = append(b, 1)
	b = append(b, left...)
	b = append(b, right...)
	sum := sha256.Sum256(b)
	return sum[:]
}

// tree is the Merkle tree of RFC 6962 over leaves in their order, level by level:
// the last node of an odd level is taken up as it is, which gives the same tree
// as splitting at powers of two.
type tree struct {
	levels [][][]byte // levels[0] are the leaves
}

func newTree(leaves [][]byte) *tree {
	t := &tree{levels: [][][]byte{leaves}}
	for at := leaves; len(at) > 1; {
		up := make([][]byte, 0, (len(at)+1)/2)
		for i := 0; i+1 < len(at); i += 2 {
			up = append(up, node(at[i], at[i+1]))
		}
		if len(at)%2 == 1 {
			up = append(up, at[len(at)-1])
		}
		t.levels = append(t.levels, up)
		at = up
	}
	return t
}

// root is the hash over all leaves; that of no leaves is the hash of nothing.
func (t *tree) root() []byte {
	if len(t.levels[0]) == 0 {
		sum := sha256.Sum256(nil)
		return sum[:]
	}
	return t.levels[len(t.levels)-1][0]
}

// path is the proof that the leaf at an index belongs to the tree: the siblings
// from the leaf up.
func (t *tree) path(i int) [][]byte {
	out := [][]byte{}
	for _, level := range t.levels {
		if sibling := i ^ 1; sibling < len(level) && len(level) > 1 {
			out = append(out, level[sibling])
		}
		i /= 2
	}
	return out
}

var errProof = errors.New("the proof does not lead to the root of the checkpoint")

// checkPath follows a proof from a leaf to the root.
func checkPath(leaf []byte, i, size int64, path [][]byte, root []byte) error {
	if i < 0 || i >= size {
		return errProof
	}
	at := leaf
	for n := size; n > 1; i, n = i/2, (n+1)/2 {
		if i^1 >= n {
			continue // taken up as it is
		}
		if len(path) == 0 || len(path[0]) != sha256.Size {
			return errProof
		}
		if i%2 == 1 {
			at = node(path[0], at)
		} else {
			at = node(at, path[0])
		}
		path = path[1:]
	}
	if len(path) != 0 || !bytes.Equal(at, root) {
		return errProof
	}
	return nil
}
