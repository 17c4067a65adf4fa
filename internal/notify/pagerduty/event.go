package pagerduty

import (
	"cmp"
	"fmt"
	"time"

	"zesei/internal/finding"
	"zesei/internal/notify"
)

// The event actions that are sent.
const (
	trigger = "trigger"
	resolve = "resolve"
)

// Limits of the Events API, in characters.
const (
	maxKey     = 255
	maxSummary = 1024
)

// event is the body of POST /v2/enqueue.
type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"`
	Key        string   `json:"dedup_key"`
	Client     string   `json:"client,omitempty"`
	Payload    *payload `json:"payload,omitempty"`
	Links      []link   `json:"links,omitempty"`
}

type payload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"` // critical, error, warning, info
	Component string            `json:"component,omitempty"`
	Group     string            `json:"group,omitempty"`
	Class     string            `json:"class,omitempty"`
	Details   map[string]string `json:"custom_details,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

func newEvent(routingKey, action string, m notify.Message, c notify.Case) event {
	e := event{RoutingKey: routingKey, Action: action, Key: cut("zesei/"+c.Key, maxKey)}
	if action == resolve {
		return e
	}
	control := cmp.Or(c.Control, m.Control.ID)
	title := m.Control.TitleEN
	if m.Language == "ja" {
		title = cmp.Or(m.Control.TitleJA, title)
	}
	account := c.AccountID
	if c.AccountName != "" {
		account = fmt.Sprintf("%s (%s)", c.AccountName, c.AccountID)
	}
	e.Client = "zesei"
	e.Payload = &payload{
		Summary: cut(notify.Clean(fmt.Sprintf("%s: %s — %s, %s %s", control, cmp.Or(c.Title, title), cmp.Or(c.ResourceName, c.Resource), account, c.Region)), maxSummary),
		Source:  cut(notify.Clean(cmp.Or(c.Resource, c.AccountID)), maxSummary), Severity: severity(c.Severity),
		Component: notify.Clean(c.ResourceType), Group: notify.Clean(account), Class: notify.Clean(control),
		Details: details(m, c),
	}
	if u := notify.DocURL(m.Control.Remediation); u != "" {
		e.Links = []link{{Href: u, Text: control}}
	}
	return e
}

func details(m notify.Message, c notify.Case) map[string]string {
	out := map[string]string{"case": c.Key, "owner": m.Owner, "region": c.Region, "severity": string(c.Severity), "by": c.By}
	if !c.Due.IsZero() {
		zone := m.Zone
		if zone == nil {
			zone = time.UTC
		}
		out["due"] = c.Due.In(zone).Format(time.RFC3339)
	}
	for k, v := range out {
		if v = notify.Clean(v); v == "" {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

// severity is a severity in PagerDuty's words.
func severity(s finding.Severity) string {
	switch s {
	case finding.Critical:
		return "critical"
	case finding.High:
		return "error"
	case finding.Medium:
		return "warning"
	}
	return "info"
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
