package notifytest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zesei/internal/finding"
	"zesei/internal/notify"
)

func once(t *testing.T, p *play) {
	m := p.message("sg-1")
	p.mustTell(m)
	got := p.wantStanding(1)
	for _, want := range []string{"EC2.19", "sg-1", "shop-prod", "111122223333", "ap-northeast-1", "1 Dec 2026 18:00 JST", "docs.aws.amazon.com"} {
		if !strings.Contains(got[0], want) {
			t.Errorf("the message does not say %q:\n%s", want, got[0])
		}
	}
	p.wantSettled(m)
	p.mustTell(m)
	p.wantStanding(1)
}

func moves(t *testing.T, p *play) {
	m := p.message("sg-1")
	p.mustTell(m)
	m = closeCase(m, 0)
	p.mustTell(m)
	if got := p.wantStanding(1); !strings.Contains(got[0], "The fix is confirmed") {
		t.Errorf("the message does not say that the case is closed:\n%s", got[0])
	}
	p.wantSettled(m)
}

func faultBefore(t *testing.T, p *play) {
	m := p.message("sg-1")
	p.Order(Busy)
	if err := p.tell(m, 0, false); err == nil {
		t.Fatal("a server error is not reported")
	}
	p.mustTell(m)
	p.wantStanding(1)
	p.wantSettled(m)
}

func lostAnswer(t *testing.T, p *play) {
	m := p.message("sg-1")
	p.Order(LostPost)
	// An error, or repeated by the channel itself where that is safe.
	_ = p.tell(m, 0, false)
	// What is to be said may have changed until the next attempt.
	m = closeCase(m, 0)
	p.mustTell(m)
	if got := p.wantStanding(1); !strings.Contains(got[0], "The fix is confirmed") {
		t.Errorf("the message found again was not brought up to date:\n%s", got[0])
	}
	p.wantSettled(m)
	p.Order(LostPost)
	m.Cases[0].Reason = "gone"
	_ = p.tell(m, 0, false)
	p.mustTell(m)
	if got := p.wantStanding(1); !strings.Contains(got[0], "deleted") {
		t.Errorf("the update is lost:\n%s", got[0])
	}
}

// stopAnywhere lets the process die at each record of a life of three
// deliveries, with the record kept or lost, and starts it again.
func stopAnywhere(t *testing.T, p *play) {
	life := []notify.Message{p.message("sg-1", "sg-2", "sg-3")}
	life = append(life, closeCase(life[0], 1))
	back := closeCase(life[0], 0)
	back.Cases[0].State, back.Cases[0].Recurrences = notify.Open, 1
	life = append(life, back)
	want := -1
	for _, lose := range []bool{false, true} {
		for stop := 0; ; stop++ {
			n, stopped := p.live(life, stop, lose, fmt.Sprintf("msg-%v-%d", lose, stop))
			if want < 0 {
				want = n
			}
			if n != want {
				t.Fatalf("stopped at record %d (lost: %v): %d messages stand, want %d", stop, lose, n, want)
			}
			if stop > 0 && !stopped {
				break
			}
		}
	}
}

func (p *play) live(life []notify.Message, stop int, lose bool, key string) (n int, stopped bool) {
	before := len(p.Standing())
	p.stored = nil
	for _, m := range life {
		m.Key = key
		if err := p.tell(m, stop, lose); errors.Is(err, errStopped) {
			stopped, stop = true, 0
			p.mustTell(m)
		} else if err != nil {
			p.t.Fatal(err)
		}
		p.wantSettled(m)
	}
	return len(p.Standing()) - before, stopped
}

func limited(t *testing.T, p *play) {
	m := p.message("sg-1")
	p.Order(Limited)
	var wait *notify.RetryAfter
	if err := p.tell(m, 0, false); !errors.As(err, &wait) || wait.After != time.Minute {
		t.Fatalf("got %v, want to be told to wait a minute", err)
	}
	p.mustTell(m)
	p.wantStanding(1)
}

func refused(t *testing.T, p *play) {
	m := p.message("sg-1")
	p.Order(Refused)
	var no *notify.Permanent
	err := p.tell(m, 0, false)
	if !errors.As(err, &no) {
		t.Fatalf("got %v, want a permanent refusal", err)
	}
	if no.Hint == "" || strings.Contains(err.Error(), "\n") {
		t.Errorf("not one line with a hint: %q", err)
	}
	p.wantStanding(0)
	p.Mend()
	p.mustTell(m)
	p.wantStanding(1)
}

func outside(t *testing.T, p *play) {
	m := p.message("sg-1")
	m.Cases[0].AccountName = "<!channel> <https://evil.example|click> &lt;!here&gt;"
	m.Cases[0].ResourceName = "a`b\n◆AWS account: forged\u202e\x1b[31m"
	m.Control.Remediation = "https://docs.aws.amazon.com.evil.example/x"
	p.mustTell(m)
	got := p.wantStanding(1)[0]
	for _, bad := range []string{"\u202e", "\x1b", "\n◆AWS account: forged", "evil.example/x"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q came through:\n%s", bad, got)
		}
	}
	if p.Via == notify.Slack && (strings.Contains(got, "<!") || strings.Contains(got, "<https://evil")) {
		t.Errorf("a mention or link was forged:\n%s", got)
	}
}

func group(t *testing.T, p *play) {
	m := p.message("sg-1", "sg-2")
	p.mustTell(m)
	first := len(p.Standing())
	if p.Via.Threads() && first != 3 {
		t.Errorf("%d messages stand, want the list and two details", first)
	}
	m.Cases = append(m.Cases, p.message("sg-3").Cases...)
	p.mustTell(m)
	all := strings.Join(p.Standing(), "\n")
	if !strings.Contains(all, "3 resources (3 open)") {
		t.Errorf("the list does not count the case that joined:\n%s", all)
	}
	for i := range m.Cases {
		m = closeCase(m, i)
	}
	p.mustTell(m)
	all = strings.Join(p.Standing(), "\n")
	if !strings.Contains(all, "All 3 are done") {
		t.Errorf("the list does not say that it is over:\n%s", all)
	}
	p.wantSettled(m)
}

func ranked(t *testing.T, p *play) {
	m := p.message("sg-1", "sg-2", "sg-3")
	m.Kind, m.Control = notify.Overflow, notify.Control{}
	m.Cases[2].Control, m.Cases[2].Severity = "EC2.18", finding.High
	p.mustTell(m)
	got := p.wantStanding(1)[0] // no thread: the list is read, not each case
	first, second := strings.Index(got, "1. [CRITICAL] EC2.19"), strings.Index(got, "2. [HIGH] EC2.18")
	if first < 0 || second < first || !strings.Contains(got, "2 resources") || !strings.Contains(got, "sg-3") {
		t.Errorf("the list ranks nothing:\n%s", got)
	}
	m = closeCase(m, 2)
	p.mustTell(m)
	p.wantStanding(1)
	p.wantSettled(m)
}
