package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/alecthomas/kong"
	"github.com/lmittmann/tint"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/config"
	"zesei/internal/store"
)

// IO is what a command reads and writes.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	// Terminal says whether Out, and ErrTerminal whether Err, is a terminal.
	Terminal, ErrTerminal bool
	// Width is how many columns the terminal that Out is has; 0 cuts nothing.
	Width int
	Now   func() time.Time
	// User works the command line; empty is the operating system's user.
	User string
	// Tune changes how the app is made; tests set it.
	Tune func(*app.Options)
}

// root is the command line. Each command is a struct in a file of its own.
type root struct {
	Config   string      `short:"c" placeholder:"FILE" help:"Configuration (default: zesei.yaml where it exists)."`
	Store    string      `placeholder:"URL" help:"Store, in place of the configuration's (sqlite:FILE)."`
	JSON     bool        `name:"json" help:"Print JSON for machines."`
	Show     versionFlag `name:"version" help:"Print the version, as the command version does."`
	LogLevel string      `default:"warn" enum:"debug,info,warn,error" help:"How much to log on standard error: debug, info, warn or error."`

	Run    runCmd    `cmd:"" help:"One pass: ask Security Hub, decide, tell, fix, verify, exit (for cron, CloudShell and CI)."`
	Serve  serveCmd  `cmd:"" help:"The server: takes in events by HTTP, SNS, SQS and by asking Security Hub, and works what follows."`
	Demo   demoCmd   `cmd:"" help:"The whole loop on a simulated company: nothing to configure, nothing real is reached."`
	Ingest ingestCmd `cmd:"" help:"Take in findings and events from files or standard input. What cannot be used is kept as a dead letter and does not change the exit code."`
	Case   caseCmd   `cmd:"" help:"List, show and work cases."`

	Findings   findingsCmd   `cmd:"" help:"List what is failing: from the store or live from Security Hub, as a table, CSV or a file in Slack."`
	Account    accountCmd    `cmd:"" help:"The accounts that are known, and where each field comes from."`
	Report     reportCmd     `cmd:"" help:"The summary by standard and severity, and the security score."`
	Exception  exceptionCmd  `cmd:"" help:"Accept risks for a time: ask, approve, list, revoke."`
	Fix        fixCmd        `cmd:"" help:"Plan, approve, apply and undo fixes."`
	Control    controlCmd    `cmd:"" help:"The catalogue of Security Hub controls."`
	Policy     policyCmd     `cmd:"" help:"Check a policy, and explain what it decides."`
	Configure  configCmd     `cmd:"" name:"config" help:"Check the configuration; print its JSON Schema."`
	Dead       deadCmd       `cmd:"" help:"Input that could not be used."`
	Notify     notifyCmd     `cmd:"" help:"Look at the messages that people get."`
	Detect     detectCmd     `cmd:"" help:"The detection rules: list, show and test them; import EventBridge rules and metric filters."`
	Pattern    patternCmd    `cmd:"" help:"Try event patterns and log filters."`
	Init       initCmd       `cmd:"" help:"Write zesei.yaml and policy.yaml, commented."`
	Template   templateCmd   `cmd:"" help:"Print files to install elsewhere."`
	Import     importCmd     `cmd:"" help:"Turn what other systems keep of their policy into zesei's files. Exit code 1 when something could not be carried over."`
	Verify     verifyCmd     `cmd:"" help:"Prove a case file offline. Exit code 1 when it is broken."`
	Checkpoint checkpointCmd `cmd:"" help:"The signed checkpoints over the audit chains of all cases."`
	Job        jobCmd        `cmd:"" help:"What waits to be done again because it failed."`
	Doctor     doctorCmd     `cmd:"" help:"Look at the store, the jobs and every way out. Exit code 1 when something is wrong."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// env is what every command gets.
type env struct {
	IO
	ctx  context.Context
	root *root
	log  *slog.Logger
}

// wrongUse is an error of use or configuration: exit code 2.
type wrongUse struct{ err error }

func (e wrongUse) Error() string { return e.err.Error() }
func (e wrongUse) Unwrap() error { return e.err }

// use makes an error of wrong use.
func use(format string, args ...any) error { return wrongUse{fmt.Errorf(format, args...)} }

// errFound ends a command with exit code 1 and no message: it has said what it
// found.
var errFound = errors.New("found")

// Run runs a command line and returns its exit code.
func Run(ctx context.Context, args []string, stdio IO) int {
	if stdio.Now == nil {
		stdio.Now = time.Now
	}
	var r root
	exited := -1
	parser, err := kong.New(&r, kong.Name("zesei"), kong.Description("Closes AWS security findings: one case a problem, told to its owner, fixed with proof."),
		kong.Writers(stdio.Out, stdio.Err), kong.Exit(func(code int) { exited = code; panic(exit{}) }), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintf(stdio.Err, "zesei: %v\n", err)
		return 2
	}
	k, code := parse(parser, args, &exited)
	if k == nil {
		if code != 0 {
			code = 2
		}
		return code
	}
	e := &env{IO: stdio, ctx: ctx, root: &r}
	e.log = logger(stdio, r.LogLevel)
	err = k.Run(e)
	return e.exit(err)
}

// exit stands for kong's wish to end the program (after --help).
type exit struct{}

func parse(parser *kong.Kong, args []string, exited *int) (k *kong.Context, code int) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(exit); !ok {
				panic(p)
			}
			k, code = nil, *exited
		}
	}()
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(parser.Stderr, "zesei: %v (see `%s --help`)\n", err, mistaken(err))
		return nil, 2
	}
	return k, 0
}

// mistaken names the command that a wrong command line was meant for: its help
// has the flag that is missing.
func mistaken(err error) string {
	if p, ok := errors.AsType[*kong.ParseError](err); ok && p.Context != nil {
		if n := p.Context.Selected(); n != nil {
			return n.FullPath()
		}
		if path := p.Context.Path; len(path) > 0 {
			return path[len(path)-1].Node().FullPath()
		}
	}
	return "zesei"
}

func logger(stdio IO, level string) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // kong has checked it
	return slog.New(tint.NewTextHandler(stdio.Err, &tint.Options{Level: l, NoColor: !stdio.ErrTerminal, TimeFormat: time.RFC3339}))
}

// exit prints an error as its kind asks, and returns the exit code.
func (e *env) exit(err error) int {
	var problems config.Problems
	var wrong wrongUse
	var refused *casefile.RefusedError
	var unusable *store.UnusableError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return 1
	case errors.As(err, &problems):
		for _, p := range problems {
			fmt.Fprintln(e.Err, p.String())
		}
		return 2
	case errors.As(err, &wrong):
		fmt.Fprintf(e.Err, "zesei: %v\n", err)
		return 2
	case errors.As(err, &unusable):
		fmt.Fprintf(e.Err, "zesei: %v\n", unusable)
		return 2
	case errors.As(err, &refused):
		fmt.Fprintf(e.Err, "zesei: %s\n", refused.Why)
		return 1
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(e.Err, "zesei: interrupted; everything committed is kept")
		return 1
	}
	fmt.Fprintf(e.Err, "zesei: %v\n", err)
	return 1
}

// open opens the app that the flags ask for.
func (e *env) open(offline bool) (*app.App, error) {
	a, err := app.Open(e.ctx, e.options(offline))
	return a, e.missing(err)
}

// options are what the flags ask for.
func (e *env) options(offline bool) app.Options {
	o := app.Options{ConfigPath: e.root.Config, Store: e.root.Store, Now: e.Now, Log: e.log, Offline: offline}
	if e.Tune != nil {
		e.Tune(&o)
	}
	return o
}

// missing makes a named configuration that is not there an error of use.
func (e *env) missing(err error) error {
	var missing *os.PathError
	if errors.As(err, &missing) && missing.Path == e.root.Config {
		return wrongUse{fmt.Errorf("reading the configuration: %w", err)}
	}
	return err
}

// person is who works the command line.
func (e *env) person(a *app.App) casework.Person { return a.Person(cmp.Or(e.User, osUser())) }

// find finds the one case that a key's beginning names.
func (e *env) find(a *app.App, key string) (*casefile.File, error) {
	f, err := store.FindCase(e.ctx, a.DB.View(), key)
	var many *store.AmbiguousError
	if errors.As(err, &many) {
		return nil, wrongUse{err}
	}
	return f, err
}

// print prints a value as JSON.
func (e *env) print(v any) error {
	enc := json.NewEncoder(e.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
