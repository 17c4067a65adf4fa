package cli

import (
	"errors"
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/store"
)

type exceptionCmd struct {
	Ask     exceptionAskCmd     `cmd:"" help:"Ask that a risk be accepted until a time: of one case, of a resource, of a control in an account. Another person approves it."`
	Approve exceptionApproveCmd `cmd:"" help:"Approve an exception that another person asked for."`
	Refuse  exceptionRefuseCmd  `cmd:"" help:"Turn down an exception that was asked for."`
	List    exceptionListCmd    `cmd:"" help:"List exceptions, the soonest end first."`
	Show    exceptionShowCmd    `cmd:"" help:"Show one exception and the cases that it covers."`
	Revoke  exceptionRevokeCmd  `cmd:"" help:"End an exception before its time, or take the wish for one back."`
	Export  exceptionExportCmd  `cmd:"" help:"Write the exceptions in force as YAML (or JSON), as a check before deployment reads them."`
}

type exceptionAskCmd struct {
	Key       string `arg:"" optional:"" help:"The case's key, or its beginning. Without it the flags below say what is covered."`
	Resource  string `placeholder:"ARN" help:"Every control of this resource."`
	Control   string `placeholder:"ID" help:"This control, in an account or of an owner."`
	Account   string `placeholder:"ID" help:"In this account: its id or its name."`
	Region    string `placeholder:"REGION" help:"In this Region only."`
	Owner     string `placeholder:"OWNER" help:"What belongs to this owner."`
	Tag       string `placeholder:"NAME=VALUE" help:"Resources with this tag, in an account or of an owner. A tag that nobody could read is none."`
	Renews    string `placeholder:"ID" help:"The exception that this one follows: its id, or its beginning. It covers the same."`
	Reason    string `required:"" help:"Why the risk is accepted."`
	Until     string `required:"" help:"When it ends: 2027-01-31, 2027-01-31T09:00+09:00, 18:00 or a duration (8h)."`
	Evidence  string `placeholder:"URL" help:"Where the reason can be read up: a ticket, a design (https)."`
	CloseHole bool   `help:"Keep open until then, and close the hole by itself afterwards (where the policy allows a fix at all)."`
}

func (c *exceptionAskCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	ask := casework.Ask{Reason: c.Reason, Evidence: c.Evidence, CloseHole: c.CloseHole}
	if ask.Until, err = exceptionEnd(a, c.Until, e.Now()); err != nil {
		return err
	}
	if ask.Scope, err = c.scope(a); err != nil {
		return err
	}
	switch {
	case c.Key != "" && ask.Scope != (store.Scope{}):
		return use("name a case, or what is covered by flags; not both")
	case c.Key != "":
		f, err := e.find(a, c.Key)
		if err != nil {
			return err
		}
		ask.Case = f.ID
	case ask.Scope == (store.Scope{}) && c.Renews == "":
		return use("name a case, or say what is covered: --resource ARN, --control ID --account ID, --tag NAME=VALUE --account ID")
	}
	if c.Renews != "" {
		old, err := e.findException(a, c.Renews)
		if err != nil {
			return err
		}
		ask.Renews = old.ID
	}
	x, err := a.Work.AskException(e.ctx, e.person(a), ask)
	var refused *casefile.RefusedError
	if errors.As(err, &refused) {
		return wrongUse{err}
	}
	if err != nil {
		return err
	}
	return e.exceptionDone(a, x, "another person approves it with `zesei exception approve "+x.ID+"`")
}

// scope is what the flags name; the zero Scope where they name nothing.
func (c *exceptionAskCmd) scope(a *app.App) (store.Scope, error) {
	s := store.Scope{Resource: c.Resource, Control: c.Control, Region: c.Region, Owner: c.Owner, Tag: c.Tag}
	if c.Account != "" {
		if s.Account = a.AccountNamed(c.Account); s.Account == "" {
			return s, use("--account %s: expected 12 digits, or the name of a configured account; `zesei account list` shows them", c.Account)
		}
	}
	return s, nil
}

// exceptionEnd reads when an exception ends, and holds it to the policy's maximum.
func exceptionEnd(a *app.App, s string, now time.Time) (time.Time, error) {
	zone := a.Config.Zone()
	until, err := parseUntil(s, now, zone)
	if err != nil {
		return until, err
	}
	if last := a.Policy.ExceptionEnd(now); until.After(last) {
		longest, _ := a.Policy.Exceptions()
		return until, use("--until %s: the policy accepts a risk for %s at most, until %s", s, longest, last.In(zone).Format("2006-01-02 15:04 MST"))
	}
	return until, nil
}

type exceptionApproveCmd struct {
	ID string `arg:"" help:"The exception's id, or its beginning."`
}

func (c *exceptionApproveCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	x, err := e.findException(a, c.ID)
	if err != nil {
		return err
	}
	if x, err = a.Work.ApproveException(e.ctx, e.person(a), x.ID); err != nil {
		return err
	}
	return e.exceptionDone(a, x, "")
}

type exceptionRefuseCmd struct {
	ID  string `arg:"" help:"The exception's id, or its beginning."`
	Why string `required:"" help:"The reason, for the audit chain and for who asked."`
}

func (c *exceptionRefuseCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	x, err := e.findException(a, c.ID)
	if err != nil {
		return err
	}
	if x, err = a.Work.RefuseException(e.ctx, e.person(a), x.ID, c.Why); err != nil {
		return err
	}
	return e.exceptionDone(a, x, "")
}

type exceptionRevokeCmd struct {
	ID  string `arg:"" help:"The exception's id, or its beginning."`
	Why string `required:"" help:"The reason, for the audit chain."`
}

func (c *exceptionRevokeCmd) Run(e *env) error {
	a, err := e.open(false)
	if err != nil {
		return err
	}
	defer a.Close()
	x, err := e.findException(a, c.ID)
	if err != nil {
		return err
	}
	if x, err = a.Work.RevokeException(e.ctx, e.person(a), x.ID, c.Why); err != nil {
		return err
	}
	return e.exceptionDone(a, x, "")
}
