package carryover

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zesei/internal/finding"
)

// automation reads Security Hub automation rules as BatchGetAutomationRules
// answers. Rules that suppress become responses; rules that set the severity of
// named controls become entries of controls. The order is RuleOrder.
func (r *Reader) automation(source string, root any) error {
	o, _ := root.(object)
	if list, ok := o["AutomationRulesMetadata"].([]any); ok {
		return fmt.Errorf("%s: these are only the names of %d rules: give what `aws securityhub batch-get-automation-rules` answers, which has their criteria", source, len(list))
	}
	if list, ok := o["UnprocessedAutomationRules"].([]any); ok && len(list) > 0 {
		r.Result.leave(source, fmt.Sprintf("%d rules", len(list)), "Security Hub did not give them (UnprocessedAutomationRules)")
	}
	rules := slices.Clone(rulesOf(root))
	order := func(v any) int {
		rule, _ := v.(object)
		n, _ := strconv.Atoi(text(rule["RuleOrder"]))
		return n
	}
	slices.SortStableFunc(rules, func(a, b any) int { return cmp.Compare(order(a), order(b)) })
	for _, v := range rules {
		rule, _ := v.(object)
		r.automationRule(source, rule)
	}
	return nil
}

func (r *Reader) automationRule(source string, rule object) {
	name := cmp.Or(text(rule["RuleName"]), text(rule["RuleArn"]), "a rule without a name")
	if s := text(rule["RuleStatus"]); s != "" && s != "ENABLED" {
		r.Result.leave(source, name, "it is %s", s)
		return
	}
	criteria, _ := rule["Criteria"].(object)
	x, why := r.criteria(criteria)
	if why != "" {
		r.Result.leave(source, name, "%s; without that it would match more", why)
		return
	}
	actions, _ := rule["Actions"].([]any)
	if len(actions) == 0 {
		r.Result.leave(source, name, "it has no action")
	}
	for _, v := range actions {
		action, _ := v.(object)
		update, _ := action["FindingFieldsUpdate"].(object)
		r.update(source, name, text(rule["Description"]), update, x)
	}
}

// update carries over what an action changes.
func (r *Reader) update(source, name, description string, update object, x Response) {
	note, _ := update["Note"].(object)
	x.Reason, x.From = cmp.Or(text(note["Text"]), description, name), source+" "+name
	for _, key := range columnsOf([]object{update}) {
		v, _ := update[key].(object)
		switch key {
		case "Note": // the reason
		case "Workflow":
			if s := text(v["Status"]); s != "SUPPRESSED" {
				r.Result.leave(source, name, "it sets the workflow to %s: a case here is closed only by proof or a person", s)
				continue
			}
			x.Do = "suppress"
			r.Result.Responses = append(r.Result.Responses, x)
		case "Severity":
			r.severity(source, name, strings.ToUpper(text(v["Label"])), x)
		default:
			r.Result.leave(source, name, "it sets %s, which has no place here", key)
		}
	}
}

func (r *Reader) severity(source, name, label string, x Response) {
	plain := x.When == "" && len(x.Standards)+len(x.Severities)+len(x.Accounts) == 0 && len(x.Controls) > 0
	if !plain || !slices.Contains(severities, label) {
		r.Result.leave(source, name, "it sets the severity to %s on more conditions than the control: a policy sets it by control only", cmp.Or(label, "a number"))
		return
	}
	for _, id := range x.Controls {
		o := r.Result.Controls[id]
		o.Severity, o.Reason = label, cmp.Or(o.Reason, x.Reason)
		r.Result.Controls[id] = o
	}
}

// filter is one StringFilter or MapFilter of a criterion.
type filter struct{ key, value, comparison string }

func filtersOf(v any) []filter {
	list, _ := v.([]any)
	var out []filter
	for _, one := range list {
		o, _ := one.(object)
		out = append(out, filter{text(o["Key"]), text(o["Value"]), text(o["Comparison"])})
	}
	return out
}

// criteria turns what a rule matches on into conditions. Fields are joined by
// "and". Of one field, values that are wanted are joined by "or", values that are
// not by "and" (Security Hub user guide, "Automation rules", criteria).
func (r *Reader) criteria(criteria object) (x Response, why string) {
	var when []string
	for _, key := range columnsOf([]object{criteria}) {
		list := filtersOf(criteria[key])
		if len(list) == 0 {
			continue
		}
		var condition string
		switch key {
		case "RecordState", "WorkflowStatus", "ComplianceStatus":
			if !always(key, list) {
				why = fmt.Sprintf("a policy cannot match on %s (%s)", key, words(list))
			}
		case "ComplianceSecurityControlId":
			x.Controls, condition, why = r.controls(list)
		case "GeneratorId":
			for i := range list {
				var ok bool
				if list[i].value, ok = strings.CutPrefix(list[i].value, "security-control/"); !ok {
					why = fmt.Sprintf("it matches on the generator %q", list[i].value)
				}
			}
			if why == "" && len(x.Controls) > 0 {
				why = "it names controls twice, by id and by generator"
			}
			if why == "" {
				x.Controls, condition, why = r.controls(list)
			}
		case "ComplianceAssociatedStandardsId":
			x.Standards, why = standards(list)
		case "SeverityLabel":
			x.Severities, why = equals(list, severities)
		case "AwsAccountId":
			if x.Accounts, why = equals(list, nil); why != "" {
				condition, why = compared("account.id", list)
			}
		case "AwsAccountName":
			condition, why = compared("account.name", list)
		case "ResourceId":
			condition, why = compared("resource.id", list)
		case "ResourceType":
			for i, f := range list {
				if f.comparison == "EQUALS" || f.comparison == "NOT_EQUALS" {
					list[i].value = finding.CloudFormationType(f.value)
				} else {
					why = "it matches on a part of the resource type"
				}
			}
			if why == "" {
				condition, why = compared("resource.type", list)
			}
		case "ResourceTags":
			condition, why = tagFilters(list)
		case "ProductName":
			condition, why = product(list)
		default:
			why = fmt.Sprintf("a policy cannot match on %s (%s)", key, words(list))
		}
		if why != "" {
			return x, why
		}
		if condition != "" {
			when = append(when, condition)
		}
	}
	x.When = strings.Join(when, " && ")
	if x.When == "" && len(x.Controls)+len(x.Standards)+len(x.Severities)+len(x.Accounts) == 0 {
		return x, "it would match every case"
	}
	return x, ""
}

// always says whether a criterion holds for every case that is open anyway.
func always(key string, list []filter) bool {
	open := map[string][]string{"RecordState": {"ACTIVE"}, "WorkflowStatus": {"NEW", "NOTIFIED"}, "ComplianceStatus": {"FAILED"}}[key]
	values, why := equals(list, nil)
	return why == "" && (slices.Contains(values, open[0]) || len(open) > 1 && slices.Contains(values, open[1]))
}

func (r *Reader) controls(list []filter) (ids []string, condition, why string) {
	if !slices.ContainsFunc(list, func(f filter) bool { return f.comparison != "EQUALS" && f.comparison != "PREFIX" }) {
		for _, f := range list {
			if f.comparison == "PREFIX" {
				if f.value == "" || len(r.Catalogue.Match(f.value+"*")) == 0 {
					return nil, "", fmt.Sprintf("no control begins with %q", f.value)
				}
				ids = append(ids, f.value+"*")
				continue
			}
			c, ok := r.Catalogue.Lookup(f.value)
			if !ok {
				return nil, "", fmt.Sprintf("no control %q is known", f.value)
			}
			ids = append(ids, c.ID)
		}
		return ids, "", ""
	}
	condition, why = compared("control.id", list)
	return nil, condition, why
}

func standards(list []filter) (ids []string, why string) {
	values, why := equals(list, nil)
	for _, v := range values {
		id, ok := standardNamed(v)
		if !ok {
			return nil, fmt.Sprintf("no standard %q is known", v)
		}
		ids = append(ids, id)
	}
	return ids, why
}

// products are the names that findings carry, and the source that a policy sees.
var products = map[string]string{"Security Hub": "securityhub", "GuardDuty": "guardduty", "Inspector": "inspector", "Macie": "macie", "Health": "health"}

func product(list []filter) (condition, why string) {
	for i, f := range list {
		p, ok := products[f.value]
		if !ok || f.comparison != "EQUALS" && f.comparison != "NOT_EQUALS" {
			return "", fmt.Sprintf("it matches on the product %q", f.value)
		}
		list[i].value = p
	}
	return compared("finding.source", list)
}

func equals(list []filter, among []string) (values []string, why string) {
	for _, f := range list {
		if f.comparison != "EQUALS" || len(among) > 0 && !slices.Contains(among, f.value) {
			return nil, fmt.Sprintf("it compares by %s %q", f.comparison, f.value)
		}
		values = append(values, f.value)
	}
	return values, ""
}

// compared writes filters on one text as a condition.
func compared(name string, list []filter) (condition, why string) {
	var wanted, not []string
	for _, f := range list {
		v := literal(f.value)
		switch f.comparison {
		case "EQUALS":
			wanted = append(wanted, name+" == "+v)
		case "PREFIX":
			wanted = append(wanted, name+".startsWith("+v+")")
		case "CONTAINS":
			wanted = append(wanted, name+".contains("+v+")")
		case "NOT_EQUALS":
			not = append(not, name+" != "+v)
		case "PREFIX_NOT_EQUALS":
			not = append(not, "!"+name+".startsWith("+v+")")
		case "NOT_CONTAINS":
			not = append(not, "!"+name+".contains("+v+")")
		default:
			return "", fmt.Sprintf("it compares by %s %q", f.comparison, f.value)
		}
	}
	if len(wanted) > 0 {
		not = append(not, either(wanted))
	}
	return strings.Join(not, " && "), ""
}

func tagFilters(list []filter) (condition, why string) {
	var wanted, not []string
	for _, f := range list {
		switch f.comparison {
		case "EQUALS":
			wanted = append(wanted, tagIs(f.key, f.value))
		case "NOT_EQUALS":
			not = append(not, "!"+tagIs(f.key, f.value))
		default:
			return "", fmt.Sprintf("it compares a tag by %s", f.comparison)
		}
	}
	if len(wanted) > 0 {
		not = append(not, either(wanted))
	}
	return strings.Join(not, " && "), ""
}

func words(list []filter) string {
	var out []string
	for _, f := range list {
		out = append(out, strings.TrimSpace(strings.TrimSpace(f.comparison+" "+f.key)+" "+f.value))
	}
	return strings.Join(out, ", ")
}
