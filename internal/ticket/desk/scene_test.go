package desk_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/control"
	"zesei/internal/fake/tracker"
	"zesei/internal/finding"
	"zesei/internal/job"
	"zesei/internal/policy"
	"zesei/internal/store"
	"zesei/internal/ticket"
	"zesei/internal/ticket/desk"
	tickethttp "zesei/internal/ticket/http"
	"zesei/internal/ticket/redmine"
	"zesei/internal/ticket/tickettest"
)

var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// scene is a desk between a store with casework on it and the twin of a tracker.
type scene struct {
	t     *testing.T
	db    *store.DB
	work  *casework.Work
	desk  *desk.Desk
	queue *job.Queue
	twin  *tracker.Twin
	rules *casework.Rules
	mu    sync.Mutex // guards now
	now   time.Time

	closedAs ticket.ClosedAs
	owner    string // who answers for the account; empty: shop
	readable bool
	fails    bool // what our own check of any resource comes to
	checks   int
}

func newScene(t *testing.T, kind tracker.Kind) *scene {
	t.Helper()
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(tickettest.Scratch(t), "z.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := ticket.LoadTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, db: db, now: start, readable: true, fails: true}
	clock, quiet := s.clock, slog.New(slog.DiscardHandler)
	s.twin = tracker.New(kind, tracker.Options{Now: clock})
	server := httptest.NewServer(s.twin)
	t.Cleanup(server.Close)
	connected := sync.OnceValues(func() (ticket.Tracker, error) { return connect(kind, server.URL, clock, s.closedAs) })
	s.rules = &casework.Rules{
		Policy: s, Directory: s, Catalogue: cat, GroupWindow: time.Hour,
		CanRead:  func(string, string) bool { return s.readable },
		Tracker:  func(string) (string, string, bool) { return "tasks", s.twin.Project(), true },
		DigestAt: func(_ string, now time.Time) time.Time { return now.Add(24 * time.Hour) },
	}
	s.work = casework.New(db, s.rules, clock, quiet)
	s.desk = &desk.Desk{DB: db, Work: s.work, Directory: s, Catalogue: cat, Texts: texts, Now: clock, Log: quiet,
		Tracker:       func(context.Context, string) (ticket.Tracker, error) { return connected() },
		ExceptionEnds: func(at time.Time) time.Time { return at.AddDate(0, 1, 0) }}
	s.queue = &job.Queue{DB: db, Now: clock, Rand: rand.New(rand.NewPCG(1, 2)), Log: quiet, Owner: "test", Workers: 1, Handlers: map[string]job.Handler{
		casework.JobTicket: s.desk.Job, casework.JobTicketPoll: s.desk.Poll, casework.JobRecheck: s.recheck,
		casework.JobTick: func(ctx context.Context, j job.Job) error { return s.work.Tick(ctx, j.Subject) },
	}}
	// The account, the standard and the control have been known for long.
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		for _, n := range [][2]string{{"account", "111122223333"}, {"standard", "fsbp"}, {"control", "EC2.19"}} {
			if _, err := store.First(t.Context(), tx, n[0], n[1], start.Add(-48*time.Hour)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func connect(kind tracker.Kind, url string, now func() time.Time, as ticket.ClosedAs) (ticket.Tracker, error) {
	if kind == tracker.Redmine {
		return redmine.New(redmine.Config{Name: "tasks", URL: url, Token: "twin-token", ClosedAs: as, Now: now})
	}
	return tickethttp.New(tickethttp.Config{Name: "tasks", URL: url, Token: "twin-token", Now: now, Closed: []string{"done"}, Operations: map[string]tickethttp.Operation{
		"create":  {URL: "/api/tasks", Body: `{"name": {{.Title}}, "text": {{.Body}}, "ref": {{.Marker}}}`, Read: map[string]string{"key": "task.id"}},
		"get":     {URL: "/api/tasks/{{.Key}}", Read: map[string]string{"key": "task.id", "state": "task.status", "updated_by": "task.changed_by", "comments": "task.notes"}},
		"update":  {Method: "PATCH", URL: "/api/tasks/{{.Key}}", Body: `{"text": {{.Body}}}`},
		"comment": {URL: "/api/tasks/{{.Key}}/notes", Body: `{"text": {{.Comment}}}`},
		"close":   {URL: "/api/tasks/{{.Key}}/done"},
		"reopen":  {URL: "/api/tasks/{{.Key}}/open"},
	}})
}

// The scene is its own policy and directory.
func (s *scene) Decide(in policy.Input) policy.Decision {
	return policy.Decision{Response: policy.Track, Due: in.Now.Add(72 * time.Hour), Rule: "test", Fix: policy.Fix{Mode: policy.FixOff}}
}
func (s *scene) Problem(st finding.Status) bool   { return st == finding.Failed }
func (s *scene) Hash() string                     { return "policy-1" }
func (s *scene) Account(id string) policy.Account { return policy.Account{ID: id, Known: true} }
func (s *scene) Owner(string, map[string]string, string) (string, string) {
	return cmp.Or(s.owner, "shop"), "the account's"
}
func (s *scene) Zone(string) *time.Location { return time.UTC }
func (s *scene) Above(string) []string      { return nil }
func (s *scene) Channels(string) []string   { return nil }
func (s *scene) TicketVoice(string, string) desk.Voice {
	return desk.Voice{Language: "en", Zone: time.UTC}
}

// recheck looks at a resource, as the scene says that it is.
func (s *scene) recheck(ctx context.Context, j job.Job) error {
	s.checks++
	target, err := casework.ParseTarget(j.Subject)
	if err != nil {
		return err
	}
	v := casefile.Verdict{Status: finding.Passed, Why: "no rule is open to the world", At: s.now}
	if s.fails {
		v.Status, v.Why = finding.Failed, "a rule is open to the world"
	}
	_, err = s.work.Check(ctx, target, nil, []casework.Verdict{{Control: "EC2.19", Verdict: v}})
	return err
}

// said says that groups numbered from and below to pass or fail, and works what
// follows.
func (s *scene) said(status finding.Status, from, to int) {
	s.t.Helper()
	s.to(s.now.Add(time.Second))
	s.fails = status == finding.Failed
	var all []finding.Finding
	for i := from; i < to; i++ {
		f := finding.Finding{
			Source:  finding.Source{ProductARN: "arn:aws:securityhub:ap-northeast-1::product/aws/securityhub", ID: fmt.Sprintf("finding-%d", i)},
			Account: "111122223333", Region: "ap-northeast-1", Title: "open to the world",
			Severity: finding.High, Status: status, RecordState: finding.Active, Workflow: finding.New, Standards: []string{"fsbp"}, ObservedAt: s.now,
			Subjects: []finding.Subject{{ResourceType: "AWS::EC2::SecurityGroup", Key: finding.Key{Kind: finding.State, Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Control: "EC2.19",
				Resource: fmt.Sprintf("arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-%d", i)}}},
		}
		sum := sha256.Sum256(fmt.Append(nil, status, s.now))
		f.ContentHash = [16]byte(sum[:16])
		all = append(all, f)
	}
	if _, err := s.work.Take(context.Background(), casework.Arrival{Findings: all}); err != nil {
		s.t.Fatal(err)
	}
	s.drain()
}

// clock is read by the twin too, which answers beside the test.
func (s *scene) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// to moves the clock.
func (s *scene) to(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
}

func (s *scene) drain() {
	s.t.Helper()
	only := func(kind, _ string) bool { return s.queue.Handlers[kind] != nil }
	if err := s.queue.DrainOnly(context.Background(), 0, only); err != nil {
		s.t.Fatal(err)
	}
}

// wait lets time pass, minute by minute, and works what is due.
func (s *scene) wait(d time.Duration) {
	s.t.Helper()
	for ; d > 0; d -= time.Minute {
		s.to(s.now.Add(time.Minute))
		s.drain()
	}
}

// one is the only ticket.
func (s *scene) one() tracker.Issue {
	s.t.Helper()
	all := s.twin.Issues()
	if len(all) != 1 {
		s.t.Fatalf("%d tickets stand, want 1", len(all))
	}
	return all[0]
}

// last is the last comment of the only ticket.
func (s *scene) last() string {
	s.t.Helper()
	c := s.one().Comments
	if len(c) == 0 {
		return ""
	}
	return strings.ReplaceAll(c[len(c)-1].Text, "&#45;", "-")
}

// act lets a person do something in the tracker a moment later.
func (s *scene) act(do func(key, who string) error) {
	s.t.Helper()
	s.to(s.now.Add(time.Second))
	if err := do(s.one().Key, "taro"); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) file(id int64) *casefile.File {
	s.t.Helper()
	files, err := store.CasesByID(context.Background(), s.db.View(), []int64{id})
	if err != nil || len(files) != 1 {
		s.t.Fatalf("case %d: %v", id, err)
	}
	return files[0]
}

// moves are what the audit chain of a case says of its ticket.
func (s *scene) moves(id int64) []string {
	s.t.Helper()
	f := s.file(id)
	h := f.Key.Hash()
	chain, err := store.Audit(context.Background(), s.db.View(), id, fmt.Sprintf("%x", h))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := casefile.VerifyChain(chain); err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, e := range chain {
		if strings.HasPrefix(e.What, "ticket") {
			out = append(out, e.What)
		}
	}
	return out
}
