package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zesei/internal/fake"
)

// account is the caller's own on the twin, with one failing volume.
func account(t *testing.T) *fake.Cloud {
	t.Helper()
	const id, region = "111122223333", "ap-northeast-1"
	cloud := fake.NewCloud(fake.Options{Seed: 1})
	keys := cloud.AddAccount(fake.Account{ID: id})
	cloud.DefineControls(fake.Control{ID: "EC2.3", Title: "volumes", Severity: "MEDIUM"})
	cloud.EnableHub(id, region, "fsbp")
	cloud.Evaluate(id, region, fake.Evaluation{Control: "EC2.3", ResourceType: "AwsEc2Volume", ResourceID: "arn:aws:ec2:" + region + ":" + id + ":volume/vol-00000001", Status: "FAILED"})
	twin := httptest.NewServer(cloud)
	t.Cleanup(twin.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": twin.URL, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": keys.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": keys.SecretAccessKey, "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	return cloud
}

func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Run(context.Background(), args, IO{In: strings.NewReader(""), Out: &o, Err: &e, Now: time.Now})
	return code, o.String(), e.String()
}

// TestRunSaysWhatItWouldDoAndThenDoesItOnce in an account without any file.
func TestRunSaysWhatItWouldDoAndThenDoesItOnce(t *testing.T) {
	cloud := account(t)
	code, out, errs := run(t, "run", "--dry-run")
	if code != 0 || !strings.Contains(out, "would open 1") || !strings.Contains(out, "EC2.3") || !strings.Contains(out, "tell nobody: no channel") {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	if code, out, errs = run(t, "run"); code != 0 || !strings.Contains(out, "cases: 1 opened") {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	if code, out, errs = run(t, "run"); code != 0 || !strings.Contains(out, "nothing changed") {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	if code, out, errs = run(t, "run", "--dry-run"); code != 0 || !strings.Contains(out, "nothing would change") {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	if w := cloud.Journal().Count(fake.Query{Writes: true}); w != 0 {
		t.Errorf("%d calls that change something", w)
	}
}

func TestRunForMachines(t *testing.T) {
	account(t)
	code, out, errs := run(t, "run", "--dry-run", "--json")
	var got struct {
		Regions   []struct{ Calls, Findings int }
		Decisions []struct{ Would []string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || len(got.Regions) != 1 || len(got.Decisions) != 1 || len(got.Decisions[0].Would) == 0 {
		t.Fatalf("%d %v\n%s%s", code, err, out, errs)
	}
	code, out, errs = run(t, "run", "--json")
	var did struct{ Changes struct{ Opened int } }
	if err := json.Unmarshal([]byte(out), &did); err != nil || code != 0 || did.Changes.Opened != 1 {
		t.Fatalf("%d %v\n%s%s", code, err, out, errs)
	}
}

func TestRunEndsWithOneWhereAnAccountRefuses(t *testing.T) {
	cloud := account(t)
	cloud.Faults().Add(fake.Fault{Kind: fake.Deny, Service: "securityhub"})
	code, out, errs := run(t, "run")
	if code != 1 || strings.Count(errs, "refused:") != 1 || !strings.Contains(out, "nothing changed") {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
}

func TestServeNamesWhatIsWrong(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, errs := run(t, "serve", "--listen", "8080"); code != 2 || !strings.Contains(errs, "host:port") {
		t.Errorf("%d %s", code, errs)
	}
	if code, _, errs := run(t, "-c", "absent.yaml", "serve"); code != 2 || !strings.Contains(errs, "absent.yaml") {
		t.Errorf("%d %s", code, errs)
	}
}
