package demo

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"zesei/internal/app"
	"zesei/internal/awscloud"
	"zesei/internal/control"
	"zesei/internal/intake"
)

// seed makes each run tell the same story.
const seed = 20260501

// Options say how the demo runs. The zero value is the present time, English, a
// new temporary folder, and no story told.
type Options struct {
	Dir      string           // for zesei.yaml, policy.yaml and the store; "" makes a temporary one
	Now      func() time.Time // nil: time.Now
	At       time.Time        // when the day of the demo is; zero: now
	Language string           // ja or en; "" is en
	User     string           // OS user of the reader, who becomes an approver
	Program  string           // how the reader starts zesei; "" is zesei
	Tell     func(line string)
	Log      *slog.Logger
}

// Demo is the company with an App that works for it. Close it.
type Demo struct {
	Dir string

	language, user, program string
	tell                    func(string)
	clock                   *clock
	world                   *world
	recorder                *recorder
	app                     *app.App
	random                  *rand.Rand
	inbox                   inbox
	reported                []reported // by Security Hub, which later happenings change
	total                   totals
	opened                  []*opened
	started                 time.Time // on the machine's own clock
	stages                  stages
	today                   time.Time // when the day of the demo ends, on the company's clock
	set                     bool      // the day is another than the machine's
	played                  *played   // nil: the weeks after the day were not played
	mu                      sync.Mutex
	known                   map[string]Fix    // by resource, as last reported
	fixStates               map[string]string // as last told while staying up
}

// clock runs at the speed of the machine's, from another time.
type clock struct {
	now    func() time.Time
	offset atomic.Int64
	end    int64 // the offset at which the story ends
}

func (c *clock) Now() time.Time { return c.now().Add(time.Duration(c.offset.Load())) }

// set lets the clock go on to a time; it never goes back.
func (c *clock) set(t time.Time) {
	if now := c.Now(); t.After(now) {
		c.offset.Add(int64(t.Sub(now)))
	}
}

// When the first import was, and how long the morning of the demo takes on the
// company's clock, counted back from its end.
const (
	yesterday = 23 * time.Hour
	morning   = 30 * time.Minute
)

// Start builds the company in a folder and opens an App for it. On the company's
// clock it is the day before.
func Start(ctx context.Context, o Options) (*Demo, error) {
	d := &Demo{language: o.Language, user: o.User, program: cmp.Or(o.Program, "zesei"), tell: o.Tell, clock: &clock{now: o.Now}, random: rand.New(rand.NewPCG(seed, 1)), started: time.Now()}
	if d.tell == nil {
		d.tell = func(string) {}
	}
	if d.user == "" {
		d.user = "you"
	}
	if d.language != "ja" {
		d.language = "en"
	}
	if d.clock.now == nil {
		d.clock.now = time.Now
	}
	if d.set = !o.At.IsZero(); d.set {
		d.clock.end = int64(o.At.Sub(d.clock.now()))
	}
	d.today = d.clock.now().Add(time.Duration(d.clock.end))
	d.clock.offset.Store(d.clock.end - int64(yesterday))
	if err := d.folder(o.Dir); err != nil {
		return nil, err
	}
	c, err := readCompany()
	if err != nil {
		return nil, err
	}
	cat, err := control.Load()
	if err != nil {
		return nil, err
	}
	if d.world, err = newWorld(c, cat, d.clock.Now, seed); err != nil {
		return nil, err
	}
	if err := d.open(ctx, cat, o.Log); err != nil {
		d.world.close()
		return nil, err
	}
	return d, nil
}

// folder makes the demo's own folder. A store of an earlier run would mix two
// stories, so one is refused.
func (d *Demo) folder(dir string) error {
	if dir == "" {
		var err error
		if d.Dir, err = os.MkdirTemp("", "zesei-demo-"); err != nil {
			return fmt.Errorf("making the demo's folder: %w", err)
		}
		return nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	for _, name := range []string{"zesei.yaml", "policy.yaml", "zesei.db"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return &FolderError{Dir: dir, File: name}
		}
	}
	d.Dir = dir
	return nil
}

// FolderError says that a folder already holds files that the demo would write.
type FolderError struct{ Dir, File string }

func (e *FolderError) Error() string {
	return fmt.Sprintf("%s holds %s already: name an empty folder, so that nothing is written over", e.Dir, e.File)
}

func (d *Demo) open(ctx context.Context, cat *control.Catalogue, log *slog.Logger) error {
	d.recorder = newRecorder(d.world)
	var err error
	if d.reported, err = d.world.report(cat, d.recorder, d.clock.Now(), d.random); err != nil {
		return err
	}
	d.inbox.from(d.world)
	if err := d.writeFiles(); err != nil {
		return err
	}
	base := aws.Config{
		Region:      d.world.company.Region,
		Credentials: credentials.NewStaticCredentialsProvider(d.world.keys.AccessKeyID, d.world.keys.SecretAccessKey, ""),
	}
	d.app, err = app.Open(ctx, app.Options{
		ConfigPath: d.Config(), Now: d.clock.Now, Log: log, SlackPace: -1,
		Cloud: awscloud.Config{Base: &base, BaseEndpoint: d.world.awsURL, Region: d.world.company.Region, Limits: awscloud.Unlimited},
	})
	if err != nil {
		return err
	}
	return d.app.StartSchedules(ctx)
}

// Close ends the servers and closes the store. The folder stays, for the reader
// to look at.
func (d *Demo) Close() error {
	err := d.app.Close()
	d.world.close()
	http.DefaultClient.CloseIdleConnections()
	return err
}

// elapsed is how long the demo has run, on the machine's own clock.
func (d *Demo) elapsed() time.Duration { return time.Since(d.started) }

// totals add up what was taken in.
type totals struct {
	sync.Mutex
	intake.Totals
}
