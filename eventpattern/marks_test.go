package eventpattern

import (
	"math/rand/v2"
	"testing"
)

// However the marks are made, every byte that may end a string has one, and a
// mark beyond these stands only where the portable way may set it falsely: right
// after a true one.
func TestMarksAreAlike(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	alphabet := []byte("\"\"\\\\\n\x00\x1f !#$]]^abc\x7f\x80\xa2\xdc\xff")
	stop := func(c byte) bool { return c == '"' || c == '\\' || c < 0x20 }
	for size := range 300 {
		b := make([]byte, size)
		ascii := true
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
			if size%2 == 0 {
				b[i] &= 0x7f
			}
			ascii = ascii && b[i] < 0x80
		}
		r := &run{event: b}
		r.mark()
		if ascii != (r.seen&highs == 0) {
			t.Fatalf("%q: seen %x", b, r.seen)
		}
		var seen uint64
		for i, c := range b {
			ways := []uint64{r.marks[i/64]}
			if whole := b[i/64*64:]; len(whole) >= 64 {
				ways = append(ways, markBlock((*[64]byte)(whole), &seen))
			}
			for way, m := range ways {
				marked := m>>(i&63)&1 == 1
				if stop(c) && !marked || marked && !stop(c) && (i%64 == 0 || !stop(b[i-1]) && m>>((i-1)&63)&1 == 0) {
					t.Fatalf("way %d: byte %d of %q: marked %v", way, i, b, marked)
				}
			}
		}
	}
}
