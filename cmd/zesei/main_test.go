package main

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"zesei/internal/app"
	"zesei/internal/cli"
)

// TestMain lets scripts run the program as `zesei`. Only this test binary takes a
// clock and a user from the environment: ZESEI_TEST_NOW (RFC 3339) and
// ZESEI_TEST_USER; with ZESEI_TEST_STEADY it works one job at a time, so that what
// follows comes in the same order each time, and does not pace itself for Slack.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"zesei": func() { os.Exit(run(testIO())) }})
}

func testIO() cli.IO {
	stdio := cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, User: os.Getenv("ZESEI_TEST_USER")}
	if s := os.Getenv("ZESEI_TEST_NOW"); s != "" {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			fmt.Fprintln(os.Stderr, "ZESEI_TEST_NOW:", err)
			os.Exit(2)
		}
		began := time.Now()
		stdio.Now = func() time.Time { return at.Add(time.Since(began)) }
	}
	if os.Getenv("ZESEI_TEST_STEADY") != "" {
		stdio.Tune = func(o *app.Options) { o.Workers, o.SlackPace = 1, -1 }
	}
	return stdio
}

// TestScripts runs testdata/script: what people do, with the real program.
// UPDATE_SCRIPTS=1 writes what came out into the scripts.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                commands(),
		Setup: func(env *testscript.Env) error {
			env.Values[worldKey{}] = &world{}
			env.Values[monthKey{}] = &month{}
			env.Setenv("ZESEI_TEST_USER", "hanako")
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true") // tests reach loopback only
			env.Setenv("NO_COLOR", "1")
			return nil
		},
	})
}
