package control

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Catalogue holds every control. It is not changed after Load and is safe for
// use by several goroutines; callers must not change the controls in it.
type Catalogue struct {
	controls []*Control
	byID     map[string]*Control // key: id in lower case
	// standardID maps (standard, id in lower case). A nil control marks a
	// requirement number that several controls share.
	standardID map[StandardID]*Control
}

// Load builds the catalogue from the data compiled into the program. It fails
// only if that data contradicts itself: an id twice, or one standard's id
// claimed by two controls.
func Load() (*Catalogue, error) { return build(records[:]) }

func build(records []record) (*Catalogue, error) {
	c := &Catalogue{
		controls:   make([]*Control, 0, len(records)),
		byID:       make(map[string]*Control, len(records)),
		standardID: make(map[StandardID]*Control, len(records)/2),
	}
	for i := range records {
		one := records[i].control()
		key := fold(one.ID)
		if c.byID[key] != nil {
			return nil, fmt.Errorf("control catalogue: %s stands twice", one.ID)
		}
		c.byID[key] = one
		c.controls = append(c.controls, one)
		one.LegacyGeneratorIDs = legacyGeneratorIDs(one)
		for _, s := range one.StandardIDs {
			k := StandardID{s.Standard, fold(s.ID)}
			if other := c.standardID[k]; other != nil {
				return nil, fmt.Errorf("control catalogue: %s of %s is claimed by %s and %s", s.ID, s.Standard, other.ID, one.ID)
			}
			c.standardID[k] = one
		}
	}
	c.indexRequirements()
	slices.SortFunc(c.controls, func(a, b *Control) int { return Compare(a.ID, b.ID) })
	return c, nil
}

// indexRequirements lets a CIS requirement number stand for its control where
// the standard names it by nothing else. A number that an id already has keeps
// that meaning; one that two controls share means neither.
func (c *Catalogue) indexRequirements() {
	byNumber := map[StandardID]*Control{}
	for _, one := range c.controls {
		for standard, numbers := range one.Standards {
			if !strings.HasPrefix(standard, "cis-") || one.Retired {
				continue
			}
			for _, n := range numbers {
				k := StandardID{standard, fold(n)}
				if _, shared := byNumber[k]; shared {
					byNumber[k] = nil
				} else {
					byNumber[k] = one
				}
			}
		}
	}
	for k, one := range byNumber {
		if _, taken := c.standardID[k]; !taken {
			c.standardID[k] = one
		}
	}
}

// Lookup finds a control by its id in any letter case: "s3.8", "AUTOSCALING.5".
func (c *Catalogue) Lookup(id string) (*Control, bool) {
	found, ok := c.byID[fold(strings.TrimSpace(id))]
	return found, ok
}

// All returns every control in natural order: S3.2 before S3.10.
func (c *Catalogue) All() []*Control { return slices.Clone(c.controls) }

// Match returns the controls whose id a pattern covers, in natural order and
// in any letter case: an exact id, or a glob as in "S3.*", "EC2.1?" or "*". A
// malformed pattern covers nothing.
func (c *Catalogue) Match(glob string) []*Control {
	glob = fold(strings.TrimSpace(glob))
	if one, ok := c.byID[glob]; ok {
		return []*Control{one}
	}
	var found []*Control
	for _, one := range c.controls {
		if ok, err := path.Match(glob, fold(one.ID)); err == nil && ok {
			found = append(found, one)
		}
	}
	return found
}

// Nearest returns the id most like a mistyped one, for "did you mean", or ""
// where nothing is near: at most two edits, and fewer than half its letters.
// Of equally near ids one of the same length wins: a letter is more often
// mistaken than left out.
func (c *Catalogue) Nearest(id string) string {
	id = fold(strings.TrimSpace(id))
	if len(id) > 64 {
		return ""
	}
	best, least := "", min(3, (len(id)+1)/2)
	for _, one := range c.controls {
		d := distance(id, fold(one.ID))
		if d < least || d == least && best != "" && len(best) != len(id) && len(one.ID) == len(id) {
			best, least = one.ID, d
		}
	}
	return best
}

// Compare orders control ids naturally: by service in any letter case, then by
// number.
func Compare(a, b string) int {
	as, an, _ := strings.Cut(a, ".")
	bs, bn, _ := strings.Cut(b, ".")
	if d := strings.Compare(fold(as), fold(bs)); d != 0 {
		return d
	}
	ai, aerr := strconv.Atoi(an)
	bi, berr := strconv.Atoi(bn)
	if aerr == nil && berr == nil && ai != bi {
		return ai - bi
	}
	if d := strings.Compare(fold(an), fold(bn)); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// fold is the form in which ids are compared: ids are ASCII, and AWS mixes
// their letter case (Autoscaling.5 beside AutoScaling.1).
func fold(id string) string { return strings.ToLower(id) }

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
