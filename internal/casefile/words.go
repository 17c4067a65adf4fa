package casefile

import "strings"

// What casefile itself says of a case that is over, in the words of the audit
// chain, and for people who read Japanese.
const (
	provedBySources  = "every source that failed it now passes"
	provedArchived   = "the source archived it"
	provedGone       = "the source archived it: the resource no longer exists"
	provedNotThere   = "AWS answers that the resource does not exist"
	provedUnreadable = "no active source fails it, and we cannot read it"
)

var provedJA = map[string]string{
	provedBySources: "検出元の判定が、すべて合格に変わりました",
	provedArchived:  "検出元でアーカイブされました",
	provedGone:      "リソースがなくなり、検出元でアーカイブされました",
	provedNotThere:  "AWS に問い合わせ、リソースが存在しないことを確認しました",
}

// ProofIn is what showed that a case is over, for people: in language ("ja",
// else English), without the time, which stands beside it. What the check itself
// said, and words of a person, stay as they are. The whole proof is in the audit
// chain.
func (f *File) ProofIn(language string) string {
	p, ja := f.Life.Proof, language == "ja"
	if rest, checked := strings.CutPrefix(p, checkedLive); checked {
		by, after, _ := strings.Cut(rest, " at ")
		_, said, more := strings.Cut(after, ": ")
		fix, fixed := strings.CutPrefix(by, "fix ")
		p = "zesei read the setting again and found it fixed"
		switch {
		case fixed && ja:
			p = "修正(" + fix + ")の適用後に設定を読み直し、解消を確認しました"
		case fixed:
			p = "zesei read the setting again after fix " + fix + " and found it fixed"
		case ja:
			p = "zesei が設定を読み直し、解消を確認しました"
		}
		if more {
			p += ": " + said
		}
		return p
	}
	switch {
	case ja && strings.HasPrefix(p, provedUnreadable):
		return "失敗と判定している検出元がなくなりました(設定は読み取れないため、zesei では確認していません)"
	case ja && provedJA[p] != "":
		return provedJA[p]
	}
	return p
}
