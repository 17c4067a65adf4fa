package report

import (
	"context"
	"maps"
	"math"
	"slices"

	"zesei/internal/control"
	"zesei/internal/store"
)

// ControlStatus is the status of a control over all its findings.
type ControlStatus string

// The statuses of a control (Security Hub user guide, "Evaluating compliance
// status and control status").
const (
	Passed  ControlStatus = "PASSED"
	Failed  ControlStatus = "FAILED"
	Unknown ControlStatus = "UNKNOWN"
	NoData  ControlStatus = "NO_DATA"
)

// Score is the security score of one standard, or of all controls together.
type Score struct {
	Standard string `json:"standard"` // our id; "all" for all standards
	Title    string `json:"title"`
	// Score is in percent; nil where no control has data.
	Score    *int                     `json:"score"`
	Passed   int                      `json:"passed"`
	Failed   int                      `json:"failed"`
	Unknown  int                      `json:"unknown"`
	NoData   int                      `json:"no_data"`
	Controls map[string]ControlStatus `json:"controls"`
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

// Scores computes the score of each standard that findings belong to, and of all
// controls together (last), from what Security Hub has said; accounts narrows to
// some (none: all). Findings that are suppressed there or by the policy, or that
// stand under an exception, are left out, as Security Hub does.
func Scores(ctx context.Context, q store.Querier, accounts []string, language string) ([]Score, error) {
	all, err := countStatements(ctx, q, accounts)
	if err != nil {
		return nil, err
	}
	return scores(all, language), nil
}

func scores(all []statements, language string) []Score {
	byStandard := map[string]map[string]tally{AllStandards: {}}
	for _, s := range all {
		for _, standard := range append([]string{AllStandards}, s.standards...) {
			if standard == AllStandards && len(s.standards) == 0 {
				continue // of no enabled standard
			}
			if byStandard[standard] == nil {
				byStandard[standard] = map[string]tally{}
			}
			t := byStandard[standard][s.control]
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
			byStandard[standard][s.control] = t
		}
	}
	var out []Score
	for _, id := range slices.Sorted(maps.Keys(byStandard)) {
		if id != AllStandards {
			out = append(out, score(id, byStandard[id], language))
		}
	}
	return append(out, score(AllStandards, byStandard[AllStandards], language))
}

func score(id string, controls map[string]tally, language string) Score {
	s := Score{Standard: id, Title: standardTitle(id, language), Controls: map[string]ControlStatus{}}
	for control, t := range controls {
		st := t.status()
		s.Controls[control] = st
		switch st {
		case Passed:
			s.Passed++
		case Failed:
			s.Failed++
		case Unknown:
			s.Unknown++
		default:
			s.NoData++
		}
	}
	if p, ok := Percent(s.Passed, s.Failed, s.Unknown); ok {
		s.Score = &p
	}
	return s
}

// With lists the controls of a status in natural order.
func (s Score) With(status ControlStatus) []string {
	var ids []string
	for id, st := range s.Controls {
		if st == status {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, control.Compare)
	return ids
}

func standardTitle(id, language string) string {
	if s, ok := control.StandardByID(id); ok {
		return s.Title.In(language)
	}
	if id == AllStandards {
		return control.Text{EN: "All standards, each control once", JA: "全基準(各コントロールを 1 回だけ数える)"}.In(language)
	}
	return id
}
