package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func demoRun(t *testing.T, args ...string) (code int, out, errors string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Run(t.Context(), append([]string{"demo"}, args...), IO{In: strings.NewReader(""), Out: &o, Err: &e, Now: time.Now, User: "reader"})
	return code, o.String(), e.String()
}

func TestTheDemoEndsWithASummary(t *testing.T) {
	dir := t.TempDir()
	code, out, errors := demoRun(t, "--once", "--dir", dir, "--language", "en", "--at", "2026-04-28T10:00:00+09:00")
	for _, want := range []string{"CRITICAL", "#shop-sec", "- tcp 0-65535 from 0.0.0.0/0", "    3 rules as they were", "taro", "-c " + dir + "/zesei.yaml case list", "2026-04-27"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not printed", want)
		}
	}
	if code != 0 || errors != "" || strings.Contains(out, "\x1b") {
		t.Errorf("exit %d, %s\n%s", code, errors, out)
	}
	t.Run("a folder in use is refused", func(t *testing.T) {
		if code, _, errors := demoRun(t, "--once", "--dir", dir); code != 2 || !strings.Contains(errors, "empty folder") {
			t.Errorf("exit %d, %s", code, errors)
		}
	})
	t.Run("its files are without mistakes", func(t *testing.T) {
		var o, e bytes.Buffer
		if code := Run(t.Context(), []string{"-c", dir + "/zesei.yaml", "config", "check"}, IO{Out: &o, Err: &e}); code != 0 {
			t.Errorf("exit %d, %s%s", code, o.String(), e.String())
		}
	})
}

func TestTheDemoSpeaksJSONAlone(t *testing.T) {
	code, out, errors := demoRun(t, "--once", "--json", "--dir", t.TempDir())
	var r struct {
		OK       bool
		Read     int
		Findings int
		Dead     int
		Messages int
		Cases    struct{ Opened, Closed int }
		Fixes    []struct{ State string }
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if code != 0 || !r.OK || r.Findings < 300 || r.Dead != 1 || r.Messages == 0 || r.Cases.Opened == 0 || len(r.Fixes) != 3 || r.Fixes[0].State != "verified" {
		t.Errorf("exit %d, %+v %s", code, r, errors)
	}
}

func TestTheDemoListensOnThisMachineOnly(t *testing.T) {
	if code, _, errors := demoRun(t, "--listen", "0.0.0.0:0", "--dir", t.TempDir()); code != 2 || !strings.Contains(errors, "this machine") {
		t.Errorf("exit %d, %s", code, errors)
	}
}

func TestTheLanguageOfTheEnvironment(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "en"},
		{map[string]string{"LANG": "ja_JP.UTF-8"}, "ja"},
		{map[string]string{"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"},
		{map[string]string{"LC_MESSAGES": "ja_JP", "LANG": "en_US.UTF-8"}, "ja"},
	} {
		if got := languageOf(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %s, expected %s", c.env, got, c.want)
		}
	}
}
