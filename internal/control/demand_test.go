package control

import (
	"strings"
	"testing"
)

// A title that ends in a noun would not take こと.
func TestEveryJapaneseTitleCanBeReadAsADemand(t *testing.T) {
	cat, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cat.All() {
		if ja := c.Title.JA; !strings.HasSuffix(ja, "る") && !strings.HasSuffix(ja, "い") {
			t.Errorf("%s: %q ends in no plain form", c.ID, ja)
		}
		if got := c.Title.Demand(); got.EN != "required: "+c.Title.EN || got.JA != c.Title.JA+"こと" {
			t.Errorf("%s: %+v", c.ID, got)
		}
	}
}
