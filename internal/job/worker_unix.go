//go:build unix

package job

import (
	"os"
	"syscall"
)

// lockNew makes a file and locks it; nil where that cannot be done.
func lockNew(path string) *os.File {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil
	}
	// A queue that starts between the two lines takes the file for a dead
	// worker's and removes it: our leases then simply run out after a crash.
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		f.Close()
		return nil
	}
	return f
}

// lockLeft locks a file that its worker has left; nil where the worker lives or
// nothing can be told.
func lockLeft(path string) *os.File {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		f.Close()
		return nil
	}
	return f
}
