package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// page is what GET / shows: how everything stands, and what was posted.
type page struct {
	Standing
	Slack []conversation `json:"slack"`
}

type conversation struct {
	Channel  string    `json:"channel"`
	Messages []message `json:"messages"`
}

type message struct {
	At     time.Time `json:"at"`
	Thread bool      `json:"thread"`
	Edits  int       `json:"edits"`
	Text   string    `json:"text"`
}

// Serve shows the demo on an address until Close: plain text at /, JSON at
// /status.json. It returns the URL.
func (d *Demo) Serve(address string) (string, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", &AddressError{address}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", &AddressError{address}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { d.show(w, r, text) })
	mux.HandleFunc("GET /status.json", func(w http.ResponseWriter, r *http.Request) { d.show(w, r, machine) })
	return d.world.serve(address, mux)
}

// AddressError says that an address cannot be listened on: the page has no
// sign-in, so it is for this machine only.
type AddressError struct{ Address string }

func (e *AddressError) Error() string {
	return fmt.Sprintf("%q: expected an address of this machine with a port, such as 127.0.0.1:8080", e.Address)
}

func (d *Demo) show(w http.ResponseWriter, r *http.Request, write func(http.ResponseWriter, page) error) {
	p, err := d.page(r.Context())
	if err == nil {
		err = write(w, p)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (d *Demo) page(ctx context.Context) (page, error) {
	list, err := d.cases(ctx)
	if err != nil {
		return page{}, err
	}
	now, err := d.standing(ctx, list)
	p := page{Standing: now}
	for _, name := range d.world.company.channels() {
		c := conversation{Channel: "#" + name}
		for _, m := range d.world.slack.Messages(name) {
			c.Messages = append(c.Messages, message{At: stamp(m.TS), Thread: m.ThreadTS != "" && m.ThreadTS != m.TS, Edits: m.Edits, Text: read(m)})
		}
		p.Slack = append(p.Slack, c)
	}
	return p, err
}

func machine(w http.ResponseWriter, p page) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(p)
}

func text(w http.ResponseWriter, p page) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	var b strings.Builder
	fmt.Fprintf(&b, "zesei demo\n\nread %d, findings %d (%d unchanged), dead letters %d\n", p.Read, p.Findings, p.Unchanged, p.Dead)
	for _, s := range Severities() {
		by := p.Cases.By[s]
		for _, state := range slices.Sorted(maps.Keys(by)) {
			fmt.Fprintf(&b, "%-14s %-10s %d\n", s, state, by[state])
		}
	}
	for _, f := range p.Fixes {
		fmt.Fprintf(&b, "\nfix %s %s (%s): %s/%s opened by %s\n  before: %s\n  now:    %s\n", f.ID, f.State, f.Mode, f.Name, f.Group, f.OpenedBy,
			strings.Join(f.Before, "; "), strings.Join(f.After, "; "))
	}
	for _, t := range p.Tickets {
		state := "open"
		if t.Closed {
			state = "closed"
		}
		fmt.Fprintf(&b, "\nticket %s (%s, %s): %s\n  cases: %s\n", t.issue(), t.Owner, state, t.Title, strings.Join(t.Cases, " "))
		if t.Due != "" || t.Assignee != "" {
			fmt.Fprintf(&b, "  due %s, assigned to %s\n", cmp.Or(t.Due, "-"), cmp.Or(t.Assignee, "nobody"))
		}
	}
	for _, c := range p.Slack {
		fmt.Fprintf(&b, "\n===== %s\n", c.Channel)
		for _, m := range c.Messages {
			margin := ""
			if m.Thread {
				margin = "    | "
			}
			fmt.Fprintf(&b, "\n%s%s\n", margin, m.At.In(tokyo()).Format("2006-01-02 15:04:05 MST"))
			for line := range strings.SplitSeq(strings.TrimRight(m.Text, "\n"), "\n") {
				fmt.Fprintf(&b, "%s%s\n", margin, line)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// stamp is the time of a Slack message, from its ts.
func stamp(ts string) time.Time {
	var sec, micro int64
	if _, err := fmt.Sscanf(ts, "%d.%d", &sec, &micro); err != nil {
		return time.Time{}
	}
	return time.Unix(sec, micro*1000).UTC()
}
