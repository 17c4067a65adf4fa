package casework_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"zesei/internal/casework"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// A fix that was begun and is taken up again (its process was killed, AWS did not
// answer) does not begin what was accepted meanwhile. What it has begun it ends.
func TestAFixThatIsTakenUpAgainDoesNotBeginWhatWasAccepted(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct{ log, want string }{
		"nothing was sent": {"", store.FixExpired},
		"a step was sent":  {`{"steps":[{"n":1}]}`, store.FixApplying},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.take(s.said(finding.Failed))
			f := s.only()
			fix, err := s.work.Planned(ctx, store.Fix{State: store.FixReady, Mode: "auto", Remedy: "security-group-ingress", Account: f.Key.Account, Region: f.Key.Region,
				Resource: f.Key.Resource, Cases: []int64{f.ID}, Plan: json.RawMessage(`{}`), PlanHash: "p", ExpiresAt: s.now.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			if fix, err = s.work.StartFix(ctx, fix.ID); err != nil || fix.State != store.FixApplying {
				t.Fatal(fix.State, err)
			}
			if c.log != "" {
				if err := s.work.LogFix(ctx, fix.ID, json.RawMessage(c.log)); err != nil {
					t.Fatal(err)
				}
			}
			s.accepted(casework.Ask{Case: f.ID, Until: s.now.Add(48 * time.Hour)})
			if fix, err = s.work.StartFix(ctx, fix.ID); err != nil || fix.State != c.want {
				t.Errorf("it is %s (%v), want %s", fix.State, err, c.want)
			}
		})
	}
}
