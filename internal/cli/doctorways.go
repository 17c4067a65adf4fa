package cli

import (
	"fmt"
	"strings"

	"zesei/internal/app"
)

// doctorWays says by which channels messages do not go out, and how the last run
// of each schedule went.
func (e *env) doctorWays(a *app.App) []checked {
	var out []checked
	zone := a.Config.Zone()
	channels, err := a.ChannelStates(e.ctx)
	if err != nil {
		out = append(out, checked{"channels", false, err.Error()})
	}
	for _, c := range channels {
		note := fmt.Sprintf("does not work since %s, %d messages wait: %s", c.Since.In(zone).Format("2006-01-02 15:04 MST"), c.Waiting, c.Reason)
		if c.Hint != "" {
			note += ": " + c.Hint
		}
		if len(c.Owners) > 0 {
			note += " (meant for " + strings.Join(c.Owners, ", ") + ")"
		}
		if strings.HasPrefix(c.Channel, "message ") {
			note += "; `zesei job retry message` tries it again"
		} else {
			note += "; they go out once it works, `zesei job retry message` tries now"
		}
		out = append(out, checked{c.Channel, false, note})
	}
	schedules, err := a.ScheduleStates(e.ctx)
	if err != nil {
		out = append(out, checked{"schedules", false, err.Error()})
	}
	for _, s := range schedules {
		c := checked{What: "schedule " + s.Do + " " + s.Cron, OK: s.Failed == ""}
		switch {
		case s.Failed != "":
			c.Note = fmt.Sprintf("the run of %s failed: %s", s.Last.In(zone).Format("2006-01-02 15:04 MST"), s.Failed)
		case s.Next.IsZero():
			c.Note = "not started yet: `zesei serve` or `zesei run` does"
		case s.Last.IsZero():
			c.Note = "not run yet"
		default:
			c.Note = "last run " + s.Last.In(zone).Format("2006-01-02 15:04 MST")
		}
		if !s.Next.IsZero() {
			c.Note += "; next " + s.Next.In(zone).Format("2006-01-02 15:04 MST")
		}
		out = append(out, c)
	}
	return out
}
