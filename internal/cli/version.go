package cli

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

type versionCmd struct{}

// versionFlag is --version: it prints what the command prints, and ends.
type versionFlag bool

// BeforeReset ends the parsing: what else stands on the command line does not
// matter.
func (versionFlag) BeforeReset(k *kong.Kong) error {
	if err := printVersion(k.Stdout); err != nil {
		return err
	}
	k.Exit(0)
	return nil
}

func (versionCmd) Run(e *env) error {
	if e.root.JSON {
		return e.print(built())
	}
	return printVersion(e.Out)
}

// build is which zesei this is.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
}

func built() build {
	v := build{Version: "unknown"}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Go = info.GoVersion
		if info.Main.Version != "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Revision = s.Value
			case "vcs.time":
				v.Time = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	return v
}

func printVersion(w io.Writer) error {
	v := built()
	line := "zesei " + v.Version
	if v.Revision != "" {
		line += " " + v.Revision
	}
	if v.Modified {
		line += " with changes"
	}
	_, err := fmt.Fprintf(w, "%s, %s\n", line, v.Go)
	return err
}
