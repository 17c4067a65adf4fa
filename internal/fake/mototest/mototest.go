// Package mototest starts the AWS emulator moto_server for a test, as a second
// opinion beside the twin in internal/fake. It is for tests only.
//
// Each call starts a process of its own: moto answers one request at a time,
// and its state must not be shared. Where moto_server is not on PATH the test
// is skipped with one line, or fails if ZESEI_REQUIRE=all.
package mototest

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Start runs moto_server on a free loopback port until the test ends, and
// returns its endpoint ("http://127.0.0.1:PORT").
func Start(t testing.TB) string {
	t.Helper()
	program, err := exec.LookPath("moto_server")
	if err != nil {
		if os.Getenv("ZESEI_REQUIRE") == "all" {
			t.Fatal("moto_server is not on PATH, and ZESEI_REQUIRE=all demands it")
		}
		t.Skip("moto_server is not on PATH: nothing to compare the twin with")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	command := exec.Command(program, "-H", "127.0.0.1", "-p", fmt.Sprint(port))
	command.Env = append(os.Environ(), "MOTO_EC2_LOAD_DEFAULT_AMIS=false")
	if err := command.Start(); err != nil {
		t.Fatalf("starting moto_server: %v", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- command.Wait() }()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-exited
	})
	endpoint := fmt.Sprintf("http://127.0.0.1:%d", port)
	for range 300 {
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("moto_server ended at once: %v", err)
		default:
		}
		if resp, err := http.Get(endpoint + "/moto-api/"); err == nil {
			_ = resp.Body.Close()
			return endpoint
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("moto_server did not answer within 30 s")
	return ""
}
