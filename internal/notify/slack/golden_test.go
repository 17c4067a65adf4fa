package slack

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zesei/internal/finding"
	"zesei/internal/notify"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestWhatSlackIsSent follows one message through its life and keeps every
// section that goes to Slack, in both languages.
func TestWhatSlackIsSent(t *testing.T) {
	for _, lang := range []string{"ja", "en"} {
		s, c := newServer(t), newClock()
		d := open(t, s, c)
		var out strings.Builder
		var told notify.Told
		show := func(what string, m notify.Message) {
			told = deliver(t, d, m, told)
			out.WriteString("########## " + what + "\n")
			for _, sent := range s.messages {
				where := "channel"
				if sent.Thread != "" {
					where = "thread"
				}
				out.WriteString("===== " + where + "\n" + strings.Join(sent.sections, "\n-----\n") + "\n")
			}
		}
		m := groupOf(1)
		m.Language = lang
		m.Control = notify.Control{
			ID: "EC2.19", Severity: finding.Critical,
			TitleJA:     "セキュリティグループは、リスクの高いポートへの無制限アクセスを許可してはいけません",
			TitleEN:     "Security groups should not allow unrestricted access to high-risk ports",
			Remediation: "https://docs.aws.amazon.com/console/securityhub/EC2.19/remediation",
		}
		m.Cases[0].AccountName, m.Cases[0].ResourceType = "R&D <prod>", "AWS::EC2::SecurityGroup"
		m.Cases[0].Due = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
		m.Cases[0].Fix = &notify.Fix{
			ID: "fx-31", Mode: "approve", State: notify.FixWaiting, Summary: "sg-0: tcp 0-65535 ← ::/0",
			Steps: []string{"RevokeSecurityGroupIngress sgr-0a1b: tcp 0-65535 ::/0"},
		}
		show("first post", m)
		two := groupOf(2).Cases[1]
		two.Due = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
		m.Cases = append(m.Cases, two)
		show("a second case joins", m)
		m.Cases[0].State, m.Cases[0].Reason, m.Cases[0].ClosedAt = notify.Closed, "fixed", time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
		m.Cases[0].Fix.State = notify.FixVerified
		show("the first is fixed", m)
		m.Cases[0].State, m.Cases[0].Reason, m.Cases[0].Recurrences, m.Cases[0].By, m.Cases[0].Fix = notify.Open, "", 1, "taro@example.com", nil
		show("and comes back", m)
		golden(t, "life."+lang+".txt", out.String())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}
