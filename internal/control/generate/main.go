// Command generate turns catalog/*.yaml into controls_gen.go. It runs in the
// directory of package control: go generate ./internal/control.
package main

import (
	"fmt"
	"os"

	"zesei/internal/control/source"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	controls, err := source.Read(os.DirFS("catalog"))
	if err != nil {
		return err
	}
	text, err := source.Render(controls)
	if err != nil {
		return err
	}
	if err := os.WriteFile("controls_gen.go", text, 0o644); err != nil {
		return fmt.Errorf("write the generated catalogue: %w", err)
	}
	return nil
}
