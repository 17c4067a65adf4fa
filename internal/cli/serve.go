package cli

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"zesei/internal/app"
)

type serveCmd struct {
	Listen string `placeholder:"ADDR" help:"Address for HTTP (events, /healthz, /readyz, /metrics), in place of the configuration's."`
}

func (c *serveCmd) Run(e *env) error {
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			return use("--listen %q is no address; expected host:port, such as 127.0.0.1:8080", c.Listen)
		}
	}
	reload := make(chan struct{})
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	go func() {
		for {
			select {
			case <-hangups:
			case <-e.ctx.Done():
				return
			}
			select {
			case reload <- struct{}{}:
			case <-e.ctx.Done():
				return
			}
		}
	}()
	return e.missing(app.Serve(e.ctx, e.options(false), app.ServeOptions{Listen: c.Listen, Reload: reload,
		Ready: func(a *app.App, at net.Addr) { fmt.Fprintln(e.Err, "zesei: "+serving(a, at)) }}))
}

// serving says what is served, in one line.
func serving(a *app.App, at net.Addr) string {
	var from []string
	if at != nil {
		from = append(from, "http://"+at.String()+app.EventsPath)
	}
	for _, q := range a.Config.Intake.SQS {
		from = append(from, q.Queue)
	}
	if a.Config.Intake.SecurityHub != nil {
		from = append(from, "Security Hub every "+a.Config.Intake.SecurityHub.Every.String())
	}
	if len(from) == 0 {
		from = append(from, "nothing but the caller's own Security Hub: configure intake to change that")
	}
	return "serving " + a.DB.Path() + "; taking from " + strings.Join(from, ", ")
}
