package traffic

import (
	"fmt"
	"slices"
)

// DefaultQuota is the number of rules that a security group may hold in each
// direction, counted for IPv4 and IPv6 apart.
// Source: Amazon VPC User Guide, "Amazon VPC quotas", inbound or outbound rules
// per security group.
const DefaultQuota = 60

// Op is one call: rules to add, or rules to remove, never both. EC2 carries out
// each call as a whole or not at all.
type Op struct {
	Add    []Rule
	Remove []Rule
}

// QuotaError says that a change would need more rules than the group may hold.
type QuotaError struct {
	Family Family
	Need   int // rules that the group would hold at the fullest moment
	Quota  int
}

func (e *QuotaError) Error() string {
	return fmt.Sprintf("the change needs %d %s rules at once, the group may hold %d", e.Need, e.Family, e.Quota)
}

// Order arranges adding `add` and removing `remove` (both of one direction) so
// that at every moment between two calls the group lets through at least what is
// let through both before and after, and never holds more than quota rules of a
// family. have is every rule that the group holds in that direction.
//
// Rules that the others cover, as far as what is to stay of them goes, are
// removed first, so that what can be closed at once is. Then everything is added
// and the rest removed, if there is room for all of it. In a fuller group parts
// are added little by little, those first that need the least room, and each rule
// is removed as soon as it is covered. Where even that does not fit, *QuotaError
// tells.
//
// A group that holds more than quota already has a raised quota that nobody told
// us: the present number is then taken.
func Order(have, remove, add []Rule, quota int) ([]Op, error) {
	o := ordering{now: slices.Clone(have), add: unique(add, have), quota: map[Family]int{}}
	for _, f := range []Family{IPv4, IPv6} {
		o.quota[f] = max(quota, count(have, f))
	}
	o.known = protocolsOf(have, add)
	o.final = of(slices.Concat(without(have, remove), o.add), o.known)

	var pending []Rule
	for _, r := range remove {
		if o.covered(r) {
			o.drop(r)
		} else {
			pending = append(pending, r)
		}
	}
	if o.room(o.add) != nil {
		var err error
		if pending, err = o.squeeze(pending); err != nil {
			return nil, err
		}
	}
	if err := o.room(o.add); err != nil {
		return nil, err
	}
	o.take(slices.Clone(o.add))
	o.drop(pending...)
	return o.ops, nil
}

// squeeze removes and adds by turns until there is room for everything that is
// still to be added; it returns what is then still to be removed.
func (o *ordering) squeeze(pending []Rule) ([]Rule, error) {
	for len(pending) > 0 && o.room(o.add) != nil {
		best, parts, refused := -1, []Rule(nil), (*QuotaError)(nil)
		for i, r := range pending {
			missing := o.missing(r)
			if err := o.room(missing); err != nil {
				if refused == nil || err.Need < refused.Need {
					refused = err
				}
				continue
			}
			if best < 0 || len(missing) < len(parts) {
				best, parts = i, missing
			}
			if len(parts) == 0 {
				break // nothing can need less room
			}
		}
		if best < 0 {
			return nil, refused
		}
		o.take(parts)
		o.drop(pending[best])
		pending = slices.Delete(pending, best, best+1)
	}
	return pending, nil
}

type ordering struct {
	now, add []Rule // rules that stand, rules still to be added
	known    map[string]bool
	final    Set
	quota    map[Family]int
	ops      []Op
}

// covered says whether the other rules let through all of r that is to stay.
func (o *ordering) covered(r Rule) bool {
	var others []Rule // of the same source: no other can cover it
	for _, n := range o.now {
		if n.Source() == r.Source() && !n.Same(r) {
			others = append(others, n)
		}
	}
	return of([]Rule{r}, o.known).And(o.final).Within(of(others, o.known))
}

// missing returns the rules still to be added that must stand before r may go.
func (o *ordering) missing(r Rule) []Rule {
	if o.covered(r) {
		return nil
	}
	own := of([]Rule{r}, o.known)
	var out []Rule
	for _, a := range o.add {
		if a.Source() == r.Source() && !of([]Rule{a}, o.known).And(own).Empty() {
			out = append(out, a)
		}
	}
	return out
}

func (o *ordering) room(more []Rule) *QuotaError {
	for _, f := range []Family{IPv4, IPv6} {
		if n := count(more, f); n > 0 && count(o.now, f)+n > o.quota[f] {
			return &QuotaError{Family: f, Need: count(o.now, f) + n, Quota: o.quota[f]}
		}
	}
	return nil
}

func (o *ordering) take(rules []Rule) {
	if len(rules) == 0 {
		return
	}
	o.now = append(o.now, rules...)
	o.add = without(o.add, rules)
	if n := len(o.ops); n > 0 && o.ops[n-1].Add != nil {
		o.ops[n-1].Add = append(o.ops[n-1].Add, rules...)
		return
	}
	o.ops = append(o.ops, Op{Add: slices.Clone(rules)})
}

func (o *ordering) drop(rules ...Rule) {
	if len(rules) == 0 {
		return
	}
	o.now = without(o.now, rules)
	if n := len(o.ops); n > 0 && o.ops[n-1].Remove != nil {
		o.ops[n-1].Remove = append(o.ops[n-1].Remove, rules...)
		return
	}
	o.ops = append(o.ops, Op{Remove: slices.Clone(rules)})
}

// count is the number of rules that count against the family's quota: a group
// reference or prefix list counts in both. (AWS counts a prefix list with its
// maximum number of entries, which a rule does not tell; where that matters EC2
// refuses the addition, and nothing has been removed by then.)
func count(rules []Rule, f Family) int {
	n := 0
	for _, r := range rules {
		if rf := r.Family(); rf == f || rf == None {
			n++
		}
	}
	return n
}

func without(rules, gone []Rule) []Rule {
	specs := make(map[string]bool, len(gone))
	for _, r := range gone {
		specs[r.Spec()] = true
	}
	var out []Rule
	for _, r := range rules {
		if !specs[r.Spec()] {
			out = append(out, r)
		}
	}
	return out
}

// unique drops rules that occur twice or already stand: EC2 refuses duplicates.
func unique(add, have []Rule) []Rule {
	seen := make(map[string]bool, len(have)+len(add))
	for _, r := range have {
		seen[r.Spec()] = true
	}
	var out []Rule
	for _, r := range add {
		if spec := r.Spec(); !seen[spec] {
			seen[spec] = true
			out = append(out, r)
		}
	}
	return out
}
