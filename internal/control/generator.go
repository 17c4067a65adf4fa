package control

import "strings"

// consolidated heads the GeneratorId of a consolidated control finding.
const consolidated = "security-control/"

// ByGenerator finds the control that a finding's GeneratorId names, and our id
// of the standard that made it ("" for a consolidated finding). It reads
// security-control/EC2.19, <standard>/v/<version>/<the standard's id for the
// control>, CIS 1.2's arn:…:ruleset/…/rule/4.1, and the same with an ARN's
// head in any partition. A form or version that is not known is not guessed.
//
// Source: Security Hub user guide, "Consolidation impact on control findings".
// Where AWS gives no table (NIST 800-53, PCI 4.0.1, CIS 3.0 and 5.0, resource
// tagging) the id after the version is read as a control id, or as a
// requirement number that exactly one control of the standard has.
func (c *Catalogue) ByGenerator(generatorID string) (found *Control, standard string, ok bool) {
	path, ok := standardPath(generatorID)
	if !ok {
		return nil, "", false
	}
	path, _, _ = cutFold(path, "/finding/")
	if rest, ok := cutPrefixFold(path, consolidated); ok {
		found, ok = c.Lookup(rest)
		return found, "", ok
	}
	for _, s := range standards {
		rest, ok := cutPrefixFold(path, s.path+"/")
		if !ok {
			continue
		}
		rest = strings.TrimPrefix(rest, "rule/")
		if found, ok = c.ByStandardID(s.ID, rest); ok {
			return found, s.ID, true
		}
		return nil, "", false
	}
	return nil, "", false
}

// ByStandardID finds a control by the id that a standard gives it
// ("pci-dss-3.2.1", "PCI.EC2.5"; "cis-1.4", "2.1.5.2"). The control's own id
// serves in every standard. In CIS a requirement number serves too, where one
// control alone has it.
func (c *Catalogue) ByStandardID(standard, id string) (*Control, bool) {
	s, ok := StandardByID(standard)
	if !ok {
		return nil, false
	}
	if found, ok := c.standardID[StandardID{s.ID, fold(id)}]; ok {
		return found, found != nil
	}
	return c.Lookup(id)
}

// legacyGeneratorIDs are the documented GeneratorId values of a control while
// consolidation is off.
func legacyGeneratorIDs(c *Control) []string {
	var ids []string
	for _, s := range standards {
		own := c.ownIDs(s.ID)
		switch s.ID {
		case "cis-1.2":
			for _, id := range own {
				ids = append(ids, "arn:aws:securityhub:::ruleset/"+s.path+"/rule/"+id)
			}
		case "cis-1.4", "pci-dss-3.2.1":
			for _, id := range own {
				ids = append(ids, s.path+"/"+id)
			}
		case "fsbp", "service-managed-ct":
			if _, member := c.Standards[s.ID]; !member {
				continue
			}
			if len(own) == 0 {
				own = []string{c.ID}
			}
			for _, id := range own {
				ids = append(ids, s.path+"/"+id)
			}
		}
	}
	return ids
}

// ownIDs are the ids that a standard gives to the control instead of its own.
func (c *Control) ownIDs(standard string) []string {
	var ids []string
	for _, s := range c.StandardIDs {
		if s.Standard == standard {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func cutPrefixFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func cutFold(s, sep string) (before, after string, found bool) {
	for i := 0; i+len(sep) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(sep)], sep) {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}
