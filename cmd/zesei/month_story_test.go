package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	"zesei/internal/fake/tracker"
)

// story is everything that zesei told anybody, in order, as it is read: Slack,
// mail and tickets in a file a language, and Security Hub's notes in one.
type story struct {
	m     *month
	teams []*team
	files map[string]*bytes.Buffer

	begun   time.Time // when the present step began
	caption string
	headed  map[string]bool // files that show the step's heading
	said    []string        // one line a thing told
	before  int             // how many there were when the step began

	slackSeen, mailSeen, hubSeen int
	posts                        map[string]string // by channel and ts: what people call the message
	heads, replies               map[string]int    // messages of a channel, replies to a message
	tickets                      map[string]tracker.Issue
	ids                          map[string]string
}

func newStory(m *month, teams []*team) *story {
	return &story{m: m, teams: teams, files: map[string]*bytes.Buffer{}, posts: map[string]string{}, heads: map[string]int{}, replies: map[string]int{},
		tickets: map[string]tracker.Issue{}, ids: map[string]string{}}
}

// step begins a new time; what was told before has been listened to.
func (s *story) step(at time.Time, caption string) {
	s.begun, s.caption, s.headed, s.before = at, caption, map[string]bool{}, len(s.said)
}

// listen takes in what has been told since it was last called, and returns how
// many things were told in all.
func (s *story) listen() int {
	s.hearSlack()
	s.hearMail()
	for _, t := range s.teams {
		s.hearTickets(t)
	}
	s.hearHub()
	return len(s.said)
}

// last are the headings of the last n things told.
func (s *story) last(n int) string { return strings.Join(s.said[len(s.said)-n:], "; ") }

// tell adds one thing to a file, under the heading of its step.
func (s *story) tell(file string, zone *time.Location, heading, text string) {
	b := s.files[file]
	if b == nil {
		b = &bytes.Buffer{}
		s.files[file] = b
	}
	if !s.headed[file] {
		s.headed[file] = true
		fmt.Fprintf(b, "══════════ %s", s.begun.In(zone).Format("Mon 2006-01-02 15:04 MST"))
		if s.caption != "" {
			fmt.Fprintf(b, ": %s", s.caption)
		}
		b.WriteString("\n\n")
	}
	s.said = append(s.said, heading)
	fmt.Fprintf(b, "── %s\n%s\n\n", heading, strings.TrimSpace(s.plain(text)))
}

var (
	madeID  = regexp.MustCompile(`\b([fx])[0-9a-f]{10}\b`)
	seconds = regexp.MustCompile(`(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d(\.\d+)?Z`)
	marker  = regexp.MustCompile(`\bzesei-[0-9a-f]{8}-\d+`) // of a ticket: the store's id is drawn
	escape  = regexp.MustCompile(`\\([[:punct:]])`)         // of Markdown
)

// plain takes out what differs from run to run: ids that are drawn, addresses,
// and seconds.
func (s *story) plain(text string) string {
	text = strings.NewReplacer(s.m.urls...).Replace(text)
	text = madeID.ReplaceAllStringFunc(text, func(id string) string {
		if s.ids[id] == "" {
			n := 1
			for known := range s.ids {
				if known[0] == id[0] {
					n++
				}
			}
			s.ids[id] = fmt.Sprintf("%c-%d", id[0], n)
		}
		return s.ids[id]
	})
	return marker.ReplaceAllString(seconds.ReplaceAllString(text, "${1}Z"), "(marker)")
}

func (s *story) team(prefix string) *team {
	for _, t := range s.teams {
		if strings.HasPrefix(prefix, t.name) || slices.Contains(t.people, prefix) {
			return t
		}
	}
	return s.teams[0] // the security team reads what the company reads
}

func (s *story) hearSlack() {
	all := s.m.slack.Said()
	news := all[s.slackSeen:]
	slices.SortStableFunc(news, func(a, b slack.Said) int { return strings.Compare(a.Channel, b.Channel) })
	for _, m := range news {
		t := s.team(m.Channel)
		key := m.Channel + m.TS
		name := s.posts[key]
		switch {
		case m.Edit:
			name += " is edited"
		case m.ThreadTS == "":
			s.heads[m.Channel]++
			name = fmt.Sprintf("message %d", s.heads[m.Channel])
			s.posts[key] = name
		default:
			thread := m.Channel + m.ThreadTS
			s.replies[thread]++
			name = fmt.Sprintf("%s, reply %d", s.posts[thread], s.replies[thread])
			s.posts[key] = name
		}
		to := "#" + m.Channel
		if slices.Contains(t.people, m.Channel) {
			to = "@" + m.Channel
		}
		s.tell("slack."+t.language+".txt", t.zone, to+" "+name, slackText(m))
	}
	s.slackSeen = len(all)
}

// slackText is what a person sees of a message: its blocks, and buttons by their
// labels. What notifications show is the same text; where it is not, it stands
// first.
func slackText(m slack.Said) string {
	type text struct{ Text string }
	var blocks []struct {
		Type     string
		Text     text
		Fields   []text
		Elements []struct {
			Type string
			Text json.RawMessage
		}
	}
	if len(m.Blocks) == 0 || json.Unmarshal(m.Blocks, &blocks) != nil {
		return m.Text
	}
	var parts []string
	for _, b := range blocks {
		var lines []string
		if b.Text.Text != "" {
			lines = append(lines, b.Text.Text)
		}
		for _, f := range b.Fields {
			lines = append(lines, f.Text)
		}
		var row []string
		for _, e := range b.Elements {
			var label string
			var button text
			if json.Unmarshal(e.Text, &label) == nil {
				row = append(row, label)
			} else if json.Unmarshal(e.Text, &button) == nil {
				row = append(row, "["+button.Text+"]")
			} else {
				row = append(row, "("+e.Type+")")
			}
		}
		if len(row) > 0 {
			lines = append(lines, strings.Join(row, " "))
		}
		if len(lines) == 0 {
			lines = []string{"(" + b.Type + ")"}
		}
		parts = append(parts, strings.Join(lines, "\n"))
	}
	shown := strings.Join(parts, "\n\n")
	one := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if !strings.HasPrefix(one(shown), one(strings.TrimSuffix(m.Text, "…"))) { // one that is too long is cut
		shown = "(notification: " + m.Text + ")\n" + shown
	}
	return link.ReplaceAllStringFunc(shown, shortLink)
}

// link is a link with a label. Slack shows the label; the story shows where it
// leads too, as far as a reader wants to know.
var link = regexp.MustCompile(`<(https?://[^|>]+)\|([^>]*)>`)

func shortLink(s string) string {
	parts := link.FindStringSubmatch(s)
	url, label := parts[1], parts[2]
	if i := strings.IndexAny(url, "?#"); i >= 0 && len(url) > 60 {
		url = url[:i+1] + "…"
	}
	if url == label {
		return "<" + url + ">"
	}
	return label + " <" + url + ">"
}

func (s *story) hearMail() {
	all := s.m.post.letters()
	for _, l := range all[s.mailSeen:] {
		t := s.team(l.to)
		s.tell("mail."+t.language+".txt", t.zone, "to "+l.to+": "+l.subject, l.text)
	}
	s.mailSeen = len(all)
}

// read is a text of a tracker as it shows it, where it escapes characters.
func (t *team) read(text string) string {
	return escape.ReplaceAllString(html.UnescapeString(text), "$1")
}

// hearTickets tells what has become of a team's tickets.
func (s *story) hearTickets(t *team) {
	file := "tickets." + t.language + ".txt"
	for _, i := range t.tracker.Issues() {
		key := t.name + " " + i.Key
		was, known := s.tickets[key]
		name := "ticket " + i.Key
		s.tickets[key] = i
		facts := func(i tracker.Issue) string {
			return fmt.Sprintf("state: %s\ndue: %s\nassignee: %s\npriority: %s\nlabels: %s", i.State, i.Due, i.Assignee, i.Priority, strings.Join(i.Labels, ", "))
		}
		switch {
		case !known:
			s.tell(file, t.zone, name+" is made: "+i.Title, facts(i)+"\n\n"+t.read(i.Body))
		case i.Title != was.Title || i.Body != was.Body || facts(i) != facts(was):
			var changed []string
			if i.Title != was.Title {
				changed = append(changed, "title: "+i.Title)
			}
			before := strings.Split(facts(was), "\n")
			for _, line := range strings.Split(facts(i), "\n") {
				if !slices.Contains(before, line) {
					changed = append(changed, line)
				}
			}
			if i.Body != was.Body {
				changed = append(changed, "", t.read(i.Body))
			}
			s.tell(file, t.zone, name+" is changed by "+cmp.Or(i.UpdatedBy, "somebody"), strings.Join(changed, "\n"))
		}
		for _, c := range i.Comments[min(len(was.Comments), len(i.Comments)):] {
			s.tell(file, t.zone, name+", comment by "+c.By, t.read(c.Text))
		}
	}
}

// hearHub tells what Security Hub was told of its findings.
func (s *story) hearHub() {
	all := s.m.cloud.Journal().Entries(fake.Query{Service: "securityhub", Operation: "BatchUpdateFindings", Outcome: "ok"})
	for _, e := range all[s.hubSeen:] {
		var in struct {
			FindingIdentifiers []struct{ Id string }
			Workflow           struct{ Status string }
			Note               struct{ Text string }
		}
		if json.Unmarshal(e.Input, &in) != nil {
			continue
		}
		var about []string
		for _, f := range in.FindingIdentifiers {
			about = append(about, s.finding(f.Id))
		}
		slices.Sort(about)
		s.tell("securityhub.txt", s.teams[0].zone, in.Workflow.Status+" "+e.Account, strings.Join(about, "\n")+"\n"+in.Note.Text)
	}
	s.hubSeen = len(all)
}

// finding is what a finding of the twin is about.
func (s *story) finding(id string) string {
	for _, t := range s.teams {
		raw, ok := s.m.cloud.Finding(t.account, tokyo, id)
		var f struct {
			Compliance struct{ SecurityControlId string }
			Resources  []struct{ Id string }
		}
		if ok && json.Unmarshal(raw, &f) == nil && len(f.Resources) > 0 {
			return t.name + " " + f.Compliance.SecurityControlId + " " + f.Resources[0].Id
		}
	}
	return id
}

// compare holds the files against those of a folder beside the test, and says
// how they differ; with update it writes them first.
func (s *story) compare(folder string, update bool) string {
	folder = filepath.Join("testdata", folder)
	if update {
		for name, b := range s.files {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err.Error()
			}
			if err := os.WriteFile(filepath.Join(folder, name), b.Bytes(), 0o600); err != nil {
				return err.Error()
			}
		}
	}
	kept, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return err.Error()
	}
	names := slices.Collect(maps.Keys(s.files))
	for _, path := range kept {
		if n := filepath.Base(path); s.files[n] == nil {
			names, s.files[n] = append(names, n), &bytes.Buffer{}
		}
	}
	slices.Sort(names)
	var out strings.Builder
	for _, name := range names {
		want, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			fmt.Fprintf(&out, "%v\n", err)
			continue
		}
		out.Write(diff.Diff(filepath.Join(folder, name), want, "told", s.files[name].Bytes()))
	}
	return out.String()
}
