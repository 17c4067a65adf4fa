// Package tracker is the offline twin of the trackers that zesei keeps tickets
// in: GitHub Issues, Jira Cloud and Data Center, Backlog, Redmine, ServiceNow and
// an in-house tracker. Each is an http.Handler that speaks the real protocol as
// far as tickets need it, with its limits: fields that it refuses, pages, rates,
// and a search that knows a new ticket only after a while (Options.IndexDelay).
// It has what the real service has and no more: creating twice makes two.
//
// People act on it through Close, Reopen, Assign, Say and Delete. Trouble is
// ordered with fake.Faults: the service is the kind ("redmine"), operations are
// create, update, comment, move, get, list and meta, the account is the project.
package tracker

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"zesei/internal/fake"
)

// Kind is whose protocol a twin speaks.
type Kind string

// The kinds of tracker.
const (
	GitHub     Kind = "github"
	JiraCloud  Kind = "jira"
	JiraServer Kind = "jira-server" // Data Center
	Backlog    Kind = "backlog"
	Redmine    Kind = "redmine"
	ServiceNow Kind = "servicenow"
	InHouse    Kind = "http"
)

// Options set up a Twin.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Token is the credential that is accepted; empty means "twin-token".
	Token string
	// Project is the one project; empty means "shop" in the kind's spelling.
	Project string
	// IndexDelay is how long the search does not know a new ticket.
	IndexDelay time.Duration
	// Seed makes fault draws repeatable.
	Seed uint64
	// Notation is Backlog's textFormattingRule; empty means "markdown".
	Notation string
}

// Twin is one tracker with one project. It is safe for concurrent use.
type Twin struct {
	kind    Kind
	o       Options
	faults  *fake.Faults
	journal *fake.Journal
	mux     *http.ServeMux

	mu     sync.Mutex
	issues []*Issue
	last   int
	calls  []time.Time // for rates
	made   []time.Time // content, for GitHub's
}

// Issue is a ticket as people see it.
type Issue struct {
	Number    int
	Key       string // as people say it
	Title     string
	Body      string // as stored; Jira Cloud: the document as JSON
	State     string // the tracker's word
	Closed    bool
	Due       string
	Assignee  string
	Priority  string
	Type      string
	Labels    []string
	Fields    map[string]any
	Comments  []Comment
	CreatedAt time.Time
	UpdatedAt time.Time
	UpdatedBy string
}

// Comment is one comment.
type Comment struct {
	ID   int
	By   string
	At   time.Time
	Text string
}

// Robot is the user whose token the twin accepts.
const Robot = "zesei-robot"

// People are the users of every twin, by login; values are full names.
var people = []struct{ login, name string }{{Robot, "Zesei Robot"}, {"taro", "Taro Yamada"}, {"hanako", "Hanako Sato"}}

// New returns a tracker without tickets.
func New(kind Kind, o Options) *Twin {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Token == "" {
		o.Token = "twin-token"
	}
	if o.Project == "" {
		o.Project = map[Kind]string{GitHub: "acme/shop", JiraCloud: "SHOP", JiraServer: "SHOP", Backlog: "SHOP", Redmine: "shop", ServiceNow: "incident", InHouse: "shop"}[kind]
	}
	t := &Twin{kind: kind, o: o, faults: fake.NewFaults(o.Seed), journal: &fake.Journal{}, mux: http.NewServeMux()}
	switch kind {
	case GitHub:
		t.github()
	case JiraCloud, JiraServer:
		t.jira()
	case Backlog:
		t.backlog()
	case Redmine:
		t.redmine()
	case ServiceNow:
		t.servicenow()
	default:
		t.inhouse()
	}
	return t
}

// ServeHTTP answers the tracker's API.
func (t *Twin) ServeHTTP(w http.ResponseWriter, r *http.Request) { t.mux.ServeHTTP(w, r) }

// Faults is where trouble is ordered.
func (t *Twin) Faults() *fake.Faults { return t.faults }

// Journal is the record of every call.
func (t *Twin) Journal() *fake.Journal { return t.journal }

// Project is the name of the one project.
func (t *Twin) Project() string { return t.o.Project }

// Issues returns every ticket, oldest first.
func (t *Twin) Issues() []Issue {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Issue
	for _, i := range t.issues {
		c := *i
		c.Comments, c.Labels, c.Fields = slices.Clone(i.Comments), slices.Clone(i.Labels), maps.Clone(i.Fields)
		out = append(out, c)
	}
	return out
}

// Close lets a person close a ticket.
func (t *Twin) Close(key, who string) error {
	return t.person(key, who, func(i *Issue) { t.set(i, true) })
}

// Reopen lets a person open a ticket.
func (t *Twin) Reopen(key, who string) error {
	return t.person(key, who, func(i *Issue) { t.set(i, false) })
}

// Assign lets a person give a ticket to somebody; "" takes it away.
func (t *Twin) Assign(key, who, to string) error {
	return t.person(key, who, func(i *Issue) { i.Assignee = to })
}

// Say lets a person write a comment.
func (t *Twin) Say(key, who, text string) error {
	return t.person(key, who, func(i *Issue) { t.comment(i, who, text) })
}

// Delete takes a ticket away.
func (t *Twin) Delete(key string) error {
	return t.person(key, "", func(i *Issue) {
		t.issues = slices.DeleteFunc(t.issues, func(o *Issue) bool { return o == i })
	})
}

func (t *Twin) person(key, who string, do func(*Issue)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.find(key)
	if i == nil {
		return fmt.Errorf("%s twin: no ticket %s", t.kind, key)
	}
	i.UpdatedAt, i.UpdatedBy = t.now(), who
	do(i)
	return nil
}

func (t *Twin) now() time.Time { return t.o.Now().UTC().Truncate(time.Millisecond) }

func (t *Twin) find(key string) *Issue {
	for _, i := range t.issues {
		if i.Key == key || strconv.Itoa(i.Number) == key {
			return i
		}
	}
	return nil
}

// words are what the open and the closed state are called.
var words = map[Kind][2]string{GitHub: {"open", "closed"}, JiraCloud: {"To Do", "Done"}, JiraServer: {"To Do", "Done"}, Backlog: {"Open", "Closed"},
	Redmine: {"New", "Closed"}, ServiceNow: {"1", "6"}, InHouse: {"open", "done"}}

func (t *Twin) set(i *Issue, closed bool) {
	i.Closed, i.State = closed, words[t.kind][0]
	if closed {
		i.State = words[t.kind][1]
	}
}

func (t *Twin) add(i Issue) *Issue {
	t.last++
	i.Number, i.CreatedAt, i.UpdatedAt, i.UpdatedBy = t.last, t.now(), t.now(), Robot
	i.Key = strconv.Itoa(i.Number)
	switch t.kind {
	case JiraCloud, JiraServer, Backlog:
		i.Key = t.o.Project + "-" + i.Key
	case ServiceNow:
		i.Key = fmt.Sprintf("INC%07d", i.Number)
	case InHouse:
		i.Key = "T" + i.Key
	}
	t.set(&i, false)
	t.issues = append(t.issues, &i)
	return &i
}

func (t *Twin) comment(i *Issue, by, text string) Comment {
	t.last++
	c := Comment{ID: t.last, By: by, At: t.now(), Text: text}
	i.Comments = append(i.Comments, c)
	i.UpdatedAt, i.UpdatedBy = c.At, by
	return c
}

// indexed are the tickets that the search knows by now.
func (t *Twin) indexed() []*Issue {
	var out []*Issue
	for _, i := range t.issues {
		if t.now().Sub(i.CreatedAt) >= t.o.IndexDelay {
			out = append(out, i)
		}
	}
	return out
}

// request is one call of the API.
type request struct {
	*http.Request
	t    *Twin
	body []byte
}

// answer is what a handler gives back: a status, and a body as JSON.
type answer struct {
	status int
	body   any
	header http.Header
}

func (q *request) bind(into any) error { return json.Unmarshal(q.body, into) }

// authorised says whether a request carries the twin's token.
type authorised func(r *http.Request, token string) bool

// serve binds an operation. refuse is what the real service answers to a wrong
// token. The operation's name may depend on the request.
func (t *Twin) serve(pattern string, name func(*request) string, ok authorised, do func(*request) answer) {
	t.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
		if err != nil {
			return
		}
		q := &request{Request: r, t: t, body: body}
		op := name(q)
		hit := t.faults.Draw(string(t.kind), op, t.o.Project)
		hit.Wait(r.Context())
		a := answer{status: http.StatusUnauthorized, body: map[string]any{"message": "Bad credentials"}}
		switch {
		case hit.Kind == fake.Hang:
			panic(http.ErrAbortHandler)
		case hit.Kind == fake.Throttle:
			a = answer{429, map[string]any{"message": "Too many requests"}, http.Header{"Retry-After": {strconv.Itoa(max(1, int(hit.RetryAfter.Seconds())))}}}
		case hit.Kind == fake.ServerError:
			a = answer{status: max(hit.Status, 500), body: map[string]any{"message": "something broke"}}
		case hit.Kind == fake.Deny:
			a = answer{status: http.StatusForbidden, body: map[string]any{"message": "Forbidden for token " + t.o.Token}}
		case ok(r, t.o.Token):
			t.mu.Lock()
			if limited, yes := t.limited(op); yes {
				a = limited
			} else {
				a = do(q)
			}
			t.mu.Unlock()
		}
		in := json.RawMessage(body)
		if !json.Valid(in) {
			in, _ = json.Marshal(string(body))
		}
		t.journal.Record(fake.Entry{Time: t.now(), Service: string(t.kind), Operation: op, Account: t.o.Project, Principal: Robot, UserAgent: r.UserAgent(),
			Write: a.status < 300 && (op == "create" || op == "update" || op == "comment" || op == "move"), Input: in, Outcome: outcome(a.status), Fault: string(hit.Kind)})
		if hit.Kind == fake.LostAnswer {
			panic(http.ErrAbortHandler)
		}
		for k, v := range a.header {
			w.Header()[k] = v
		}
		if a.body == nil {
			w.WriteHeader(a.status)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(a.status)
		_ = json.NewEncoder(w).Encode(a.body)
	})
}

func outcome(status int) string {
	if status < 300 {
		return "ok"
	}
	return strconv.Itoa(status)
}

func is(op string) func(*request) string { return func(*request) string { return op } }

// limited keeps to the rates of the real services: GitHub's secondary limit of
// 80 creations a minute, and 500 an hour; Backlog's of so many updates a minute.
func (t *Twin) limited(op string) (answer, bool) {
	now := t.now()
	within := func(list []time.Time, d time.Duration) int {
		n := 0
		for _, at := range list {
			if now.Sub(at) < d {
				n++
			}
		}
		return n
	}
	creates := op == "create" || op == "comment"
	switch {
	case t.kind == GitHub && creates && (within(t.made, time.Minute) >= 80 || within(t.made, time.Hour) >= 500):
		return answer{403, map[string]any{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}, http.Header{"Retry-After": {"60"}}}, true
	case t.kind == Backlog && within(t.calls, time.Minute) >= 600:
		return answer{429, map[string]any{"errors": []any{map[string]any{"message": "You have reached the limit of API calls.", "code": 13}}},
			http.Header{"X-Ratelimit-Reset": {strconv.FormatInt(now.Add(time.Minute).Unix(), 10)}, "X-Ratelimit-Remaining": {"0"}}}, true
	}
	t.calls = append(t.calls, now)
	if creates {
		t.made = append(t.made, now)
	}
	return answer{}, false
}

func fullName(login string) string {
	for _, p := range people {
		if p.login == login {
			return p.name
		}
	}
	return login
}

func page[T any](list []T, offset, limit int) []T {
	offset = min(max(offset, 0), len(list))
	return list[offset:min(offset+limit, len(list))]
}

func number(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return otherwise
}
