// Command zesei closes AWS security findings: it keeps one case per real problem,
// tells its owner, fixes what it is allowed to fix, and proves it. The commands
// are in package cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones work without the system's files

	"github.com/mattn/go-isatty"

	"zesei/internal/cli"
)

func main() {
	os.Exit(run(cli.IO{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Terminal: terminal(os.Stdout), ErrTerminal: terminal(os.Stderr), Width: width(os.Stdout),
	}))
}

func run(stdio cli.IO) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Run(ctx, os.Args[1:], stdio)
}

// terminal says whether a file is a terminal that wants colours
// (https://no-color.org).
func terminal(f *os.File) bool {
	return isatty.IsTerminal(f.Fd()) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
