package cli

import (
	"zesei/internal/app"
)

// doctorIntake says whether the secrets by which events are let in can be read
// here.
func (e *env) doctorIntake(a *app.App) []checked {
	var out []checked
	for _, s := range a.IntakeSecrets() {
		if s.Field != "intake.http.secret" { // Slack's are tried with Slack
			continue
		}
		c := checked{What: "intake http", OK: true, Note: "senders are known by " + s.Secret.Reference()}
		if err := a.ReadSecret(e.ctx, s.Secret); err != nil {
			c.OK, c.Note = false, s.Field+": "+err.Error()+", so events over HTTP are refused: "+s.Secret.Remedy()
		}
		out = append(out, c)
	}
	return out
}
