//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// width is how many columns the terminal has that a file is; 0 where it is none.
func width(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
