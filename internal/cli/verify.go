package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"zesei/internal/audit"
)

type verifyCmd struct {
	File []string `arg:"" help:"Case files, as zesei case export writes them; - is standard input."`
	Key  []string `placeholder:"FILE" help:"Public keys that are trusted (PEM); a signature by any other key is broken then."`
}

// Run needs no configuration, no store and no network.
func (c *verifyCmd) Run(e *env) error {
	var keys []audit.PublicKey
	for _, name := range c.Key {
		text, err := os.ReadFile(name)
		if err != nil {
			return wrongUse{err}
		}
		k, err := audit.ParsePublicKey(text)
		if err != nil {
			return use("--key %s: %v", name, err)
		}
		keys = append(keys, k)
	}
	type verified struct {
		File   string `json:"file"`
		Result string `json:"result"`
		*audit.Verdict
	}
	out := []verified{}
	broken := false
	for _, name := range c.File {
		data, err := e.read(name)
		if err != nil {
			return wrongUse{err}
		}
		v := &audit.Verdict{}
		file, err := audit.Read(data)
		if err != nil {
			v.Broken = []string{err.Error()}
		} else {
			v = audit.Verify(file, keys...)
		}
		broken = broken || !v.Consistent()
		out = append(out, verified{name, v.Result(), v})
		if !e.root.JSON {
			if len(out) > 1 {
				fmt.Fprintln(e.Out)
			}
			e.showVerdict(name, file, v)
		}
	}
	if e.root.JSON {
		var err error
		if len(out) == 1 {
			err = e.print(out[0])
		} else {
			err = e.print(out)
		}
		if err != nil {
			return err
		}
	}
	if broken {
		return errFound
	}
	return nil
}

// read reads a file, or standard input for -.
func (e *env) read(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(e.In)
	}
	return os.ReadFile(name)
}

func (e *env) showVerdict(name string, c *audit.CaseFile, v *audit.Verdict) {
	line := func(what, format string, args ...any) {
		fmt.Fprintf(e.Out, "%-11s %s\n", what, printable(fmt.Sprintf(format, args...)))
	}
	line("file", "%s", name)
	if c != nil {
		line("case", "%.12s %s %s", v.Case, c.Key.Control, c.Key.Resource)
		line("chain", "%d entries", v.Entries)
	}
	if len(v.Plans) > 0 {
		line("plans", "%s: as the chain names them", strings.Join(v.Plans, ", "))
	}
	if p := v.Checkpoint; p != nil {
		line("checkpoint", "%d of %s over %d chains, signed by %s", p.Number, p.At.UTC().Format(time.RFC3339), p.Chains, p.Signature.Key)
	}
	if v.Sealed != "" {
		line("seal", "exported %s by %s, signed by %s", c.ExportedAt.Format(time.RFC3339), c.ExportedBy, v.Sealed)
	}
	for _, b := range v.Broken {
		line("broken", "%s", b)
	}
	for _, n := range v.Notes {
		line("note", "%s", n)
	}
	line("result", "%s", v.Result())
}
