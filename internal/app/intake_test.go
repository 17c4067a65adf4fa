package app_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/store"
)

// alone is an App without a cloud, on a store of its own.
func alone(t *testing.T) *app.App {
	t.Helper()
	t.Chdir(t.TempDir())
	a, err := app.Open(t.Context(), app.Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

const good = `{"Id":"arn:aws:securityhub:us-east-1:111122223333:security-control/S3.8/finding/%s","ProductArn":"arn:aws:securityhub:us-east-1::product/aws/securityhub","GeneratorId":"security-control/S3.8","AwsAccountId":"111122223333","Region":"us-east-1","CreatedAt":"2026-11-20T00:00:00Z","UpdatedAt":"2026-11-20T00:00:00Z","Severity":{"Label":"HIGH"},"Title":"t","Description":"d","Resources":[{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::bucket-%s"}],"Compliance":{"Status":"FAILED","SecurityControlId":"S3.8"},"Workflow":{"Status":"NEW"},"RecordState":"ACTIVE"}`

func goodOne(id string) string { return strings.ReplaceAll(good, "%s", id) }

func TestOneBadEventNeverStopsTheNext(t *testing.T) {
	a := alone(t)
	in := goodOne("1") + "\n" + `{"hello": "world"}` + "\n" + `{"broken": ` + "\n" + goodOne("2") + "\n"
	got, err := a.Intake.Read(context.Background(), strings.NewReader(in), "mixed.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if got.Findings != 2 || got.Dead != 2 || got.Cases.Opened != 2 {
		t.Fatalf("got %+v", got)
	}
	letters, err := store.DeadLetters(t.Context(), a.DB.View(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		if l.Source != "mixed.jsonl" || l.Position == 0 || l.Reason == "" || len(l.Raw) == 0 {
			t.Errorf("a dead letter says too little: %+v", l)
		}
	}
}

func TestADeadLetterThatIsOfUseAfterAllIsTakenIn(t *testing.T) {
	a := alone(t)
	err := a.DB.Update(t.Context(), func(tx *store.Tx) error {
		return store.AddDead(t.Context(), tx, store.Dead{Source: "old", Position: 1, Reason: "an older zesei did not know it", Raw: []byte(goodOne("1"))}, a.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Intake.Read(t.Context(), strings.NewReader(`{"no": "use"}`), "new"); err != nil {
		t.Fatal(err)
	}
	got, err := a.Intake.Retry(t.Context(), a.DB, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Cases.Opened != 1 || got.Dead != 1 {
		t.Errorf("got %+v", got)
	}
	if n, _ := store.CountDead(t.Context(), a.DB.View()); n != 1 {
		t.Errorf("%d dead letters wait, want the one that is of no use", n)
	}
	// Retrying again neither doubles what is of no use nor loses it.
	if again, err := a.Intake.Retry(t.Context(), a.DB, nil); err != nil || again.Read != 1 {
		t.Errorf("read %d (%v), want the one letter", again.Read, err)
	}
	if n, _ := store.CountDead(t.Context(), a.DB.View()); n != 1 {
		t.Errorf("%d dead letters wait after another retry", n)
	}
}

func TestALetterOfWhichNothingIsLeftIsNotLostInSilence(t *testing.T) {
	a := alone(t)
	err := a.DB.Update(t.Context(), func(tx *store.Tx) error {
		return store.AddDead(t.Context(), tx, store.Dead{Source: "s", Position: 1, Reason: "too large to keep"}, a.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Intake.Retry(t.Context(), a.DB, nil); err != nil {
		t.Fatal(err)
	}
	if n, _ := store.CountDead(t.Context(), a.DB.View()); n != 1 {
		t.Errorf("%d dead letters wait, want 1", n)
	}
}

func TestARehearsalChangesNothing(t *testing.T) {
	a := alone(t)
	b, err := a.Rehearsal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Intake.Read(t.Context(), strings.NewReader(goodOne("1")), "x"); err != nil {
		t.Fatal(err)
	}
	copied := b.DB.Path()
	b.Close()
	if _, err := os.Stat(filepath.Dir(copied)); !os.IsNotExist(err) {
		t.Errorf("the copy is still there: %v", err)
	}
	if list, _, _ := store.List(t.Context(), a.DB.View(), store.Filter{}); len(list) != 0 {
		t.Errorf("the rehearsal opened %d cases in the real store", len(list))
	}
}

// Everything that was recorded elsewhere is read: each file ends in findings or
// in dead letters with a reason, and reading it again changes nothing.
func TestRecordedFindingsAreReadAndTheSameAgainChangesNothing(t *testing.T) {
	root, err := filepath.Abs("../../../shared/testdata/securityhub")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(root); err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip("the recorded findings (../shared/testdata/securityhub) are not here")
	}
	a := alone(t)
	var files []string
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(d.Name(), ".json") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		first, err := a.Intake.Read(t.Context(), bytes.NewReader(body), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if first.Read > 0 && first.Findings+first.Dead == 0 {
			t.Errorf("%s: %d items are lost in silence", name, first.Read)
		}
		again, err := a.Intake.Read(t.Context(), bytes.NewReader(body), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := again.Cases; n.Opened+n.Reopened+n.Closed != 0 {
			t.Errorf("%s: the same again changes cases: %+v", name, n)
		}
	}
	list, _, err := store.List(t.Context(), a.DB.View(), store.Filter{States: []casefile.State{casefile.Open}, Limit: 10000})
	if err != nil || len(list) < 100 {
		t.Errorf("%d open cases (%v)", len(list), err)
	}
}
