package carryover

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// suppressions reads rules in the shape of awsfindingsmanager: a note, an action
// and what they match on. Conditions of one rule are joined by "and", the values
// of one condition by "or".
func (r *Reader) suppressions(source string, rules []any) error {
	for i, v := range rules {
		rule, _ := v.(object)
		item := fmt.Sprintf("rule %d", i+1)
		note := text(rule["note"])
		if note != "" {
			item += " (" + note + ")"
		}
		x, why := r.suppression(rule)
		if why != "" {
			r.Result.leave(source, item, "%s; without that it would suppress more", why)
			continue
		}
		x.Reason, x.From = note, source+" "+item
		if x.Reason == "" {
			x.Reason = "carried over from " + source
		}
		r.Result.Responses = append(r.Result.Responses, x)
	}
	return nil
}

func (r *Reader) suppression(rule object) (x Response, why string) {
	x.Do = "suppress"
	if action := strings.ToUpper(text(rule["action"])); action != "SUPPRESSED" {
		return x, fmt.Sprintf("the action %q is not SUPPRESSED", action)
	}
	on, _ := rule["match_on"].(object)
	var when []string
	for _, key := range columnsOf([]object{on}) {
		v := on[key]
		var condition string
		switch key {
		case "security_control_id", "rule_or_control_id":
			for _, id := range texts(v) {
				c, ok := r.Catalogue.Lookup(id)
				if !ok {
					return x, fmt.Sprintf("no control %q is known", id)
				}
				x.Controls = append(x.Controls, c.ID)
			}
		case "tags":
			condition, why = tagCondition(v)
		case "resource_id_regexps":
			condition, why = matches(texts(v))
		case "regions":
			why = "a policy knows no Regions (" + strings.Join(texts(v), ", ") + ")"
		default:
			why = fmt.Sprintf("a policy cannot match on %s (%s)", key, text(v))
		}
		if why != "" {
			return x, why
		}
		if condition != "" {
			when = append(when, condition)
		}
	}
	if len(x.Controls) == 0 {
		return x, "it names no control"
	}
	x.When = strings.Join(when, " && ")
	return x, ""
}

// matches says that the resource matches any of some regular expressions.
// Python's and CEL's (RE2) differ: what RE2 does not know is refused, and one
// without an anchor begins where the ARN does.
func matches(list []string) (condition, why string) {
	if len(list) == 0 {
		return "", "it has an empty list of resources"
	}
	var parts []string
	for _, re := range list {
		if _, err := regexp.Compile(re); err != nil {
			return "", fmt.Sprintf("the expression %q cannot be used here (%v)", re, err)
		}
		if strings.HasPrefix(re, "^") && !strings.HasPrefix(re, "^arn") && !strings.HasPrefix(re, "^.") && !strings.HasPrefix(re, "^(") {
			return "", fmt.Sprintf("the expression %q matches no ARN, and resources are known by ARN here", re)
		}
		if !strings.HasPrefix(re, "^") {
			re = "^(?:" + re + ")"
		}
		parts = append(parts, "resource.id.matches("+literal(re)+")")
	}
	return either(parts), ""
}

// tagCondition joins the values of one key by "or" and keys by "and".
func tagCondition(v any) (condition, why string) {
	list, _ := v.([]any)
	byKey := map[string][]string{}
	for _, one := range list {
		o, _ := one.(object)
		key, value := text(o["key"]), text(o["value"])
		if key == "" {
			return "", "a tag has no key"
		}
		byKey[key] = append(byKey[key], tagIs(key, value))
	}
	if len(byKey) == 0 {
		return "", "it has an empty list of tags"
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		parts = append(parts, either(byKey[key]))
	}
	return strings.Join(parts, " && "), ""
}

func tagIs(key, value string) string {
	return fmt.Sprintf("(%s in resource.tags && resource.tags[%[1]s] == %s)", literal(key), literal(value))
}

func either(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(slices.Compact(parts), " || ") + ")"
}

// literal is text as a CEL string literal.
func literal(s string) string {
	q := strconv.QuoteToASCII(strings.ToValidUTF8(s, "\ufffd"))
	return q // CEL knows every escape that Go writes
}
