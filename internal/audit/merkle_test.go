package audit

import (
	"encoding/hex"
	"fmt"
	"testing"
)

func leaves(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = Head{Seq: int64(i), Hash: []byte(fmt.Sprint(i))}.leaf()
	}
	return out
}

func TestEachLeafIsProvedAndNoOther(t *testing.T) {
	for n := 1; n <= 40; n++ {
		all := leaves(n)
		tr := newTree(all)
		for i := range all {
			path := tr.path(i)
			if err := checkPath(all[i], int64(i), int64(n), path, tr.root()); err != nil {
				t.Fatalf("leaf %d of %d: %v", i, n, err)
			}
			for j := range all {
				if j != i && checkPath(all[j], int64(i), int64(n), path, tr.root()) == nil {
					t.Fatalf("of %d, leaf %d is proved in the place of %d", n, j, i)
				}
			}
			if checkPath(all[i], int64(i), int64(n), append(path, path...), tr.root()) == nil && len(path) > 0 {
				t.Fatal("a path that goes on is taken")
			}
		}
	}
}

// The tree is the one of RFC 6962, section 2.1: split at the largest power of two
// below the number of leaves.
func TestTheTreeIsTheOneOfTheRFC(t *testing.T) {
	var mth func(list [][]byte) []byte
	mth = func(list [][]byte) []byte {
		if len(list) == 1 {
			return list[0]
		}
		k := 1
		for k*2 < len(list) {
			k *= 2
		}
		return node(mth(list[:k]), mth(list[k:]))
	}
	for n := 1; n <= 40; n++ {
		if got, want := hex.EncodeToString(newTree(leaves(n)).root()), hex.EncodeToString(mth(leaves(n))); got != want {
			t.Errorf("%d leaves: %s, want %s", n, got, want)
		}
	}
	if got := hex.EncodeToString(newTree(nil).root()); got != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Errorf("no leaves: %s", got)
	}
}

func BenchmarkTree(b *testing.B) {
	all := leaves(100_000)
	for b.Loop() {
		newTree(all).path(77_777)
	}
}
