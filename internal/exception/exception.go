// Package exception holds accepted risks as a file: what `zesei exception export`
// writes and what a check before deployment reads, so that a risk accepted in the
// cloud does not fail the pipeline of the same resource.
//
// The file holds only exceptions that are in force. Each names a resource, or a
// control or tag of an account or owner; it covers nothing after its end, and a
// tag that cannot be read covers nothing. Package casework, which keeps exceptions
// in the store, asks Covers as well: there is one answer to what one covers.
package exception

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zesei/internal/config/document"
)

// File is a file of exceptions.
type File struct {
	Exceptions []Exception `yaml:"exceptions" json:"exceptions"`
}

// Exception is one accepted risk. Empty fields cover any, but see Covers.
type Exception struct {
	ID         string `yaml:"id" json:"id"`
	Control    string `yaml:"control" json:"control,omitempty"`
	Account    string `yaml:"account" json:"account,omitempty"` // 12 digits
	Region     string `yaml:"region" json:"region,omitempty"`   // or "global"
	Owner      string `yaml:"owner" json:"owner,omitempty"`
	Resource   string `yaml:"resource" json:"resource,omitempty"` // canonical ARN
	Name       string `yaml:"name" json:"name,omitempty"`         // last part of the ARN: what templates name
	Tag        string `yaml:"tag" json:"tag,omitempty"`           // name=value
	Reason     string `yaml:"reason" json:"reason"`
	Evidence   string `yaml:"evidence" json:"evidence,omitempty"`
	ApprovedBy string `yaml:"approved_by" json:"approved_by"`
	ExpiresAt  Time   `yaml:"expires_at" json:"expires_at"`
}

// Time is a time with its zone, RFC 3339.
type Time struct{ time.Time }

// ReadValue reads a time.
func (t *Time) ReadValue(v document.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		v.Wrong(fmt.Sprintf("%q is no time", text), "a time with its zone, such as 2027-01-31T18:00:00+09:00", "")
		return
	}
	t.Time = at
}

// Subject is what a check has found wrong. Empty fields are not known.
type Subject struct {
	Control, Account, Region, Owner string
	Resource                        string // ARN, where it has one already
	Name                            string // name or id in the template
	Tags                            map[string]string
	TagsUnread                      bool
}

// Covers says whether the exception holds for a subject at a time. What the
// exception asks for and the subject does not know, is not covered.
func (x Exception) Covers(s Subject, at time.Time) bool {
	if !at.Before(x.ExpiresAt.Time) || !x.Bounded() {
		return false
	}
	for _, f := range [][2]string{{x.Control, s.Control}, {x.Account, s.Account}, {x.Region, s.Region}, {x.Owner, s.Owner}} {
		if f[0] != "" && !strings.EqualFold(f[0], f[1]) {
			return false
		}
	}
	if x.Resource != "" && x.Resource != s.Resource && (s.Resource != "" || x.Name == "" || x.Name != s.Name) {
		return false
	}
	if x.Tag != "" {
		key, value, _ := strings.Cut(x.Tag, "=")
		if got, ok := s.Tags[key]; s.TagsUnread || !ok || got != value {
			return false
		}
	}
	return true
}

// Bounded says whether the exception is narrow enough to be one: it names a
// resource, or a control or tag of an account or owner.
func (x Exception) Bounded() bool {
	return x.Resource != "" || (x.Control != "" || x.Tag != "") && (x.Account != "" || x.Owner != "")
}

// Find is the first exception that covers a subject.
func (f *File) Find(s Subject, at time.Time) (Exception, bool) {
	i := slices.IndexFunc(f.Exceptions, func(x Exception) bool { return x.Covers(s, at) })
	if i < 0 {
		return Exception{}, false
	}
	return f.Exceptions[i], true
}

// Parse reads a file. The error is document.Problems.
func Parse(name string, data []byte) (*File, error) {
	doc := document.Parse(name, data, nil)
	f := &File{}
	doc.Into(f)
	for i, x := range f.Exceptions {
		at := fmt.Sprintf("exceptions[%d]", i)
		if !x.Bounded() {
			doc.Wrong(at, document.Problem{Message: "the exception covers too much", Expected: "a resource, or a control or tag with an account or owner"})
		}
		if x.ExpiresAt.IsZero() && !doc.Has(at+".expires_at") {
			doc.Wrong(at, document.Problem{Message: "the exception has no end", Expected: "expires_at"})
		}
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// YAML writes the file.
func (f *File) YAML() string {
	if len(f.Exceptions) == 0 {
		return "exceptions: []\n"
	}
	var b strings.Builder
	b.WriteString("exceptions:\n")
	for _, x := range f.Exceptions {
		lead := "  - "
		for _, l := range [][2]string{
			{"id", x.ID}, {"control", x.Control}, {"account", x.Account}, {"region", x.Region}, {"owner", x.Owner}, {"resource", x.Resource}, {"name", x.Name},
			{"tag", x.Tag}, {"reason", x.Reason}, {"evidence", x.Evidence}, {"approved_by", x.ApprovedBy}, {"expires_at", x.ExpiresAt.Format(time.RFC3339)},
		} {
			if l[1] != "" {
				b.WriteString(lead + l[0] + ": " + document.Quote(l[1]) + "\n")
				lead = "    "
			}
		}
	}
	return b.String()
}
