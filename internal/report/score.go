package report

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"zesei/internal/control"
	"zesei/internal/store"
)

// ControlStatus is the status of a control over all its findings.
type ControlStatus string

// The statuses of a control (Security Hub user guide, "Evaluating compliance
// status and control status").
const (
	Passed   ControlStatus = "PASSED"
	Failed   ControlStatus = "FAILED"
	Unknown  ControlStatus = "UNKNOWN"
	NoData   ControlStatus = "NO_DATA"
	Disabled ControlStatus = "DISABLED"
)

// Statuses are all of them, what lowers a score first.
var Statuses = []ControlStatus{Failed, Unknown, Passed, NoData, Disabled}

// Score is the security score of one standard, or of all controls together.
type Score struct {
	Standard string `json:"standard"` // our id; "all" for all standards
	Title    string `json:"title"`
	// Score is in percent; nil where no control has data.
	Score    *int `json:"score"`
	Passed   int  `json:"passed"` // controls
	Failed   int  `json:"failed"`
	Unknown  int  `json:"unknown"`
	NoData   int  `json:"no_data"`
	Disabled int  `json:"disabled"`
	// Before is the score that was kept of an earlier day; nil: none.
	Before *Kept `json:"before,omitempty"`
	// Controls explain the score, in natural order.
	Controls []ControlScore `json:"controls"`
}

// Kept is a score out of the history.
type Kept struct {
	Day   store.Day `json:"day"`
	Score int       `json:"score"`
}

// Change is how many points the score has risen since Before; ok is false where
// one of the two is not known.
func (s Score) Change() (points int, ok bool) {
	if s.Before == nil || s.Score == nil {
		return 0, false
	}
	return *s.Score - s.Before.Score, true
}

// ControlScore is what a control contributes to a score, and why. The numbers
// count findings.
type ControlScore struct {
	Control  string        `json:"control"`
	Title    string        `json:"title,omitempty"`
	Severity string        `json:"severity,omitempty"` // the catalogue's
	Status   ControlStatus `json:"status"`
	Passed   int           `json:"passed"`
	Failed   int           `json:"failed"`
	Unknown  int           `json:"unknown"` // WARNING and NOT_AVAILABLE
	LeftOut  int           `json:"left_out"`
	Why      string        `json:"why"`
}

// AllStandards is Score.Standard of the score over all controls, each counted
// once.
const AllStandards = "all"

// Percent is the score as Security Hub rounds it: passed controls among those
// with data, to the nearest whole number; ok is false where there are none.
// https://docs.aws.amazon.com/securityhub/latest/userguide/standards-security-score.html
func Percent(passed, failed, unknown int) (percent int, ok bool) {
	n := passed + failed + unknown
	if n == 0 {
		return 0, false
	}
	return int(math.Round(100 * float64(passed) / float64(n))), true
}

// tally is what findings say of one control.
type tally struct{ passed, failed, other, ignored int }

func (t *tally) add(s statements) {
	switch {
	case s.ignored:
		t.ignored += s.n
	case s.status == "FAILED":
		t.failed += s.n
	case s.status == "PASSED":
		t.passed += s.n
	default:
		t.other += s.n
	}
}

// status is the order of Security Hub's tests: suppressed findings do not
// count, one failed finding fails the control, one that cannot tell makes it
// unknown.
func (t tally) status() ControlStatus {
	switch {
	case t.failed > 0:
		return Failed
	case t.other > 0:
		return Unknown
	case t.passed > 0:
		return Passed
	}
	return NoData
}

// ScoreOf asks for scores.
type ScoreOf struct {
	Accounts []string // none: all
	Owner    string   // "": all
	// OwnerOf says whose an account is: a pass without a case has no owner of its
	// own. Needed with Owner.
	OwnerOf func(account string) string
	// Catalogue adds the controls of a standard of which nothing is known, and the
	// titles; nil: neither.
	Catalogue *control.Catalogue
	// Switched are the controls that were disabled through zesei.
	Switched []store.ControlChange
	Language string
}

// Scores computes the score of each standard that findings belong to, and of all
// controls together (last), from what Security Hub has said; accounts narrows to
// some (none: all). Findings that are suppressed there or by the policy, or that
// stand under an exception, are left out, as Security Hub does.
func Scores(ctx context.Context, q store.Querier, accounts []string, language string) ([]Score, error) {
	return ScoresOf(ctx, q, ScoreOf{Accounts: accounts, Language: language})
}

// ScoresOf is Scores of a part, with every control that has a place in it.
func ScoresOf(ctx context.Context, q store.Querier, of ScoreOf) ([]Score, error) {
	all, err := countStatements(ctx, q, of)
	if err != nil {
		return nil, err
	}
	return scores(all, of), nil
}

// tallies are what findings say, by standard and control. The standard
// AllStandards holds what any standard holds.
type tallies map[string]map[string]tally

func (t tallies) add(s statements) {
	if t[AllStandards] == nil {
		t[AllStandards] = map[string]tally{}
	}
	if len(s.standards) == 0 {
		return // of no enabled standard
	}
	for _, standard := range append([]string{AllStandards}, s.standards...) {
		if t[standard] == nil {
			t[standard] = map[string]tally{}
		}
		one := t[standard][s.control]
		one.add(s)
		t[standard][s.control] = one
	}
}

// fill adds what a catalogue holds for the standards and nothing is known of.
func (t tallies) fill(cat *control.Catalogue) {
	if cat == nil {
		return
	}
	for _, c := range cat.All() {
		if !c.Active() {
			continue
		}
		for standard := range c.Standards {
			if _, seen := t[standard]; !seen {
				continue
			}
			for _, in := range []string{standard, AllStandards} {
				if _, known := t[in][c.ID]; !known {
					t[in][c.ID] = tally{}
				}
			}
		}
	}
}

func scores(all []statements, of ScoreOf) []Score {
	t := tallies{AllStandards: {}}
	for _, s := range all {
		t.add(s)
	}
	t.fill(of.Catalogue)
	switched := switchedOff(of)
	var out []Score
	for _, id := range slices.Sorted(maps.Keys(t)) {
		if id != AllStandards {
			out = append(out, score(id, t[id], switched[id], of))
		}
	}
	return append(out, score(AllStandards, t[AllStandards], switched[AllStandards], of))
}

// switchedOff are the accounts in which controls were disabled, with the last
// reason, by standard and control.
func switchedOff(of ScoreOf) map[string]map[string]*off {
	out := map[string]map[string]*off{}
	for _, c := range of.Switched {
		if len(of.Accounts) > 0 && !slices.Contains(of.Accounts, c.Account) || of.Owner != "" && of.OwnerOf(c.Account) != of.Owner {
			continue
		}
		for _, standard := range []string{c.Standard, AllStandards} {
			if out[standard] == nil {
				out[standard] = map[string]*off{}
			}
			o := out[standard][c.Control]
			if o == nil {
				o = &off{accounts: map[string]bool{}}
				out[standard][c.Control] = o
			}
			o.accounts[c.Account], o.reason = true, c.Reason
		}
	}
	return out
}

type off struct {
	accounts map[string]bool
	reason   string
}

func score(id string, controls map[string]tally, switched map[string]*off, of ScoreOf) Score {
	s := Score{Standard: id, Title: standardTitle(id, of.Language), Controls: []ControlScore{}}
	for _, id := range slices.SortedFunc(maps.Keys(controls), control.Compare) {
		t := controls[id]
		c := ControlScore{Control: id, Status: t.status(), Passed: t.passed, Failed: t.failed, Unknown: t.other, LeftOut: t.ignored}
		if of.Catalogue != nil {
			if known, ok := of.Catalogue.Lookup(id); ok {
				c.Title, c.Severity = known.Title.In(of.Language), known.Severity
			}
		}
		c.Why = t.why(of.Language)
		// Findings that are still there speak before the switch does: they are
		// archived three to five days after it.
		if o := switched[id]; o != nil && t == (tally{}) {
			c.Status = Disabled
			c.Why = say(of.Language, "disabled in %[3]s: %[2]s", "%[1]d アカウントで無効化されています: %[2]s", len(o.accounts), o.reason, counted(len(o.accounts), "account", "accounts"))
		}
		s.Controls = append(s.Controls, c)
		*map[ControlStatus]*int{Passed: &s.Passed, Failed: &s.Failed, Unknown: &s.Unknown, NoData: &s.NoData, Disabled: &s.Disabled}[c.Status]++
	}
	if p, ok := Percent(s.Passed, s.Failed, s.Unknown); ok {
		s.Score = &p
	}
	return s
}

// why says in words what makes the status.
func (t tally) why(language string) string {
	n := t.passed + t.failed + t.other
	out, of := "", counted(n, "finding", "findings")
	switch t.status() {
	case Failed:
		out = say(language, "%[1]d of %[3]s %[4]s", "%[2]d 件中 %[1]d 件が失敗しています", t.failed, n, of, map[bool]string{true: "fails", false: "fail"}[t.failed == 1])
	case Unknown:
		out = say(language, "%[1]d of %[3]s cannot tell (WARNING or NOT_AVAILABLE)", "%[2]d 件中 %[1]d 件が判定できていません(WARNING または NOT_AVAILABLE)", t.other, n, of)
	case Passed:
		out = say(language, "%[2]s, and none fails", "%[1]d 件の検出結果に失敗はありません", n, of)
	default:
		if t.ignored > 0 {
			return say(language, "%[2]s, suppressed or accepted", "%[1]d 件すべてが抑制または受容されています", t.ignored, counted(t.ignored, "finding", "findings"))
		}
		return say(language, "no finding of it was taken in", "検出結果がありません")
	}
	if t.ignored > 0 {
		out += say(language, "; %d more suppressed or accepted", "(ほか %d 件は抑制または受容)", t.ignored)
	}
	return out
}

// With lists the controls of a status in natural order.
func (s Score) With(status ControlStatus) []string {
	var ids []string
	for _, c := range s.Controls {
		if c.Status == status {
			ids = append(ids, c.Control)
		}
	}
	return ids
}

// counted is a number of things in English: "1 finding", "2 findings".
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// say writes a sentence in a language.
func say(language, en, ja string, args ...any) string {
	text := control.Text{EN: en, JA: ja}.In(language)
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

func standardTitle(id, language string) string {
	if s, ok := control.StandardByID(id); ok {
		return s.Title.In(language)
	}
	if id == AllStandards {
		return say(language, "All standards, each control once", "全基準(各コントロールを 1 回だけ数える)")
	}
	return id
}
