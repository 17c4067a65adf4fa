//go:build race

package eventpattern_test

func init() { raceDetector = true }
