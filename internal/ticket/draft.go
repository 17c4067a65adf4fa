package ticket

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
)

// Draft renders a ticket. The error says which template failed and was replaced
// by the built-in one, or left out; the draft is good all the same.
func (t *Templates) Draft(k Ticket) (Draft, error) {
	v := k.view()
	title, err1 := t.render("title", v)
	body, err2 := t.render("body", v)
	d := Draft{Marker: k.Marker(), Project: k.Project, Title: oneLine(title), Body: body + Text("\n\n"+mark(Marker, k.Marker())), Due: k.date(),
		Severity: v.Severity, Assignee: k.Assignee, Language: k.Language}
	var err3 error
	d.Fields, err3 = renderFields(k.Fields, v)
	return d, errors.Join(err1, err2, err3)
}

// comment renders a comment; its last line is what it is found by.
func (t *Templates) comment(v View, key string, n int) (Text, error) {
	text, err := t.render("comment", v)
	return text + Text("\n\n"+mark(Marker, commentMarker(key, n))), err
}

// commentMarker stands in our nth comment.
func commentMarker(key string, n int) string { return fmt.Sprintf("%s/%d", MarkerOf(key), n) }

// maxTitle is the smallest limit among the trackers: ServiceNow's short
// description holds 160 characters, Jira's and Redmine's 255.
const maxTitle = 160

func oneLine(t Text) string {
	s := []rune(Clean(strings.Join(strings.Fields(t.In(Plain{})), " ")))
	if len(s) > maxTitle {
		s = append(s[:maxTitle-1], '…')
	}
	return string(s)
}

// CheckFields tries templates of further fields on sample data.
func CheckFields(fields map[string]string) error {
	_, err := renderFields(fields, samples("en")[0])
	return err
}

// renderFields writes the further fields of a ticket. A template that is JSON
// (it begins with { or [) gives JSON, its values as JSON strings; any other
// gives one line of text.
func renderFields(fields map[string]string, v View) (map[string]any, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	out := map[string]any{}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text := strings.TrimSpace(fields[name])
		asJSON := strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "{{") || strings.HasPrefix(text, "[")
		s, err := Fill("fields."+name, text, asJSON, v)
		switch {
		case err != nil:
			errs = append(errs, err)
		case !asJSON:
			out[name] = Clean(s)
		case !json.Valid([]byte(s)):
			errs = append(errs, fmt.Errorf("fields.%s: it is no JSON once filled in: values bring their own quotes, write {\"value\": {{.Owner}}}", name))
		default:
			out[name] = json.RawMessage(s)
		}
	}
	return out, errors.Join(errs...)
}

// Fill writes one template of a configuration file: with asJSON each value as a
// JSON value, else each as one clean line.
func Fill(name, text string, asJSON bool, data any) (string, error) {
	return FillWith(name, text, data, func(v any) (string, error) {
		if !asJSON {
			return Clean(fmt.Sprint(v)), nil
		}
		b, err := json.Marshal(v)
		return string(b), err
	})
}

// FillWith writes one template, each value written by write.
func FillWith(name, text string, data any, write func(any) (string, error)) (string, error) {
	t, err := template.New(name).Option("missingkey=zero").Funcs(template.FuncMap{cleaner: write}).Parse(text)
	if err != nil {
		return "", errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	for _, one := range t.Templates() {
		eachPrinted(one.Tree.Root, cleaner)
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", inWords(err)
	}
	return b.String(), nil
}
