package controlstate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"zesei/internal/control"
)

// Change is one item that stands otherwise than it is wanted.
type Change struct {
	Item
	Prior  Status `json:"prior"`
	Enable bool   `json:"enable"` // else: disable
	Reason string `json:"reason,omitempty"`
	Rule   string `json:"rule"`
}

// To is the state that the change leads to.
func (c Change) To() string {
	if c.Enable {
		return Enabled
	}
	return Disabled
}

// Plan is every change, in a fixed order, with what could not be read.
type Plan struct {
	Changes  []Change  `json:"changes"`
	Problems []Problem `json:"problems"`
	Items    int       `json:"items"`     // that were read
	Unchosen int       `json:"unmanaged"` // of which nobody says anything

	arns map[[2]string]string
	live map[Item]Status
}

// NewPlan compares how things stand with what is wanted. The reason alone is no
// difference: an item that is disabled already is left as it is.
func NewPlan(live *Live, want Desired) *Plan {
	p := &Plan{Changes: []Change{}, Problems: append([]Problem{}, live.Problems...), Items: len(live.Items), arns: live.arns, live: live.Items}
	for it, st := range live.Items {
		w, ok := want(it)
		if !ok {
			p.Unchosen++
			continue
		}
		if w.Enabled != st.Enabled {
			p.Changes = append(p.Changes, Change{it, st, w.Enabled, w.Reason, w.Rule})
		}
	}
	slices.SortFunc(p.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Standard, b.Standard), control.Compare(a.Control, b.Control))
	})
	return p
}

// Hash names exactly these changes from exactly this state.
func (p *Plan) Hash() string {
	b, err := json.Marshal(p.Changes)
	if err != nil {
		panic(fmt.Sprintf("controlstate: a plan that is no JSON: %v", err)) // text and flags only
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
