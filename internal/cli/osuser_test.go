package cli

import (
	"os/user"
	"testing"
)

func TestTheEnvironmentNamesNobody(t *testing.T) {
	t.Setenv("USER", "taro")
	t.Setenv("LOGNAME", "taro")
	if got := userOf(2147480000); got != "uid-2147480000" {
		t.Errorf("a user that the system does not list is %q", got)
	}
	me, err := user.Current()
	if err != nil || me.Username == "taro" {
		t.Skip("who runs the test is not known")
	}
	if got := osUser(); got != me.Username {
		t.Errorf("got %q, want %q", got, me.Username)
	}
}
