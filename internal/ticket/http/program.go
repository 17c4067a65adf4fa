package http

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"zesei/internal/ticket"
)

// ProgramConfig says which program keeps the tickets.
type ProgramConfig struct {
	Name       string
	Command    []string // the program and its arguments; no shell is between
	Token      string   // given to it as the environment variable ZESEI_TICKET_TOKEN
	Closed     []string // states that mean closed, where the program does not say closed itself
	Priorities map[string]string
	// Timeout bounds one run; 0: 30 seconds.
	Timeout time.Duration
}

// Program is a tracker behind a program. Each operation is one run: it reads a
// Data as JSON on stdin, whose do is create, get, update, comment, close, reopen
// or find, and writes an Output as JSON on stdout. It sees PATH, HOME, LANG and the
// token of our environment, nothing else. Another exit code than 0, or no answer,
// leaves it in doubt whether the operation took effect.
type Program struct{ c ProgramConfig }

var _ ticket.Tracker = (*Program)(nil)

// Output is what a program answers.
type Output struct {
	Found     *bool     `json:"found,omitempty"` // of find
	Key       string    `json:"key,omitempty"`
	ID        string    `json:"id,omitempty"`
	URL       string    `json:"url,omitempty"`
	State     string    `json:"state,omitempty"`
	Closed    *bool     `json:"closed,omitempty"`
	Assignee  string    `json:"assignee,omitempty"`
	Updated   time.Time `json:"updated,omitzero"`
	UpdatedBy string    `json:"updated_by,omitempty"`
	Comments  []struct {
		ID   string    `json:"id"`
		By   string    `json:"by"`
		At   time.Time `json:"at"`
		Text string    `json:"text"`
	} `json:"comments,omitempty"`
	// Error is set where nothing was done. Its kind is refused, retry, gone or
	// unknown_person.
	Error *struct {
		Kind       string `json:"kind"`
		Message    string `json:"message"`
		RetryAfter int    `json:"retry_after"` // seconds, of retry
	} `json:"error,omitempty"`
}

// maxOutput is how much of a program's answer is read.
const maxOutput = 4 << 20

// NewProgram checks that the program is there. It runs nothing yet.
func NewProgram(c ProgramConfig) (*Program, error) {
	if len(c.Command) == 0 {
		return nil, fmt.Errorf("ticket.%s.command: expected a program and its arguments", c.Name)
	}
	if _, err := exec.LookPath(c.Command[0]); err != nil {
		return nil, fmt.Errorf("ticket.%s.command: the program %q cannot be run: %w", c.Name, c.Command[0], errors.Unwrap(err))
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	return &Program{c}, nil
}

// Traits: a program can always be asked to find, and each ticket is asked for.
func (p *Program) Traits() ticket.Traits {
	return ticket.Traits{Name: p.c.Name, IndexDelay: time.Minute, Polls: true}
}

func (p *Program) run(ctx context.Context, in Data) (Output, error) {
	var out Output
	b, err := json.Marshal(in)
	if err != nil {
		return out, &ticket.Permanent{Reason: fmt.Sprintf("%s: writing the operation %s: %v", p.c.Name, in.Do, err)}
	}
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	c := exec.CommandContext(ctx, p.c.Command[0], p.c.Command[1:]...)
	c.WaitDelay = time.Second
	for _, name := range []string{"PATH", "HOME", "LANG", "SYSTEMROOT"} {
		if v, ok := os.LookupEnv(name); ok {
			c.Env = append(c.Env, name+"="+v)
		}
	}
	c.Env = append(c.Env, "ZESEI_TICKET_TOKEN="+p.c.Token)
	var stdout, stderr limitedBuffer
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(b), &stdout, &stderr
	if err := c.Start(); err != nil {
		return out, fmt.Errorf("%s: starting %s: %w", p.c.Name, p.c.Command[0], errors.Join(ticket.ErrNotSent, err))
	}
	if err := c.Wait(); err != nil {
		return out, fmt.Errorf("%s: %s %s: %w: %s", p.c.Name, p.c.Command[0], in.Do, err, p.quote(stderr.String()))
	}
	if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
		return out, fmt.Errorf("%s: %s %s: its answer is no JSON: %s", p.c.Name, p.c.Command[0], in.Do, p.quote(stdout.String()))
	}
	return out, p.judge(in, out)
}

func (p *Program) judge(in Data, out Output) error {
	e := out.Error
	if e == nil {
		return nil
	}
	said := p.quote(e.Message)
	switch e.Kind {
	case "gone":
		return fmt.Errorf("%s: %s: %w", p.c.Name, in.Do, ticket.ErrGone)
	case "retry":
		return &ticket.RetryAfter{After: time.Duration(min(max(e.RetryAfter, 1), 86400)) * time.Second, By: p.c.Name, Why: said}
	case "unknown_person":
		return &ticket.UnknownPerson{Who: in.Assignee, Hint: said}
	}
	return &ticket.Permanent{Reason: fmt.Sprintf("%s: %s: %s", p.c.Name, in.Do, said)}
}

func (p *Program) quote(s string) string {
	if r := []rune(ticket.Clean(s)); len(r) > 300 {
		s = string(r[:300]) + "…"
	} else {
		s = string(r)
	}
	if p.c.Token != "" {
		s = strings.ReplaceAll(s, p.c.Token, "‹secret›")
	}
	return s
}

// limitedBuffer keeps the beginning of what is written to it.
type limitedBuffer struct{ bytes.Buffer }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := maxOutput - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (p *Program) issue(out Output, r ticket.Ref) ticket.Issue {
	is := ticket.Issue{Ref: r, URL: link(out.URL), State: ticket.Clean(out.State), Assignee: out.Assignee, UpdatedAt: out.Updated, UpdatedBy: out.UpdatedBy, Closed: closed(p.c.Closed, out.State)}
	if out.Closed != nil {
		is.Closed = *out.Closed
	}
	if is.Key == "" {
		is.Key, is.ID = out.Key, out.ID
	}
	for _, c := range out.Comments {
		is.Comments = append(is.Comments, ticket.Comment{ID: c.ID, By: c.By, At: c.At, Text: c.Text})
	}
	return is
}

// Create makes a ticket.
func (p *Program) Create(ctx context.Context, d ticket.Draft) (ticket.Issue, error) {
	in := data(d, p.c.Priorities)
	in.Do = "create"
	out, err := p.run(ctx, in)
	if err == nil && out.Key == "" {
		err = fmt.Errorf("%s: create: the program names no key", p.c.Name)
	}
	return p.issue(out, ticket.Ref{Project: d.Project}), err
}

// Get reads a ticket.
func (p *Program) Get(ctx context.Context, r ticket.Ref) (ticket.Issue, error) {
	out, err := p.run(ctx, Data{Do: "get", Key: r.Key, ID: r.ID, Project: r.Project})
	return p.issue(out, r), err
}

// Update names what has changed.
func (p *Program) Update(ctx context.Context, r ticket.Ref, d ticket.Draft, fields []string) error {
	in := data(d, p.c.Priorities)
	in.Do, in.Key, in.ID = "update", r.Key, r.ID
	for _, f := range fields {
		in.Changed[f] = true
	}
	_, err := p.run(ctx, in)
	return err
}

// Comment adds a comment.
func (p *Program) Comment(ctx context.Context, r ticket.Ref, text ticket.Text) (string, error) {
	out, err := p.say(ctx, "comment", r, text, "")
	return out.ID, err
}

// Close closes the ticket; the program takes one that is closed for done.
func (p *Program) Close(ctx context.Context, r ticket.Ref, proof ticket.Text, why ticket.Ending) error {
	_, err := p.say(ctx, "close", r, proof, why)
	return err
}

// Reopen opens the ticket; the program takes one that is open for done.
func (p *Program) Reopen(ctx context.Context, r ticket.Ref, why ticket.Text) error {
	_, err := p.say(ctx, "reopen", r, why, "")
	return err
}

func (p *Program) say(ctx context.Context, do string, r ticket.Ref, text ticket.Text, end ticket.Ending) (Output, error) {
	return p.run(ctx, Data{Do: do, Key: r.Key, ID: r.ID, Project: r.Project, Comment: text.In(ticket.Plain{}), Reason: string(end)})
}

// FindByMarker asks the program.
func (p *Program) FindByMarker(ctx context.Context, project, marker string, _ time.Time) (ticket.Issue, bool, error) {
	out, err := p.run(ctx, Data{Do: "find", Marker: marker, Project: project})
	if err != nil || out.Found == nil || !*out.Found || out.Key == "" {
		return ticket.Issue{}, false, err
	}
	return p.issue(out, ticket.Ref{Project: project}), true, nil
}

// Changes reads each ticket.
func (p *Program) Changes(ctx context.Context, _ string, _ time.Time, refs []ticket.Ref) ([]ticket.Issue, error) {
	return ticket.ReadAll(ctx, p, refs)
}
