package carryover

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"zesei/internal/control"
)

// Kind is what an input is.
type Kind string

// The kinds of input.
const (
	Policy       Kind = "policy"       // table of responses by control
	Accounts     Kind = "accounts"     // table of accounts with owners
	Suppressions Kind = "suppressions" // rules as awsfindingsmanager reads them
	Automation   Kind = "automation"   // Security Hub automation rules
)

// Reader reads inputs into one Result.
type Reader struct {
	Catalogue *control.Catalogue
	// Columns names columns of tables that are not recognised: control, do,
	// class, severity, standard, due, reason; id, name, owner, environment, ou,
	// iac, slack, email.
	Columns map[string]string
	Result  *Result
}

// object is a JSON or YAML mapping.
type object = map[string]any

// largest bounds an input.
const largest = 64 << 20

// Read reads one input, JSON or YAML. as says what it is; empty: recognised by
// its content. An error means that nothing of it was taken.
func (r *Reader) Read(name string, data []byte, as Kind) (Kind, error) {
	root, err := decode(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	rows, table := tableRows(root)
	if areFindings(root, rows) {
		return "", fmt.Errorf("%s: these are findings or events, no table or rules of a policy: `zesei ingest %s` takes them in", name, name)
	}
	if as == "" {
		if as = r.recognise(root, rows); as == "" {
			if table && len(rows) > 0 {
				return "", fmt.Errorf("%s: no column of this table is known: it has %s; say what they are with --column control=NAME (or id=NAME) and --as", name, strings.Join(columnsOf(rows), ", "))
			}
			return "", fmt.Errorf("%s: not recognised: expected a DynamoDB export ({\"Items\": […]}), suppression rules (Rules: with match_on) or automation rules ({\"Rules\": [{\"Criteria\": …}]})", name)
		}
	}
	switch as {
	case Policy:
		return as, r.policyTable(name, rows)
	case Accounts:
		return as, r.accountTable(name, rows)
	case Suppressions:
		return as, r.suppressions(name, rulesOf(root))
	case Automation:
		return as, r.automation(name, root)
	}
	return "", fmt.Errorf("%s: %q is no kind of input: expected policy, accounts, suppressions or automation", name, as)
}

func decode(data []byte) (root any, err error) {
	if len(data) > largest {
		return nil, fmt.Errorf("the file is larger than %d MB", largest>>20)
	}
	defer func() { // the YAML parser panics on some malformed input
		if recover() != nil {
			root, err = nil, errors.New("neither JSON nor YAML")
		}
	}()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&root) == nil {
		if !d.More() {
			return root, nil
		}
		return jsonLines(data)
	}
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, errors.New("neither JSON nor YAML: " + strings.SplitN(err.Error(), "\n", 2)[0])
	}
	return root, nil
}

// jsonLines reads one object after another: what DynamoDB's export to S3 writes.
func jsonLines(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var list []any
	for d.More() {
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("object %d: %w", len(list)+1, err)
		}
		if o, ok := v.(object); ok && len(o) == 1 && o["Item"] != nil {
			v = o["Item"]
		}
		list = append(list, v)
	}
	return list, nil
}

// tableRows are the rows of a table with plain values.
func tableRows(root any) ([]object, bool) {
	list, ok := root.([]any)
	if o, isObject := root.(object); isObject {
		list, ok = o["Items"].([]any)
	}
	var rows []object
	for _, v := range list {
		o, isObject := v.(object)
		if !isObject {
			return nil, false
		}
		row := object{}
		for k, v := range o {
			row[k] = plain(v)
		}
		rows = append(rows, row)
	}
	return rows, ok
}

// plain takes a value out of DynamoDB's JSON (Amazon DynamoDB API reference,
// AttributeValue).
func plain(v any) any {
	o, ok := v.(object)
	if !ok || len(o) != 1 {
		return v
	}
	for kind, inner := range o {
		switch kind {
		case "S", "N", "BOOL", "SS", "NS":
			return inner
		case "NULL":
			return nil
		case "L":
			if list, ok := inner.([]any); ok {
				out := make([]any, len(list))
				for i := range list {
					out[i] = plain(list[i])
				}
				return out
			}
		}
	}
	return v
}

func rulesOf(root any) []any {
	o, _ := root.(object)
	list, _ := o["Rules"].([]any)
	if list == nil {
		list, _ = o["rules"].([]any)
	}
	return list
}

func (r *Reader) recognise(root any, rows []object) Kind {
	o, _ := root.(object)
	if o["AutomationRulesMetadata"] != nil {
		return Automation
	}
	for _, v := range rulesOf(root) {
		rule, _ := v.(object)
		switch {
		case rule["match_on"] != nil:
			return Suppressions
		case rule["Criteria"] != nil || rule["RuleArn"] != nil:
			return Automation
		}
	}
	has := func(field string) bool {
		return slices.ContainsFunc(columnsOf(rows), func(c string) bool { return r.field(c) == field })
	}
	switch {
	case has("control") && (has("do") || has("class")):
		return Policy
	case has("id"):
		return Accounts
	}
	return ""
}

func columnsOf(rows []object) []string {
	var out []string
	for _, row := range rows {
		for c := range row {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	slices.Sort(out)
	return out
}

// text is a value as text; empty for nothing, a list or a mapping.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case uint64, int64, int, float64:
		return fmt.Sprint(v)
	}
	return ""
}

// texts is a value as a list of texts.
func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		if s := text(v); s != "" {
			return []string{s}
		}
		return nil
	}
	var out []string
	for _, x := range list {
		if s := text(x); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// areFindings says whether an input is what `zesei ingest` takes: ASFF, the output
// of GetFindings, EventBridge events, OCSF or CloudTrail. Their account ids would
// pass for a table of accounts.
func areFindings(root any, rows []object) bool {
	o, _ := root.(object)
	for _, list := range []string{"Findings", "Records"} {
		if found, ok := o[list].([]any); ok {
			return list == "Findings" || len(found) > 0
		}
	}
	return slices.ContainsFunc(append(slices.Clone(rows), o), func(row object) bool {
		has := func(columns ...string) bool {
			return !slices.ContainsFunc(columns, func(c string) bool { return row[c] == nil })
		}
		return has("ProductArn", "AwsAccountId") || has("SchemaVersion", "AwsAccountId") || has("detail-type", "source") || has("class_uid", "metadata") || has("eventSource", "eventName")
	})
}
