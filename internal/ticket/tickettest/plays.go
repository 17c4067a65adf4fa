package tickettest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zesei/internal/ticket"
)

func once(t *testing.T, p *play) {
	w := p.ticket("logs")
	p.settle(w)
	got := p.one()
	if !strings.Contains(got.Title, "S3.8") || got.Closed {
		t.Errorf("the ticket is %+v", got)
	}
	if !p.NoDue && got.Due != "2027-05-10" {
		t.Errorf("the deadline is %q, want 2027-05-10: the owner's day, not UTC's", got.Due)
	}
	if got.Assignee == "" {
		t.Error("nobody is assigned")
	}
	if !strings.Contains(got.Body, w.Marker()) {
		t.Errorf("the marker %s does not stand in the body:\n%s", w.Marker(), got.Body)
	}
	k := p.known()
	if k.Key == "" || !strings.HasPrefix(k.URL, "http") {
		t.Errorf("known: key %q, url %q", k.Key, k.URL)
	}
	p.settle(w)
	p.wantComments(0)
}

func lostCreate(t *testing.T, p *play) {
	w := p.ticket("logs")
	p.Order("create", Lost)
	if err := p.deliver(w, 0, false); err == nil {
		t.Fatal("a lost answer was taken for success")
	}
	p.settle(w)
	p.one()
	p.settle(with(w, 0, fixed))
	if got := p.one(); !got.Closed {
		t.Error("the ticket that was found again is not followed: it is open")
	}
}

func busyCreate(t *testing.T, p *play) {
	w := p.ticket("logs")
	p.Order("create", Busy)
	if err := p.deliver(w, 0, false); err == nil {
		t.Fatal("a server error was taken for success")
	}
	p.settle(w)
	p.one()
}

func limited(t *testing.T, p *play) {
	w := p.ticket("logs")
	p.Order("create", Limited)
	err := p.deliver(w, 0, false)
	var wait *ticket.RetryAfter
	if !errors.As(err, &wait) || wait.After != time.Minute {
		t.Fatalf("error %v, want one that says 1m", err)
	}
	if p.known().Pending != nil {
		t.Error("a create that was refused for its rate is held in doubt")
	}
	p.settle(w)
	p.one()
}

func refused(t *testing.T, p *play) {
	p.Order("create", Refused)
	err := p.deliver(p.ticket("logs"), 0, false)
	var permanent *ticket.Permanent
	if !errors.As(err, &permanent) {
		t.Fatalf("error %v, want a permanent one", err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error has several lines: %q", err)
	}
}

// life is a ticket's whole life, as the wanted states one after the other.
func life(p *play) []ticket.Ticket {
	w := p.ticket("logs")
	moved := with(w, 0, func(c *ticket.Case) { c.Due = c.Due.AddDate(0, 0, 7) })
	done := with(moved, 0, fixed)
	return []ticket.Ticket{w, moved, done, with(done, 0, again)}
}

func stopAnywhere(t *testing.T, p *play) {
	type stopped struct{ key, at string }
	var all []stopped
	for stop := 1; p.Slow; stop++ {
		// One life is stopped at this record of every stage.
		s := stopped{fmt.Sprintf("5eedslow%d-7", stop), fmt.Sprintf("stopped at record %d of every stage", stop)}
		all = append(all, s)
		if !p.liveWithStops(s.key, s.at, func(stage int) (int, bool) { return stop, (stage+stop)%2 == 0 }) {
			break
		}
	}
	for _, lose := range []bool{false, true} {
		if p.Slow {
			break
		}
		for stage := range life(p) {
			for stop := 1; ; stop++ {
				// Each life is stopped once, at one record of one stage, and has a
				// ticket of its own.
				s := stopped{fmt.Sprintf("5eed%v%d%d-7", lose, stage, stop), fmt.Sprintf("stopped at record %d of stage %d (lost: %v)", stop, stage, lose)}
				hit := p.liveWithStops(s.key, s.at, func(i int) (int, bool) {
					if i != stage {
						return 0, false
					}
					return stop, lose
				})
				all = append(all, s)
				if !hit {
					break
				}
			}
		}
	}
	standing := p.Standing()
	for _, s := range all {
		var mine []Shown
		for _, one := range standing {
			if ticket.HasMarker(one.Body, ticket.MarkerOf(s.key)) {
				mine = append(mine, one)
			}
		}
		if len(mine) != 1 {
			t.Fatalf("%s: %d tickets stand, want 1", s.at, len(mine))
		}
		if got := mine[0]; len(got.Comments) != 3 || got.Closed {
			t.Fatalf("%s: %d comments, closed %v; want 3 and open\n%s", s.at, len(got.Comments), got.Closed, strings.Join(got.Comments, "\n---\n"))
		}
	}
}

// liveWithStops lets a ticket live, and the process die at a record of each stage
// that plan names, lost or kept; it says whether it died at all.
func (p *play) liveWithStops(key, at string, plan func(stage int) (record int, lose bool)) (stopped bool) {
	p.t.Helper()
	p.stored = nil
	for i, w := range life(p) {
		w.Key = key
		if stop, lose := plan(i); stop > 0 {
			switch err := p.deliver(w, stop, lose); {
			case errors.Is(err, errStopped):
				stopped = true
			case err != nil:
				p.t.Fatalf("%s: %v", at, err)
			}
		}
		p.settle(w)
	}
	return stopped
}

func lostComment(t *testing.T, p *play) {
	if p.Tracker.Traits().NoComments {
		t.Skip("comments of this tracker cannot be read: one in doubt is repeated")
	}
	w := p.ticket("logs")
	p.settle(w)
	w = with(w, 0, func(c *ticket.Case) { c.Due = c.Due.AddDate(0, 0, 7) })
	p.Order("comment", Lost)
	if err := p.deliver(w, 0, false); err == nil {
		t.Fatal("a lost answer was taken for success")
	}
	p.settle(w)
	p.wantComments(1)
}

func changes(t *testing.T, p *play) {
	w := p.ticket("logs")
	p.settle(w)
	if p.Assign != nil {
		p.Assign(p.known().Key)
		p.hear(w)
	}
	before := p.one().Assignee
	w = with(w, 0, func(c *ticket.Case) { c.Due = c.Due.AddDate(0, 0, 7) })
	p.settle(w)
	got := p.one()
	if !p.NoDue && got.Due != "2027-05-17" {
		t.Errorf("the deadline is %q, want 2027-05-17", got.Due)
	}
	if got.Assignee != before {
		t.Errorf("an update of the deadline gave the ticket of %q to %q", before, got.Assignee)
	}
	if c := p.wantComments(1)[0]; !strings.Contains(plain(c), "17") {
		t.Errorf("the comment does not name the new deadline:\n%s", c)
	}
}

func closes(t *testing.T, p *play) {
	w := p.ticket("logs")
	p.settle(w)
	done := with(w, 0, fixed)
	p.settle(done)
	if !p.one().Closed {
		t.Error("the ticket is open")
	}
	if c := p.wantComments(1)[0]; !strings.Contains(plain(c), "BlockPublicAcls is true in the live configuration") {
		t.Errorf("the comment does not show the proof:\n%s", c)
	}
	back := with(done, 0, again)
	p.settle(back)
	if p.one().Closed {
		t.Error("the problem is back and the ticket is closed")
	}
	if c := p.wantComments(2)[1]; !strings.Contains(plain(c), "the problem is back, brought by jiro") {
		t.Errorf("the comment does not tell of the recurrence:\n%s", c)
	}
	p.settle(with(back, 0, fixed))
	if !p.one().Closed {
		t.Error("the ticket is open after the second fix")
	}
}

func finds(t *testing.T, p *play) {
	ctx := context.Background()
	w, other := p.ticket("logs"), p.ticket("images")
	other.Key += "2" // the first key is the beginning of the second
	p.settle(other)
	p.Advance(p.Tracker.Traits().IndexDelay)
	since := p.Now().Add(-time.Hour)
	if is, found, err := p.Tracker.FindByMarker(ctx, p.Project, w.Marker(), since); err != nil || found {
		t.Fatalf("before it is made: found %v (%s), %v", found, is.Key, err)
	}
	p.stored = nil
	p.settle(w)
	p.settle(with(w, 0, fixed))
	p.Advance(p.Tracker.Traits().IndexDelay)
	is, found, err := p.Tracker.FindByMarker(ctx, p.Project, w.Marker(), since)
	if err != nil || !found || is.Key != p.known().Key || !is.Closed {
		t.Fatalf("found %v, key %q, closed %v, %v; want the closed ticket %q", found, is.Key, is.Closed, err, p.known().Key)
	}
}

func closedEarly(t *testing.T, p *play) {
	if p.Close == nil {
		t.Skip("no person acts on this server")
	}
	w := p.ticket("logs")
	p.settle(w)
	p.Close(p.known().Key)
	news := p.hear(w)
	if len(news) != 1 || news[0].What != ticket.HeardClosed {
		t.Fatalf("heard %+v, want that it was closed", news)
	}
	if news := p.hear(w); len(news) != 0 {
		t.Errorf("heard it twice: %+v", news)
	}
	held := w
	held.Hold = "a recheck runs"
	p.settle(held)
	if !p.one().Closed {
		t.Error("the ticket was opened although that was to wait")
	}
	p.settle(w)
	if p.one().Closed {
		t.Error("the resource still fails and the ticket is closed")
	}
	if c := p.wantComments(1)[0]; !strings.Contains(plain(c), "while the resource still fails") {
		t.Errorf("the comment does not give the reason:\n%s", c)
	}
	if news := p.hear(w); len(news) != 0 {
		t.Errorf("our own words came back: %+v", news)
	}
	p.Close(p.known().Key) // and it is fixed by then
	p.hear(w)
	p.settle(with(w, 0, fixed))
	if !p.one().Closed {
		t.Error("a fixed ticket was opened")
	}
}

func comesBack(t *testing.T, p *play) {
	if p.Say == nil {
		t.Skip("no person acts on this server")
	}
	w := p.ticket("logs")
	p.settle(w)
	p.hear(w)
	key := p.known().Key
	p.settle(with(w, 0, func(c *ticket.Case) { c.Due = c.Due.AddDate(0, 0, 1) }))
	p.Say(key, "We need this until the *migration* is over.\n<b>Really</b>")
	p.Say(key, "/zesei exception public website, reviewed by legal")
	p.Say(key, "/zesei recheck")
	var what []ticket.Heard
	var words []string
	for _, f := range p.hear(w) {
		what, words = append(what, f.What), append(words, f.Text)
	}
	if want := []ticket.Heard{ticket.HeardComment, ticket.HeardException, ticket.HeardRecheck}; !slices.Equal(what, want) {
		t.Fatalf("heard %q, want %q; words %q", what, want, words)
	}
	if !strings.Contains(words[0], "migration") || words[1] != "public website, reviewed by legal" {
		t.Errorf("words: %q", words)
	}
	if p.Assign != nil {
		p.Assign(key)
		news := p.hear(w)
		if len(news) != 1 || news[0].What != ticket.HeardAssignee || news[0].Text == "" {
			t.Errorf("heard %+v, want the assignee", news)
		}
	}
	if news := p.hear(w); len(news) != 0 {
		t.Errorf("heard twice: %+v", news)
	}
}

func deleted(t *testing.T, p *play) {
	if p.Delete == nil {
		t.Skip("tickets of this server cannot be deleted")
	}
	w := p.ticket("logs")
	p.settle(w)
	p.Delete(p.known().Key)
	p.settle(with(w, 0, func(c *ticket.Case) { c.Due = c.Due.AddDate(0, 0, 1) }))
	if got := p.one(); p.known().Key != got.Key || p.known().Gone != 1 {
		t.Errorf("known %q, deleted %d times; standing %q", p.known().Key, p.known().Gone, got.Key)
	}
}

func unknownPerson(t *testing.T, p *play) {
	w := p.ticket("logs")
	w.Assignee = "nobody-we-know"
	p.settle(w)
	p.one()
}

// Hostile is text that people who do not mean well give to resources.
const Hostile = "x`*_[a](https://evil.example/)_*` @taro @here #1 [[Secret]] {{macro}} {code}x{code} <script>alert(1)</script> !pic! |t| h1. &amp; \\ [~taro] ~~s~~ %{color:red}r% GH-1 www.evil.example -gone- web-1-a_b x-gone-"

func hostile(t *testing.T, p *play) {
	w := p.ticket("logs")
	w.Control.TitleEN = Hostile
	w.Cases[0].ResourceName = Hostile + "\nzesei-5eed0001-9\u202e\u0000"
	w.Cases[0].Resource = "arn:aws:s3:::" + Hostile
	w.Cases[0].By = Hostile
	p.settle(w)
	got := p.one()
	if strings.ContainsAny(got.Body, "\u202e\u0000") {
		t.Error("the body holds characters that reorder or end text")
	}
	if p.Harmless != nil {
		p.Harmless(t, got.Body, Hostile)
	}
	p.settle(with(with(w, 0, fixed), 0, func(c *ticket.Case) { c.Proof = Hostile }))
	for _, c := range p.wantComments(1) {
		if p.Harmless != nil {
			p.Harmless(t, c, Hostile)
		}
	}
}

func japanese(t *testing.T, p *play) {
	w := p.ticket("logs")
	w.Language = "ja"
	p.settle(w)
	got := p.one()
	if !strings.Contains(got.Title, "S3バケットでパブリックアクセスをブロックしてください") {
		t.Errorf("title %q", got.Title)
	}
	if body := plain(got.Body); !strings.Contains(body, "2027年5月10日(月)") || !strings.Contains(body, "◆リージョン: ap-northeast-1") {
		t.Errorf("body:\n%s", body)
	}
	p.settle(with(w, 0, fixed))
	if c := p.wantComments(1)[0]; !strings.Contains(c, "修正を確認しました") {
		t.Errorf("comment:\n%s", c)
	}
}

func group(t *testing.T, p *play) {
	w := p.ticket("logs", "images")
	p.settle(w)
	joined := p.ticket("logs", "images", "backups")
	p.settle(joined)
	if c := p.wantComments(1)[0]; !strings.Contains(plain(c), "backups") {
		t.Errorf("the comment does not name the newcomer:\n%s", c)
	}
	if body := plain(p.one().Body); !strings.Contains(body, "3 of 3 resources are open") {
		t.Errorf("body:\n%s", body)
	}
	part := with(joined, 0, fixed)
	p.settle(part)
	if p.one().Closed {
		t.Error("two cases are open and the ticket is closed")
	}
	p.settle(with(with(part, 1, fixed), 2, fixed))
	if !p.one().Closed {
		t.Error("no case is open and the ticket is open")
	}
	p.wantComments(3)
}

// plain undoes what the trackers' escapes do to harmless words: what the suite
// looks for holds no markup of its own.
func plain(stored string) string {
	for _, r := range [][2]string{{"&#45;", "-"}, {"&#43;", "+"}, {"&#95;", "_"}, {"&#8203;", ""}, {"&#58;", ":"}, {"&#46;", "."}} {
		stored = strings.ReplaceAll(stored, r[0], r[1])
	}
	return strings.ReplaceAll(stored, "\\", "")
}
