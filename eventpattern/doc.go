// Package eventpattern matches events against Amazon EventBridge event patterns.
package eventpattern
