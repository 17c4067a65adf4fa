package policy

import (
	"embed"
	"time"
)

//go:embed shipped/*.yaml
var shipped embed.FS

// ShippedNames are the policies that come with the program.
var ShippedNames = []string{"s2", "strict", "observe"}

// Shipped is the text of a policy that comes with the program: s2, strict or
// observe.
func Shipped(name string) ([]byte, bool) {
	data, err := shipped.ReadFile("shipped/" + name + ".yaml")
	return data, err == nil
}

// Default is the policy where no file exists: observe. It tracks what is CRITICAL
// or HIGH, tells the rest, and only suggests fixes. zone may be nil for UTC.
func Default(zone *time.Location) *Policy {
	data, _ := Shipped("observe")
	p, err := Load("built-in observe.yaml", data, Known{Zone: zone})
	if err != nil {
		panic("policy: " + err.Error()) // a test loads every shipped policy
	}
	return p
}
