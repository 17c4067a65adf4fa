package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkControlShow is the whole process of looking a control up: to be under
// 50 ms.
func BenchmarkControlShow(b *testing.B) {
	program := filepath.Join(b.TempDir(), "zesei")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for b.Loop() {
		c := exec.Command(program, "control", "show", "S3.8")
		c.Dir = b.TempDir()
		if out, err := c.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}
