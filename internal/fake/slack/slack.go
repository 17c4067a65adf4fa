// Package slack is the offline twin of Slack's Web API: an http.Handler for
// the real client slack-go with slack.OptionAPIURL(url+"/api/").
//
// It holds one workspace: channels with messages, threads and edits, users,
// uploaded files and opened modals. It keeps to Slack's limits for blocks and
// text, and it has what Slack has and no more: in particular there is no
// idempotency key, so a post that is repeated after a lost answer stands twice.
// The way to find out is a message's metadata in conversations.history.
//
// [Twin.Interaction] and [Twin.Event] send signed requests to an app, as Slack
// does when somebody presses a button or writes in a channel. Trouble is
// ordered with fake.Faults (service "slack", operation "chat.postMessage",
// account = channel id).
package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"zesei/internal/fake"
)

// Options sets up a [Twin].
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Token is the bot token that is accepted; empty means "xoxb-twin".
	Token string
	// SigningSecret signs requests to apps; empty means "twin-secret".
	SigningSecret string
	// Seed makes fault draws repeatable.
	Seed uint64
}

// Twin is one Slack workspace. It is safe for concurrent use.
type Twin struct {
	now     func() time.Time
	options Options
	faults  *fake.Faults
	journal *fake.Journal
	handler http.Handler

	mu       sync.Mutex
	host     string // as the last client named it
	channels []*Channel
	users    []User
	files    map[string]*File
	views    []View
	hooks    map[string]*responseHook
	lastTS   int64
	count    int
}

// User is a member of the workspace.
type User struct{ ID, Name, Email string }

// Channel is a channel and what was written in it.
type Channel struct {
	ID, Name string
	// Private channels show only to members; the bot must be a Member to read
	// or write there, and to write anywhere.
	Private, Member, Archived bool
	messages                  []*Message
}

// Message is a message as it stands now.
type Message struct {
	Channel, TS, ThreadTS, User, Text string
	Blocks                            json.RawMessage
	Attachments                       json.RawMessage
	Metadata                          json.RawMessage
	// Edits counts chat.update calls.
	Edits int
	// Files are the ids of files shared in it.
	Files []string
}

// File is an uploaded file.
type File struct {
	ID, Name, Title string
	Body            []byte
	// Shared are the channels that it was shared in; none before
	// files.completeUploadExternal.
	Shared []string
	length int
}

// View is a modal that was opened.
type View struct {
	TriggerID string
	View      json.RawMessage
}

// BotUser is the user id under which the bot writes.
const BotUser = "U0TWINBOT"

// New returns a workspace without channels.
func New(o Options) *Twin {
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, d := range []struct {
		have *string
		want string
	}{{&o.Token, "xoxb-twin"}, {&o.SigningSecret, "twin-secret"}} {
		if *d.have == "" {
			*d.have = d.want
		}
	}
	t := &Twin{
		now: o.Now, options: o, faults: fake.NewFaults(o.Seed), journal: &fake.Journal{},
		files: map[string]*File{}, hooks: map[string]*responseHook{},
		users: []User{{ID: BotUser, Name: "zesei", Email: ""}},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /upload/{id}", t.upload)
	mux.HandleFunc("POST /hooks/{id}", t.hook)
	mux.HandleFunc("/api/{method}", t.api)
	t.handler = mux
	return t
}

// ServeHTTP answers the Web API, uploads and response URLs.
func (t *Twin) ServeHTTP(w http.ResponseWriter, r *http.Request) { t.handler.ServeHTTP(w, r) }

// Faults is where trouble is ordered.
func (t *Twin) Faults() *fake.Faults { return t.faults }

// Journal is the record of every call to the Web API.
func (t *Twin) Journal() *fake.Journal { return t.journal }

// AddChannel adds a public channel that the bot is in and returns its id.
func (t *Twin) AddChannel(name string) string { return t.PutChannel(Channel{Name: name, Member: true}) }

// PutChannel adds a channel, or replaces the one with the same id, and returns
// its id.
func (t *Twin) PutChannel(c Channel) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.Name = strings.TrimPrefix(c.Name, "#")
	if c.ID == "" {
		c.ID = t.id("C")
	}
	if i := slices.IndexFunc(t.channels, func(o *Channel) bool { return o.ID == c.ID }); i >= 0 {
		c.messages = t.channels[i].messages
		t.channels[i] = &c
	} else {
		t.channels = append(t.channels, &c)
	}
	return c.ID
}

// AddUser adds a member; an empty id is drawn. It returns the id.
func (t *Twin) AddUser(u User) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u.ID == "" {
		u.ID = t.id("U")
	}
	t.users = append(t.users, u)
	return u.ID
}

// Messages returns the messages of a channel (id, name or #name), oldest first,
// with those of threads.
func (t *Twin) Messages(channel string) []Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Message
	if c := t.channel(channel); c != nil {
		for _, m := range c.messages {
			all = append(all, *m)
		}
	}
	return all
}

// Uploads returns the files that were shared, by id in order.
func (t *Twin) Uploads() []File {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []File
	for _, id := range slices.Sorted(maps.Keys(t.files)) {
		if f := t.files[id]; len(f.Shared) > 0 {
			all = append(all, *f)
		}
	}
	return all
}

// Views returns the modals that were opened, oldest first.
func (t *Twin) Views() []View {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.views)
}

// Write puts a person's message into a channel, in a thread where threadTS is
// not empty, and returns its ts. Use [Twin.Event] to tell an app of it.
func (t *Twin) Write(channel, user, text, threadTS string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.channel(channel)
	if c == nil {
		return ""
	}
	m := &Message{Channel: c.ID, TS: t.ts(), ThreadTS: threadTS, User: user, Text: text}
	c.messages = append(c.messages, m)
	return m.TS
}

// channel finds by id, or by name as chat.postMessage allows.
func (t *Twin) channel(ref string) *Channel {
	name := strings.TrimPrefix(ref, "#")
	for _, c := range t.channels {
		if c.ID == ref || c.Name == name {
			return c
		}
	}
	return nil
}

func (t *Twin) id(prefix string) string {
	t.count++
	return fmt.Sprintf("%s0TWIN%05d", prefix, t.count)
}

// ts is unique and rising within the workspace, microseconds after the dot.
func (t *Twin) ts() string {
	t.lastTS = max(t.lastTS+1, t.now().UnixMicro())
	return fmt.Sprintf("%d.%06d", t.lastTS/1e6, t.lastTS%1e6)
}

// request is one call of the Web API.
type request struct {
	t    *Twin
	form url.Values
	body []byte
	host string
}

// problem is Slack's error: HTTP 200 with ok false.
type problem string

func (p problem) Error() string { return string(p) }

type answer map[string]any

var methods = map[string]func(*request) (answer, error){
	"auth.test": authTest, "chat.postMessage": postMessage, "chat.update": update, "chat.getPermalink": permalink,
	"conversations.history": history, "conversations.replies": replies, "conversations.list": listChannels, "conversations.info": channelInfo,
	"users.lookupByEmail": lookupByEmail, "users.info": userInfo,
	"files.getUploadURLExternal": uploadURL, "files.completeUploadExternal": completeUpload, "views.open": openView,
}

func (t *Twin) api(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	if err != nil {
		return
	}
	method := r.PathValue("method")
	q := &request{t: t, form: r.URL.Query(), body: body, host: r.Host}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		q.form = jsonForm(body)
	} else if posted, err := url.ParseQuery(string(body)); err == nil {
		maps.Copy(q.form, posted)
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = q.form.Get("token")
	}
	entry := fake.Entry{Time: t.now().UTC(), Service: "slack", Operation: method, Account: q.form.Get("channel"), UserAgent: r.UserAgent(), Input: q.shown(), Outcome: "ok"}
	hit := t.faults.Draw("slack", method, q.form.Get("channel"))
	entry.Fault = string(hit.Kind)
	hit.Wait(r.Context())
	out, err := t.perform(q, method, token, hit)
	if err != nil {
		entry.Outcome = err.Error()
	}
	entry.Write = err == nil && (strings.HasPrefix(method, "chat.") && method != "chat.getPermalink" || method == "files.completeUploadExternal" || method == "views.open")
	t.journal.Record(entry)
	switch {
	case hit.Kind == fake.LostAnswer || hit.Kind == fake.Hang:
		panic(http.ErrAbortHandler)
	case hit.Kind == fake.Throttle:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(hit.RetryAfter.Seconds()))))
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"ok":false,"error":"ratelimited"}`)
		return
	case hit.Kind == fake.ServerError:
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"ok":false,"error":"internal_error"}`)
		return
	}
	if out == nil {
		out = answer{}
	}
	out["ok"] = err == nil
	if err != nil {
		out["error"] = err.Error()
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(out)
}

func (t *Twin) perform(q *request, method, token string, hit fake.Fault) (answer, error) {
	switch hit.Kind {
	case fake.Throttle, fake.ServerError, fake.Hang:
		return nil, problem(hit.Kind)
	case fake.Deny:
		return nil, problem("missing_scope")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.host = q.host
	run, known := methods[method]
	switch {
	case token == "":
		return nil, problem("not_authed")
	case token != t.options.Token:
		return nil, problem("invalid_auth")
	case !known:
		return nil, problem("unknown_method")
	}
	return run(q)
}

// jsonForm flattens a JSON body: texts as they are, the rest as JSON.
func jsonForm(body []byte) url.Values {
	form := url.Values{}
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return form
	}
	for k, v := range m {
		var s string
		if json.Unmarshal(v, &s) == nil {
			form.Set(k, s)
		} else {
			form.Set(k, string(v))
		}
	}
	return form
}

// shown is the request without its token.
func (q *request) shown() json.RawMessage {
	in := map[string]string{}
	for k := range q.form {
		if k != "token" {
			in[k] = q.form.Get(k)
		}
	}
	b, _ := json.Marshal(in)
	return b
}
