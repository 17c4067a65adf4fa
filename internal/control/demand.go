package control

// Demand is the title of a control for texts that tell of its failure: what must
// hold. Titles state what holds where the control passes, and would read as if
// nothing were wrong under an alarm: "required: Bucket has server access logging",
// "…が有効になっていること" (a Japanese title ends in a plain form).
func (t Text) Demand() Text {
	if t.EN != "" {
		t.EN = "required: " + t.EN
	}
	if t.JA != "" {
		t.JA += "こと"
	}
	return t
}
