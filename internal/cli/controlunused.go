package cli

import (
	"fmt"
	"os"
	"strings"

	"zesei/internal/controlstate"
)

type controlUnusedCmd struct {
	Since string `default:"30d" help:"No data since then: a span (30d, 2 weeks) or a date."`
	Out   string `short:"o" placeholder:"FILE" help:"Write the list to a file, to be taken into the policy (default: standard output)."`
	All   bool   `help:"Look at all controls, not only at those of the policy's standards."`
}

func (c *controlUnusedCmd) Run(e *env) error {
	a, err := e.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	since, err := parseSince(c.Since, e.Now(), a.Config.Zone())
	if err != nil {
		return err
	}
	standards := a.Policy.Standards()
	if c.All {
		standards = nil
	}
	u, err := controlstate.FindUnused(e.ctx, a.DB.View(), a.Catalogue, standards, since)
	if err != nil {
		return err
	}

	switch {
	case u.Accounts == 0:
		return use("nothing is known of any account yet: take findings in first (zesei run, zesei ingest)")
	case len(u.Young) == u.Accounts:
		return use("no account has been known since %s: the first was seen on %s; ask for a shorter time with --since", since.In(a.Config.Zone()).Format("2006-01-02"), u.Watched.In(a.Config.Zone()).Format("2006-01-02"))
	case len(u.Young) > 0:
		fmt.Fprintf(e.Err, "zesei: known for a shorter time: %s\n", strings.Join(u.Young, ", "))
	}
	if e.root.JSON && c.Out == "" {
		return e.print(u)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# No case, pass or statement since %s in %d accounts.\n", since.In(a.Config.Zone()).Format("2006-01-02 15:04 MST"), u.Accounts)
	if len(u.Controls) == 0 {
		b.WriteString("unused: []\n")
	} else {
		b.WriteString("unused:\n")
	}
	for _, id := range u.Controls {
		fmt.Fprintf(&b, "  - %q\n", id)
	}
	if c.Out == "" {
		_, err := fmt.Fprint(e.Out, b.String())
		return err
	}
	if err := os.WriteFile(c.Out, []byte(b.String()), 0o600); err != nil {
		return wrongUse{err}
	}
	fmt.Fprintf(e.Err, "zesei: wrote %s: %d controls or services\n", c.Out, len(u.Controls))
	return nil
}
