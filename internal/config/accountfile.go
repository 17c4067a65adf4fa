package config

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"zesei/internal/config/document"
)

// FileAccounts reads the files that rows `from: csv:FILE` and `from: yaml:FILE`
// name. The first line of a CSV file names its columns; a YAML file is a list of
// mappings. A column tag:KEY (in YAML also a mapping tags) is a tag. The error is
// Problems, and the accounts that could be read are returned beside it.
func (c *Config) FileAccounts() ([]Fetched, error) {
	var out []Fetched
	var problems Problems
	for i, row := range c.Accounts {
		s, _ := row.Source()
		if s.Kind != "csv" && s.Kind != "yaml" {
			continue
		}
		path := c.Path(s.Name)
		data, err := c.sources.read(path)
		if err != nil {
			problems = append(problems, c.problemAt(fmt.Sprintf("accounts[%d].from", i), err))
			continue
		}
		f := &accountFile{name: path, idColumn: cmp.Or(row.Columns["id"], "id")}
		if s.Kind == "csv" {
			f.readCSV(string(data))
		} else {
			f.readYAML(data)
		}
		problems = append(problems, f.problems...)
		out = append(out, Fetched{Row: i, Accounts: f.accounts})
	}
	return out, problems.Err()
}

func (c *Config) problemAt(path string, err error) Problem {
	at := c.doc.At(path)
	return Problem{File: c.file, Line: at.Line, Column: at.Column, Field: path, Message: err.Error(), Hint: "the name is relative to this file"}
}

type accountFile struct {
	name     string
	idColumn string
	accounts []FetchedAccount
	problems Problems
}

func (f *accountFile) readCSV(text string) {
	if !utf8.ValidString(text) {
		f.wrong(1, 1, "the file is not UTF-8", "save it as \"CSV UTF-8\"; Excel's plain CSV is Shift_JIS in Japan")
		return
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	header, err := r.Read()
	if err != nil {
		f.wrong(1, 1, "the file has no line that names its columns", "")
		return
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	if !slices.Contains(header, f.idColumn) {
		f.wrong(1, 1, fmt.Sprintf("there is no column %s; the columns are %s", f.idColumn, strings.Join(header, ", ")),
			"name the one that holds the account id: columns: {id: …}")
		return
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			if e, ok := errors.AsType[*csv.ParseError](err); ok {
				f.wrong(e.Line, max(1, e.Column), e.Err.Error(), "")
				if errors.Is(e.Err, csv.ErrFieldCount) {
					continue
				}
			}
			return
		}
		columns := map[string]string{}
		line, at := r.FieldPos(0)
		for i, value := range record {
			columns[header[i]] = strings.TrimSpace(value)
		}
		f.add(line, at, columns, nil)
	}
}

func (f *accountFile) readYAML(data []byte) {
	doc := document.Parse(f.name, data, nil)
	doc.Into(f)
	if p, ok := doc.Err().(Problems); ok { //nolint:errorlint // Err returns Problems itself
		f.problems = append(f.problems, p...)
	}
}

// ReadValue reads the list of a YAML file.
func (f *accountFile) ReadValue(v document.Value) {
	for _, item := range v.Items(false) {
		columns, tags := map[string]string{}, map[string]string{}
		told := false
		for _, e := range item.Entries() {
			if e.Key == "tags" {
				e.Value.Read(&tags)
				continue
			}
			if e.Value.Kind() == document.Number && e.Key == f.idColumn {
				e.Value.Wrong("an account id is text, and this is a number to YAML", "12 digits in quotes", fmt.Sprintf("write %q", pad(e.Value.Raw())))
				told = true
				continue
			}
			if s, ok := e.Value.String(); ok {
				columns[e.Key] = s
			}
		}
		if at := item.Pos(); !told && item.Kind() == document.Mapping {
			f.add(at.Line, at.Column, columns, tags)
		}
	}
}

func (f *accountFile) add(line, column int, columns, tags map[string]string) {
	id := columns[f.idColumn]
	if !accountID.MatchString(id) {
		hint := ""
		if padded := pad(id); id != "" && accountID.MatchString(padded) {
			hint = "a spreadsheet may have dropped the zeros before it: " + padded
		}
		f.wrong(line, column, fmt.Sprintf("column %s says %q, which is no account id", f.idColumn, id), hint)
		return
	}
	a := FetchedAccount{ID: id, Columns: columns, Tags: map[string]string{}}
	for name, value := range columns {
		if key, ok := strings.CutPrefix(name, "tag:"); ok && value != "" {
			a.Tags[key] = value
		}
	}
	for key, value := range tags {
		a.Tags[key] = value
	}
	f.accounts = append(f.accounts, a)
}

func (f *accountFile) wrong(line, column int, message, hint string) {
	f.problems = append(f.problems, Problem{File: f.name, Line: line, Column: column, Message: message, Hint: hint})
}
