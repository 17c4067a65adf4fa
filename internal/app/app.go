package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"zesei/internal/awscloud"
	"zesei/internal/casework"
	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/detect"
	"zesei/internal/finding"
	"zesei/internal/intake"
	"zesei/internal/job"
	"zesei/internal/notify"
	"zesei/internal/notify/answer"
	"zesei/internal/notify/outbox"
	"zesei/internal/policy"
	"zesei/internal/recheck"
	"zesei/internal/remedy"
	"zesei/internal/remedy/fixwork"
	"zesei/internal/resource/live"
	"zesei/internal/securityhub"
	"zesei/internal/store"
)

// DefaultFile is the configuration that is read where none is named and it exists.
const DefaultFile = "zesei.yaml"

// Options say how an App is made. The zero value reads ./zesei.yaml where it
// exists, and otherwise uses the caller's credentials and a local store.
type Options struct {
	ConfigPath string // "" takes DefaultFile where it exists
	Config     *config.Config
	Policy     *policy.Policy
	Store      string // overrides the configuration's store
	Now        func() time.Time
	Sleep      func(context.Context, time.Duration) error
	Log        *slog.Logger
	// Cloud overrides how AWS is reached; the demo and tests set it.
	Cloud awscloud.Config
	// SlackPace is the time between two messages to a channel; 0 is Slack's own.
	SlackPace time.Duration
	// Workers is how many jobs are worked side by side; 0 is the queue's own.
	Workers int
	// Offline opens the store and the rules only: no cloud, no channels.
	Offline bool
}

// App is a running zesei.
type App struct {
	Config    *config.Config
	Policy    *policy.Policy
	Catalogue *control.Catalogue
	Checker   *control.Checker
	Directory *Directory
	DB        *store.DB
	Work      *casework.Work
	Queue     *job.Queue
	Intake    *intake.Intake
	Cloud     *awscloud.Cloud
	Recheck   *recheck.Recheck
	Fixes     *fixwork.Fixes
	Outbox    *outbox.Outbox
	Now       func() time.Time
	Log       *slog.Logger

	engine *detect.Engine

	slack   *slackChannel // nil where Slack is not configured
	desk    *answer.Desk  // nil where nothing comes back from Slack
	members sync.Map      // Slack member ids by mail address
	mail    *mailChannel  // nil where mail is not configured

	unread bool // a source of accounts has never answered
}

// LoadConfig reads a configuration: the named file, DefaultFile where it exists,
// or the defaults. The error is config.Problems or says that the file cannot be
// read.
func LoadConfig(path string) (*config.Config, error) {
	if path != "" {
		return config.Load(path)
	}
	if _, err := os.Stat(DefaultFile); errors.Is(err, fs.ErrNotExist) {
		return config.Default(), nil
	}
	return config.Load(DefaultFile)
}

// LoadPolicy reads the policy of a configuration against the catalogue.
func LoadPolicy(c *config.Config, cat *control.Catalogue) (*policy.Policy, error) {
	var controls, remedies []string
	for _, one := range cat.All() {
		controls = append(controls, one.ID)
	}
	for _, r := range remedy.All() {
		remedies = append(remedies, r.About().Name)
	}
	return c.LoadPolicy(controls, remedies)
}

// Open makes an App. Close it.
func Open(ctx context.Context, o Options) (*App, error) {
	a := &App{Config: o.Config, Policy: o.Policy, Now: o.Now, Log: o.Log}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	var err error
	if a.Catalogue, err = control.Load(); err != nil {
		return nil, err
	}
	if a.Config == nil {
		if a.Config, err = LoadConfig(o.ConfigPath); err != nil {
			return nil, err
		}
	}
	if a.Policy == nil {
		if a.Policy, err = LoadPolicy(a.Config, a.Catalogue); err != nil {
			return nil, err
		}
	}
	if err := CheckSchedules(a.Config, a.Catalogue); err != nil {
		return nil, err
	}
	a.Checker = control.NewChecker(a.Catalogue)
	if a.Directory, err = newDirectory(a.Config); err != nil {
		return nil, err
	}
	if err := a.cloud(ctx, o); err != nil {
		return nil, err
	}
	url := a.Config.Store
	if o.Store != "" {
		url = o.Store
	}
	if a.DB, err = store.Open(ctx, url); err != nil {
		return nil, err
	}
	if _, err := a.loadAccounts(ctx, !o.Offline); err != nil {
		a.DB.Close()
		return nil, err
	}
	detects, wakes, err := a.detection()
	if err != nil {
		a.DB.Close()
		return nil, wrongPacks(a.Config, err)
	}
	a.Work = casework.New(a.DB, a.rules(), a.Now, a.Log)
	a.Intake = &intake.Intake{Detects: detects, Wakes: wakes, Decoder: finding.NewDecoder(intake.Controls{Catalogue: a.Catalogue}, finding.Trusted(a.Directory.Administers)), Work: a.Work, Now: a.Now}
	if err := a.jobs(ctx, o); err != nil {
		a.DB.Close()
		return nil, err
	}
	if err := errors.Join(a.redecide(ctx), a.followAccounts(ctx)); err != nil {
		a.DB.Close()
		return nil, err
	}
	return a, nil
}

// Close closes the store.
func (a *App) Close() error { return a.DB.Close() }

// cloud prepares the way into AWS, and learns whose the caller's own credentials
// are where there are any.
func (a *App) cloud(ctx context.Context, o Options) error {
	if o.Offline {
		return nil
	}
	c := o.Cloud
	c.Accounts, c.Now, c.Logger = a.Directory.roles, a.Now, a.Log
	a.Cloud = awscloud.New(c)
	if c.Base == nil && !credentialsLikely() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	id, err := a.Cloud.Identity(ctx)
	if err != nil {
		a.Log.Warn("the caller's own AWS credentials cannot be used: nothing is read or changed with them", "error", err)
		return nil
	}
	a.Directory.own = id.Account
	return nil
}

// credentialsLikely says whether it is worth looking for the caller's own
// credentials: without any the SDK waits for an instance's metadata in vain.
func credentialsLikely() bool {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_LAMBDA_FUNCTION_NAME"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return false
	}
	for _, f := range []string{"/.aws/credentials", "/.aws/config"} {
		if _, err := os.Stat(home + f); err == nil {
			return true
		}
	}
	return false
}

// Windows of grouping and of the quiet first import.
const (
	groupWindow  = 24 * time.Hour
	importWindow = time.Hour
)

// rules is the snapshot of everything that decides.
func (a *App) rules() *casework.Rules {
	l := a.Policy.Limits()
	return &casework.Rules{
		Policy: a.Policy, Directory: a.Directory, Catalogue: a.Catalogue, Detect: a.engine,
		CanRead: func(account, id string) bool { return a.Checker.Has(id) && a.Directory.reads(account) },
		Hub:     a.Directory.hub,
		Creator: a.asksCreator(),
		Tracker: a.Directory.tracker, TicketsPerControl: a.Policy.TicketsPerControl(),
		GroupWait: a.Policy.GroupWait(), GroupWindow: groupWindow, ImportWindow: importWindow,
		DigestAt: func(owner string, now time.Time) time.Time {
			return nextDigest(a.Policy.NotifyIn(), now.In(a.Config.OwnerZone(owner)))
		},
		Attention: casework.Limit(a.Policy.Attention()), OverflowAt: a.nextMorning, Readers: a.Directory.Readers,
		Quiet: a.Policy.Quiet(), Zone: a.Config.Zone(),
		Ladder: a.ladder, ThenSuppress: a.Policy.NotifyThenSuppress(),
		Exceptions: a.exceptionRules(), Threads: a.threads(),
		Limits: casework.Limits{All: casework.Limit(l.Fixes), PerAccount: casework.Limit(l.PerAccount)},
	}
}

// nextDigest is 09:00 on the next day, Monday or first of a month.
func nextDigest(in string, now time.Time) time.Time {
	t := time.Date(now.Year(), now.Month(), now.Day(), 9, 0, 0, 0, now.Location())
	for {
		if t.After(now) && (in == "daily" || in == "weekly" && t.Weekday() == time.Monday || in != "daily" && in != "weekly" && t.Day() == 1) {
			return t
		}
		t = t.AddDate(0, 0, 1)
	}
}

// jobs makes the queue and binds each kind of job to its handler.
func (a *App) jobs(ctx context.Context, o Options) error {
	host, _ := os.Hostname()
	a.Queue = &job.Queue{DB: a.DB, Now: a.Now, Rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), Log: a.Log, Owner: host + ":" + strconv.Itoa(os.Getpid()), Workers: o.Workers}
	a.Work.Committed = a.Queue.Poke
	a.Queue.Handlers = map[string]job.Handler{
		casework.JobTick:      func(ctx context.Context, j job.Job) error { return a.Work.Tick(ctx, j.Subject) },
		casework.JobRedecide:  a.redecideJob,
		casework.JobRemind:    a.remindJob,
		casework.JobException: func(ctx context.Context, j job.Job) error { return a.Work.ExceptionJob(ctx, j.Subject) },
		jobPrune:              a.prune,
		jobHistory:            a.historyJob,
	}
	if o.Offline {
		return nil
	}
	reader := live.NewReader(a.Cloud)
	a.Recheck = &recheck.Recheck{DB: a.DB, Work: a.Work, Reader: reader, Checker: a.Checker, Now: a.Now}
	sleep := o.Sleep
	if sleep == nil {
		sleep = rest
	}
	engine := &remedy.Engine{Live: reader, Checker: a.Checker, Clients: remedy.CloudClients{Cloud: a.Cloud}, Now: a.Now, Sleep: sleep}
	a.Fixes = &fixwork.Fixes{DB: a.DB, Work: a.Work, Engine: engine, Recheck: a.Recheck, Now: a.Now, Log: a.Log}
	channels, err := a.channels(ctx, o)
	if err != nil {
		return err
	}
	a.Outbox = &outbox.Outbox{DB: a.DB, Work: a.Work, Directory: a.Directory, Catalogue: a.Catalogue, Member: a.member, Channels: channels, Name: a.nameOf, Now: a.Now, Log: a.Log}
	hub := &securityhub.Teller{DB: a.DB, Cloud: a.Cloud, Now: a.Now, Log: a.Log}
	a.Queue.Handlers[casework.JobRecheck] = a.Recheck.Job
	a.Queue.Handlers[casework.JobLook] = a.Recheck.LookJob
	a.Queue.Handlers[casework.JobPlan] = a.Fixes.PlanJob
	a.Queue.Handlers[casework.JobApply] = a.Fixes.ApplyJob
	a.Queue.Handlers[casework.JobVerify] = a.Fixes.VerifyJob
	a.Queue.Handlers[casework.JobMessage] = a.Outbox.Job
	a.Queue.Handlers[casework.JobHub] = hub.Job
	a.Queue.Handlers[casework.JobCreator] = a.creatorJob
	if err := a.ticketJobs(); err != nil {
		return err
	}
	a.Queue.Handlers[JobSchedule] = a.scheduleJob
	a.Queue.Handlers[JobOutage] = a.outageJob
	a.answers()
	return a.auditJobs(ctx)
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// channels are the configured ways out.
func (a *App) channels(ctx context.Context, o Options) (map[notify.Via]notify.Channel, error) {
	n := a.Config.Notify
	toTeams := slices.ContainsFunc(slices.Collect(maps.Values(a.Config.Owners)), func(o config.Owner) bool { return o.Teams.IsSet() })
	if n.Slack == nil && n.Webhook == nil && n.Email == nil && n.SNS == nil && n.PagerDuty == nil && !toTeams {
		return nil, nil
	}
	templates, err := Templates(a.Config)
	if err != nil {
		return nil, err
	}
	out := map[notify.Via]notify.Channel{}
	if n.Slack != nil {
		a.slack = &slackChannel{app: a, templates: templates, pace: o.SlackPace}
		out[notify.Slack] = a.slack
	}
	if n.Webhook != nil {
		out[notify.Webhook] = a.webhookChannel(templates)
	}
	if n.Email != nil {
		a.mail = &mailChannel{app: a, templates: templates}
		out[notify.Email] = a.mail
	}
	if toTeams {
		out[notify.Teams] = a.teamsChannels(templates)
	}
	if n.SNS != nil {
		out[notify.SNS] = a.snsChannel(templates)
	}
	if n.PagerDuty != nil {
		out[notify.PagerDuty] = a.pagerChannel()
	}
	for via, c := range out {
		out[via] = &watchedChannel{app: a, via: via, next: c}
	}
	return out, nil
}
