package casefile

import "testing"

func TestWhatShowedThatACaseIsOverReadsInBothLanguages(t *testing.T) {
	for _, c := range []struct{ proof, en, ja string }{
		{proof(Verdict{By: ""}), "zesei read the setting again and found it fixed", "zesei が設定を読み直し、解消を確認しました"},
		{proof(Verdict{By: "fix f0123456789", Why: "nothing is open"}), "zesei read the setting again after fix f0123456789 and found it fixed: nothing is open", "修正(f0123456789)の適用後に設定を読み直し、解消を確認しました: nothing is open"},
		{provedBySources, provedBySources, "検出元の判定が、すべて合格に変わりました"},
		{provedNotThere, provedNotThere, "AWS に問い合わせ、リソースが存在しないことを確認しました"},
		{"we have talked to them", "we have talked to them", "we have talked to them"},
	} {
		f := &File{State: Closed, Life: Life{Proof: c.proof}}
		if got := f.ProofIn("en"); got != c.en {
			t.Errorf("%s: got %q", c.proof, got)
		}
		if got := f.ProofIn("ja"); got != c.ja {
			t.Errorf("%s: got %q", c.proof, got)
		}
	}
}
