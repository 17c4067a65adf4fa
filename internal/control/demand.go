package control

// Demand is the title of a control for texts that tell of its failure: what must
// hold. Titles state what holds where the control passes; a Japanese one ends in a
// plain form, and would read as if nothing were wrong without こと
// ("…が有効になっていること").
func (t Text) Demand() Text {
	if t.JA != "" {
		t.JA += "こと"
	}
	return t
}
