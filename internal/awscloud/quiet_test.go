package awscloud

import (
	"testing"

	"github.com/aws/smithy-go/logging"
)

// Outside AWS the SDK would write lines of its own between those of zesei.
func TestTheSDKWritesNothingByItself(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	base, err := New(Config{}).ambient(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if base.Logger != (logging.Nop{}) {
		t.Errorf("got %T", base.Logger)
	}
}
