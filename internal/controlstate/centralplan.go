package controlstate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zesei/internal/awscloud"
	"zesei/internal/control"
)

// CentralPlan is every change of every configuration policy, in a fixed order,
// with what could not be read and what cannot be had by a policy.
type CentralPlan struct {
	Administrator string       `json:"administrator"`
	Home          string       `json:"home_region"`
	Policies      []PolicyPlan `json:"policies"` // that are to be changed
	Problems      []Problem    `json:"problems"`
	Notes         []string     `json:"notes"`
	Controls      int          `json:"controls"`  // of policies, that were read
	Unchosen      int          `json:"unmanaged"` // of which nobody says anything

	central *Central
}

// PolicyPlan is what is to be changed in one configuration policy.
type PolicyPlan struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	AllowList bool           `json:"allow_list"` // it lists what is enabled
	UpdatedAt time.Time      `json:"updated_at"` // before
	Content   string         `json:"content"`    // hash of all that it says, before
	Accounts  []string       `json:"accounts"`
	Standards []string       `json:"standards"`
	Changes   []PolicyChange `json:"changes"`

	policy *ConfigurationPolicy
}

// PolicyChange is one control that stands otherwise in a policy than it is wanted
// for all that the policy governs.
type PolicyChange struct {
	Control   string   `json:"control"`
	Enable    bool     `json:"enable"` // else: disable
	Standards []string `json:"standards"`
	Reason    string   `json:"reason,omitempty"`
	Rule      string   `json:"rule"`
}

// To is the state that the change leads to.
func (c PolicyChange) To() string { return Change{Enable: c.Enable}.To() }

// From is the state that it is in.
func (c PolicyChange) From() string { return Change{Enable: !c.Enable}.To() }

// Count is how many changes there are.
func (p *CentralPlan) Count() int {
	n := 0
	for _, one := range p.Policies {
		n += len(one.Changes)
	}
	return n
}

// Hash names exactly these changes of exactly these policies for exactly these
// accounts.
func (p *CentralPlan) Hash() string {
	b, err := json.Marshal(p.Policies)
	if err != nil {
		panic(fmt.Sprintf("controlstate: a plan that is no JSON: %v", err)) // text and flags only
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// NewCentralPlan compares the policies with what is wanted. A control is switched
// in a policy only where that is wanted for every account, standard and Region
// that the policy governs; where it is wanted for some, it is a Problem that names
// them, and stays. known says whether an account is in the configuration: nothing
// is taken to be wanted for one that is not. only narrows it to policies, by name
// or id.
func NewCentralPlan(c *Central, want Wanted, known func(account string) bool, only []string) *CentralPlan {
	out := &CentralPlan{Administrator: c.Administrator, Home: c.Home, Policies: []PolicyPlan{}, central: c,
		Problems: append(append([]Problem{}, c.Problems...), c.failing...), Notes: append(append([]string{}, c.Notes...), c.pending...)}
	for _, p := range c.Policies {
		if len(only) > 0 && !slices.Contains(only, p.Name) && !slices.Contains(only, p.ID) || !p.changeable {
			continue
		}
		switch {
		case p.off():
			out.Notes = append(out.Notes, "configuration policy "+p.Name+" turns Security Hub off: it has no controls")
			continue
		case len(p.Accounts) == 0:
			out.Notes = append(out.Notes, "configuration policy "+p.Name+" governs no account: it is left as it is")
			continue
		}
		q := asker{central: c, policy: p, want: want.Of, known: known, regions: c.regions(want.Regions)}
		one := PolicyPlan{ID: p.ID, Name: p.Name, AllowList: p.AllowList, UpdatedAt: p.UpdatedAt, Content: content(p.body), Accounts: p.Accounts, Standards: p.Standards, policy: p}
		for _, id := range slices.SortedFunc(maps.Keys(p.held), control.Compare) {
			out.Controls++
			a := q.ask(id)
			switch {
			case a.said == 0:
				out.Unchosen++
			case !a.wantsChange(p.Enabled[id]):
			case a.unanimous():
				one.Changes = append(one.Changes, PolicyChange{id, !p.Enabled[id], p.held[id], a.words(func(w Want) string { return w.Reason }), a.words(func(w Want) string { return w.Rule })})
			default:
				out.Problems = append(out.Problems, q.conflict(id))
			}
		}
		if body := p.with(one.Changes); p.AllowList && len(body.SecurityControlsConfiguration.EnabledSecurityControlIdentifiers) == 0 && len(one.Changes) > 0 {
			out.Problems = append(out.Problems, Problem{Target: c.target(), Policy: p.Name, Kind: awscloud.Conflict,
				Why: "no control would be left on its list of those that are enabled; the policy is left as it is: turn the standards off, or list what is disabled instead"})
			continue
		}
		if len(one.Changes) > 0 {
			out.Policies = append(out.Policies, one)
		}
	}
	sortProblems(out.Problems)
	return out
}

// asker asks what is wanted of a control for all that a policy governs.
type asker struct {
	central *Central
	policy  *ConfigurationPolicy
	want    Desired
	known   func(string) bool
	regions []string
}

// each goes over all that a control is wanted or not wanted for.
func (q asker) each(id string, f func(it Item, w Want, said bool)) {
	for _, account := range q.policy.Accounts {
		known := q.known(account)
		for _, standard := range q.policy.held[id] {
			for _, region := range q.regions {
				it := Item{account, region, standard, id}
				if !known {
					f(it, Want{}, false)
					continue
				}
				w, said := q.want(it)
				f(it, w, said)
			}
		}
	}
}

// answers are what is wanted of a control.
type answers struct {
	all, said, on int
	wants         []Want // that differ
}

func (q asker) ask(id string) answers {
	var a answers
	q.each(id, func(_ Item, w Want, said bool) {
		a.all++
		if !said {
			return
		}
		a.said++
		if w.Enabled {
			a.on++
		}
		if !slices.Contains(a.wants, w) {
			a.wants = append(a.wants, w)
		}
	})
	return a
}

func (a answers) wantsChange(enabled bool) bool {
	if enabled {
		return a.said > a.on
	}
	return a.on > 0
}

func (a answers) unanimous() bool { return a.said == a.all && (a.on == 0 || a.on == a.all) }

func (a answers) words(of func(Want) string) string {
	var list []string
	for _, w := range a.wants {
		if s := of(w); s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return strings.Join(list, "; ")
}

// conflict says who wants what of a control that a policy can only switch for all.
func (q asker) conflict(id string) Problem {
	p := q.policy
	groups := map[string]map[string][]string{} // wish, then standard and Region, to accounts
	q.each(id, func(it Item, w Want, said bool) {
		wish := "left as it is"
		switch {
		case !q.known(it.Account):
			wish = "not in the configuration (accounts:), so left as it is"
		case said:
			wish = Change{Enable: w.Enabled}.To() + " is wanted"
		}
		place := it.Standard
		if len(q.regions) > 1 {
			place += " in " + it.Region
		}
		if groups[wish] == nil {
			groups[wish] = map[string][]string{}
		}
		groups[wish][place] = append(groups[wish][place], it.Account)
	})
	var parts []string
	for _, wish := range slices.Sorted(maps.Keys(groups)) {
		parts = append(parts, wish+": "+spelled(groups[wish], p.Accounts))
	}
	return Problem{Target: q.central.target(), Policy: p.Name, Control: id, Kind: awscloud.Conflict,
		Why: fmt.Sprintf("it stays %s, since a policy switches it for all alike, and that is not wanted. %s. Split the policy, or make accounts self-managed and use `zesei control plan` without --central for them",
			Change{Enable: p.Enabled[id]}.To(), strings.Join(parts, "; "))}
}

// spelled writes who is meant: standards that concern the same accounts together.
func spelled(byPlace map[string][]string, all []string) string {
	type group struct {
		who    string
		places []string
	}
	byAccounts := map[string]*group{}
	var out []*group
	for _, place := range slices.Sorted(maps.Keys(byPlace)) {
		accounts := byPlace[place]
		key := strings.Join(accounts, ",")
		g := byAccounts[key]
		if g == nil {
			g = &group{who: "account " + few(accounts)}
			switch {
			case len(accounts) == len(all) && len(all) > 1:
				g.who = fmt.Sprintf("all %d accounts", len(all))
			case len(accounts) > 1:
				g.who = "accounts " + few(accounts)
			}
			byAccounts[key] = g
			out = append(out, g)
		}
		g.places = append(g.places, place)
	}
	parts := make([]string, len(out))
	for i, g := range out {
		parts[i] = strings.Join(g.places, ", ") + " (" + g.who + ")"
	}
	return strings.Join(parts, ", ")
}
