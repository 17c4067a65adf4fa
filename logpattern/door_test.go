package logpattern

import (
	"encoding/json"
	"testing"
)

// A filter that matches an event is opened by one of its members: else Opens
// would hide what it must let through.
func TestWhatMatchesIsOpened(t *testing.T) {
	events := []string{
		`{"eventName":"ConsoleLogin","errorMessage":"Failed authentication","userIdentity":{"type":"Root"}}`,
		`{"eventName":"PutObject","errorCode":"AccessDenied"}`,
		`{"eventName":"Put\u004fbject","errorCode":null,"n":5,"flag":true}`,
		`{"event\u004eame":"PutObject","list":[{"a":"x"}],"n":"5"}`,
		`{"userIdentity":{"ty\u0070e":"Root","invokedBy":"x"},"n":5.0}`,
		`{}`,
	}
	filters := []string{
		`{ $.eventName = "PutObject" }`, `{ $.eventName = Put* }`, `{ $.eventName != "X" }`, `{ $.errorCode = "*Denied" || $.errorCode = "Un*" }`,
		`{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }`, `{ $.userIdentity.type = "Root" }`, `{ $.n = 5 }`, `{ $.n >= 5 }`,
		`{ $.errorCode NOT EXISTS }`, `{ $.errorCode IS NULL }`, `{ $.errorCode = * }`, `{ $.flag IS TRUE }`, `{ $.flag = "true" }`, `{ $.list[0].a = "x" }`,
		`{ $.eventName = %^Put% }`, `{ ($.eventName = "A") || ($.n = 5 && $.flag IS TRUE) }`, `{ $.missing != "x" }`,
	}
	opened := func(s *Set, event string) bool {
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(event), &members); err != nil {
			t.Fatal(err)
		}
		for name, value := range members {
			if s.Opens([]byte(name), value) {
				return true
			}
		}
		return false
	}
	matches, shut := 0, 0
	for _, text := range filters {
		f, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		s := NewSet(f)
		for _, e := range events {
			switch is := opened(s, e); {
			case f.Match([]byte(e)) && !is && !s.open:
				t.Errorf("%s matches %s, which opens nothing", text, e)
			case f.Match([]byte(e)):
				matches++
			case !is:
				shut++
			}
		}
	}
	if matches < 20 || shut < 20 {
		t.Errorf("%d matches and %d events kept out: the table says too little", matches, shut)
	}
	open, err := Parse(`{ $.eventName = "A" }`)
	if err != nil {
		t.Fatal(err)
	}
	if !NewSet(open).Opens([]byte(`event\u004eame`), []byte(`"B"`)) {
		t.Error("a name with escapes was taken as it stands")
	}
	words, err := Parse(`ERROR`)
	if err != nil {
		t.Fatal(err)
	}
	if !NewSet(open, words).Opens([]byte("x"), []byte(`"y"`)) {
		t.Error("a set with a filter of terms is not open to all")
	}
}
