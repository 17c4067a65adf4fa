package tickettest

import (
	"os"
	"testing"
)

// Scratch is a directory for a test's database: in memory where the machine has
// one, as a test that writes a lot of little waits for the disk at each write and
// keeps nothing.
func Scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "zesei-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
