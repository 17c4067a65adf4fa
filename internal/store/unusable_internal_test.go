package store

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// TestWhatTheSystemRefusesNamesTheFolder whoever runs the tests: root is refused
// nothing.
func TestWhatTheSystemRefusesNamesTheFolder(t *testing.T) {
	for _, code := range []error{syscall.EACCES, syscall.EROFS} {
		err := unusable("/srv/zesei/z.db", fmt.Errorf("opening: %w", &fs.PathError{Op: "open", Path: "/srv/zesei/z.db", Err: code}))
		var e *UnusableError
		if !errors.As(err, &e) || !errors.Is(err, code) || !strings.Contains(err.Error(), "the folder /srv/zesei; let the user who runs zesei write both") {
			t.Errorf("%v: %v", code, err)
		}
	}
	if other := errors.New("disk I/O error"); !errors.Is(unusable("/srv/z.db", other), other) || unusable("/srv/z.db", other).Error() != other.Error() {
		t.Error("another error is not given back as it is")
	}
}
