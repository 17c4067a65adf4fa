package cli

import (
	"os"
	"os/user"
	"strconv"
)

// osUser is the operating system's name of who runs the process.
func osUser() string {
	if uid := os.Getuid(); uid >= 0 {
		return userOf(uid)
	}
	if u, err := user.Current(); err == nil && u.Username != "" { // Windows
		return u.Username
	}
	return "unknown"
}

// userOf is the name of a user id as the system's list of users has it. user.Current
// would take the name of one that it does not list from the environment, where
// everybody writes what they like: such a user is known by number.
func userOf(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid-" + strconv.Itoa(uid)
}
