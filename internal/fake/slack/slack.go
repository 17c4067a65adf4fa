// Package slack is the offline twin of Slack's Web API: an http.Handler for
// the real client slack-go with slack.OptionAPIURL(url+"/api/").
//
// It holds one workspace: channels with messages, threads and edits, users,
// uploaded files and opened modals. It keeps to Slack's limits for blocks and
// text, and it has what Slack has and no more: in particular there is no
// idempotency key, so a post that is repeated after a lost answer stands twice.
// The way to find out is a message's metadata in conversations.history.
//
// [Twin.Press], [Twin.Submit] and [Twin.Mention] are what people do: they reach the
// app as signed requests, or over a websocket that the app has opened
// (apps.connections.open, Socket Mode). Trouble is ordered with fake.Faults (service "slack", operation "chat.postMessage",
// account = channel id).
package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
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
	// AppToken is the app-level token of Socket Mode; empty means "xapp-twin".
	AppToken string
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
	said     []Said
	whispers []Whisper
	hooks    map[string]*responseHook
	triggers map[string]*trigger
	tickets  map[string]bool // websockets that may be opened once
	sockets  []*socket
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
	With                      string // member of a conversation with one person
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

// BotUser is the user id under which the bot writes, Team the id of the workspace.
const (
	BotUser = "U0TWINBOT"
	Team    = "T0TWIN"
)

// New returns a workspace without channels.
func New(o Options) *Twin {
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, d := range []struct {
		have *string
		want string
	}{{&o.Token, "xoxb-twin"}, {&o.AppToken, "xapp-twin"}, {&o.SigningSecret, "twin-secret"}} {
		if *d.have == "" {
			*d.have = d.want
		}
	}
	t := &Twin{
		now: o.Now, options: o, faults: fake.NewFaults(o.Seed), journal: &fake.Journal{},
		files: map[string]*File{}, hooks: map[string]*responseHook{},
		triggers: map[string]*trigger{}, tickets: map[string]bool{},
		users: []User{{ID: BotUser, Name: "zesei", Email: ""}},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /upload/{id}", t.upload)
	mux.HandleFunc("POST /hooks/{id}", t.hook)
	mux.HandleFunc("GET /link/{$}", t.link)
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
