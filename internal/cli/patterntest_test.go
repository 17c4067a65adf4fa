package cli

import (
	"errors"
	"strings"
	"testing"
)

func TestPatternKindIsRecognised(t *testing.T) {
	for text, event := range map[string]bool{
		`{"source": ["aws.ec2"]}`: true,
		"\n{\n \"a\": [1]}":       true,
		`{}`:                      true,
		`{ $.a = "b" }`:           false,
		`{($.a = 1) && $.b = 2}`:  false,
		`[ip, user, status = 4*]`: false,
		`ERROR "exact phrase"`:    false,
		``:                        false,
	} {
		if isEventPattern(text) != event {
			t.Errorf("%q: event pattern %t, expected %t", text, !event, event)
		}
	}
}

// FuzzPattern holds that whatever is given as a pattern compiles or is refused
// as wrong use, with the caret inside the line that it shows, and that no event
// panics it.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{`{"source": [{"prefixx": "aws."}]}`, "{\n\t\"a\": [1,]\n}", `{ $.a = }`, `[a, b`, `%(%`, `{"ａ": [{"`, "\"\r\n"} {
		f.Add(s, `{"a": 1}`)
	}
	f.Fuzz(func(t *testing.T, text, event string) {
		m, err := compilePattern("it", text)
		if err != nil {
			var wrong wrongUse
			if !errors.As(err, &wrong) {
				t.Fatalf("%q: %v", text, err)
			}
			lines := strings.Split(err.Error(), "\n")
			if at := lines[len(lines)-1]; strings.TrimLeft(at, " ") != "^" {
				t.Fatalf("%q: no caret in %q", text, err)
			}
			return
		}
		_ = m.split(strings.NewReader(event), func(one []byte) error {
			m.test(one, true)
			return nil
		})
	})
}
