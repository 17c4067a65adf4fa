package finding

import (
	"slices"
	"strings"
)

// control names the control that a state is about.
func (c *call) control(s *claim, who product) (ControlRef, *Error) {
	if !who.isSecurityHub() {
		return s.foreign(who)
	}
	if id := strings.TrimSpace(s.controlID); id != "" {
		if ref, ok := c.controls.Control(id); ok {
			return ref, nil
		}
		if isControlID(id) { // newer than the catalogue
			return ControlRef{ID: id, Scope: s.likelyScope()}, nil
		}
	}
	for _, name := range s.generators {
		if name == "" {
			continue
		}
		if ref, ok := c.controls.Generator(name); ok {
			return ref, nil
		}
	}
	for _, name := range s.generators {
		if name = name[strings.LastIndexByte(name, '/')+1:]; isControlID(name) {
			return ControlRef{ID: name, Scope: s.likelyScope()}, nil
		}
	}
	return ControlRef{}, wrong("Compliance.SecurityControlId", "%q, and GeneratorId %q names no control that the catalogue knows",
		clean(s.controlID, 64), clean(s.check, 128))
}

// foreign names the control of a product that is not Security Hub, whatever id
// of Security Hub's it claims.
func (s *claim) foreign(who product) (ControlRef, *Error) {
	if who.isAWS() && who.name == "config" && s.configRule != "" {
		return ControlRef{ID: "config/" + clean(s.configRule, 256), Scope: s.likelyScope()}, nil
	}
	if strings.TrimSpace(s.check) == "" {
		return ControlRef{}, wrong("GeneratorId", "missing; expected the name of the check")
	}
	return ControlRef{ID: who.foreignControl(s.check), Scope: s.likelyScope()}, nil
}

// namesControl says whether Security Hub's finding is one of a control's, which
// must have a status.
func (c *call) namesControl(s *claim) bool {
	if s.controlID != "" {
		return true
	}
	for _, name := range s.generators {
		if _, ok := c.controls.Generator(name); ok && name != "" {
			return true
		}
	}
	return false
}

// likelyScope is the scope of a control that is not in the catalogue.
func (s *claim) likelyScope() string {
	for _, r := range s.resources {
		if CloudFormationType(r.kind) != AccountType {
			return ScopeResource
		}
	}
	if len(s.resources) == 0 {
		return ScopeResource
	}
	return ScopeAccountRegion
}

// isControlID says whether s has the shape of a Security Hub control's id:
// letters and digits, a dot, a number.
func isControlID(s string) bool {
	service, number, ok := strings.Cut(s, ".")
	if !ok || service == "" || number == "" || len(s) > 64 {
		return false
	}
	letter := false
	for _, c := range []byte(service) {
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			letter = true
		} else if c < '0' || c > '9' {
			return false
		}
	}
	for _, c := range []byte(number) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return letter
}

// standardsOf notes the standards that the statement counts for.
func (c *call) standardsOf(s *claim, who product, control ControlRef, f *Finding) {
	if !who.isSecurityHub() {
		return
	}
	for _, name := range s.standards {
		if id, ok := c.controls.Standard(name); ok && !slices.Contains(f.Standards, id) {
			f.Standards = append(f.Standards, id)
		}
	}
	if control.Standard != "" && !slices.Contains(f.Standards, control.Standard) {
		f.Standards = append(f.Standards, control.Standard)
	}
	if len(f.Standards) == 0 {
		for _, name := range s.generators {
			if ref, ok := c.controls.Generator(name); ok && ref.Standard != "" {
				f.Standards = []string{ref.Standard}
				break
			}
		}
	}
	slices.Sort(f.Standards)
}
