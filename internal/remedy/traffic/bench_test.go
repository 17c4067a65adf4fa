package traffic

import (
	"fmt"
	"testing"
)

// A group whose quota was raised as far as it goes, every rule of it open to the
// world and overlapping its neighbours.
func BenchmarkNarrowAFullGroup(b *testing.B) {
	high, _ := BanOf("EC2.19", Params{})
	for _, n := range []int{60, 250, 1000} {
		var group []Rule
		for i := range n {
			group = append(group, Rule{ID: fmt.Sprint(i), Protocol: TCP, From: i, To: i + 5000, CIDR: "0.0.0.0/0"})
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				remove, add, _ := cutAll(group, high)
				if _, err := Order(group, remove, add, 100_000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
