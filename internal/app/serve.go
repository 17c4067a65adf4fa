package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/policy"
)

// ServeOptions say how Serve serves.
type ServeOptions struct {
	// Listen overrides the configuration's address for HTTP; "" listens where the
	// configuration says, and nowhere if it says nothing.
	Listen string
	// Reload asks for configuration and policy to be read again (SIGHUP).
	Reload <-chan struct{}
	// Registry collects the metrics; nil makes one.
	Registry *prometheus.Registry
	// Grace is how long what was begun may take after the end was asked for; 0
	// is 25 s, a little less than what containers are given.
	Grace time.Duration
	// SNS reaches SNS for certificates and confirmations; nil is the network.
	SNS http.RoundTripper
	// Ready is told of each App that begins to serve and of its address; nil is
	// fine.
	Ready func(*App, net.Addr)
}

// Serve takes events in and works what follows until the context ends; then it
// stops taking, finishes what it has begun and returns nil. Configuration and
// policy are read again when asked for; what cannot be read whole is logged, and
// the last good ones stay in force.
func Serve(ctx context.Context, o Options, s ServeOptions) error {
	if s.Registry == nil {
		s.Registry = prometheus.NewRegistry()
	}
	v := &server{ServeOptions: s, options: o, metrics: newMetrics(s.Registry)}
	v.options.Cloud.Recorder = v.metrics.record(o.Cloud.Recorder)
	if o.Cloud.Limits == nil {
		v.options.Cloud.Limits = serveLimits
	}
	a, err := Open(ctx, v.options)
	if err != nil {
		return err
	}
	defer func() { a.Close() }()
	if err := a.alone(ctx); err != nil {
		return err
	}
	defer v.web.close()
	for {
		if err := v.web.listen(ctx, v.address(a.Config), a.Log); err != nil {
			return err
		}
		next, err := v.generation(ctx, a)
		if err != nil || next == nil {
			return err
		}
		if a, err = v.replace(ctx, a, *next); err != nil {
			return err
		}
	}
}

// server is what outlives a reload.
type server struct {
	ServeOptions
	options Options
	metrics *metrics
	web     web
}

// rulesRead is a configuration and a policy that could be read whole.
type rulesRead struct {
	config *config.Config
	policy *policy.Policy
}

func (v *server) address(c *config.Config) string {
	if v.Listen != "" || c.Intake.HTTP == nil {
		return v.Listen
	}
	return c.Intake.HTTP.Listen
}

// read reads configuration and policy again.
func (v *server) read() (rulesRead, error) {
	c, err := LoadConfig(v.options.ConfigPath)
	if err != nil {
		return rulesRead{}, err
	}
	cat, err := control.Load()
	if err != nil {
		return rulesRead{}, err
	}
	p, err := LoadPolicy(c, cat)
	if err != nil {
		return rulesRead{}, err
	}
	if err := CheckSchedules(c, cat); err != nil {
		return rulesRead{}, err
	}
	_, err = newDirectory(c)
	return rulesRead{c, p}, err
}

// replace opens the App anew; where that fails, as it was.
func (v *server) replace(ctx context.Context, old *App, next rulesRead) (*App, error) {
	o := v.options
	o.Config, o.Policy = next.config, next.policy
	if err := old.Close(); err != nil {
		return old, err
	}
	a, err := Open(ctx, o)
	if err == nil {
		a.Log.Info("configuration and policy were read again", "policy", a.Policy.Hash())
		return a, nil
	}
	old.Log.Error("the new configuration cannot be used: the old one stays in force", "error", err)
	o.Config, o.Policy = old.Config, old.Policy
	if a, err = Open(ctx, o); err != nil {
		return old, err
	}
	return a, nil
}

// generation serves with one App until the context ends (nil) or another
// configuration and policy shall take its place.
func (v *server) generation(ctx context.Context, a *App) (*rulesRead, error) {
	// Work outlives the wish to end; taking and everything that waits does not.
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	taking, stop := context.WithCancel(ctx)
	defer stop()
	if err := a.sign(ctx, a.Now()); err != nil {
		return nil, fmt.Errorf("giving a sign of life: %w", err)
	}
	if err := a.startDaily(ctx); err != nil {
		return nil, err
	}
	if err := a.startHistory(ctx); err != nil {
		return nil, fmt.Errorf("asking for the day to be kept: %w", err)
	}
	v.metrics.watch(a)
	in := v.intakes(a)
	var begun sync.WaitGroup
	begun.Go(func() { a.keepSigning(taking) })
	begun.Go(func() { a.keepText(taking) })
	begun.Go(func() { a.refreshAccounts(taking) })
	in.start(taking, work, &begun)
	lanes := v.lanes(a, work)
	for _, l := range lanes {
		begun.Go(func() { l.run(taking, a) })
	}
	v.web.serve(in.handler())
	if v.Ready != nil {
		v.Ready(a, v.web.addr())
	}
	next := v.wait(ctx, a)

	stop()
	end := time.AfterFunc(cmp.Or(v.Grace, 25*time.Second), cut)
	defer end.Stop()
	v.web.pause()
	in.drain()
	begun.Wait()
	err := a.sign(context.WithoutCancel(ctx), time.Time{})
	if next == nil {
		a.Log.Info("ended: everything that was taken is committed")
	}
	return next, err
}

// wait waits for the end, or for rules that can be read whole.
func (v *server) wait(ctx context.Context, a *App) *rulesRead {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-v.Reload:
		}
		next, err := v.read()
		if err == nil {
			return &next
		}
		logProblems(a.Log, err)
	}
}

// logProblems logs each mistake of a file in a line of its own.
func logProblems(log *slog.Logger, err error) {
	const msg = "configuration or policy cannot be read: the last good ones stay in force"
	var problems config.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			log.Error(msg, "error", p.String())
		}
		return
	}
	log.Error(msg, "error", err)
}

// keepSigning gives signs of life until the context ends.
// textEvery is how often the index of the text filter is brought up to date.
const textEvery = time.Minute

// keepText brings the index of the text filter up to date, beside everything else.
func (a *App) keepText(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.DB.IndexText(ctx); err != nil && ctx.Err() == nil {
			a.Log.Error("indexing the text of cases", "error", err)
		}
		_ = rest(ctx, textEvery) // the loop ends with the context
	}
}

func (a *App) keepSigning(ctx context.Context) {
	for rest(ctx, servingFor/3) == nil {
		if err := a.sign(ctx, a.Now()); err != nil && ctx.Err() == nil {
			a.Log.Error("giving a sign of life", "error", err)
		}
	}
}

// alone makes sure that no other process serves this store.
func (a *App) alone(ctx context.Context) error {
	who, err := a.Serving(ctx)
	if err != nil || who == "" || who == a.Queue.Owner {
		return err
	}
	return fmt.Errorf("%s serves the store %s already: end it first", who, a.DB.Path())
}

// ended says that the process of a sign of life is of this machine and runs no
// more: one that was killed leaves its sign behind.
func (a *App) ended(who string) bool {
	host, pid, ok := strings.Cut(who, ":")
	own, _, _ := strings.Cut(a.Queue.Owner, ":")
	n, err := strconv.Atoi(pid)
	if !ok || err != nil || host != own {
		return false
	}
	p, err := os.FindProcess(n)
	return err != nil || errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
