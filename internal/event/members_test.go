package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestMembersOfItemsArePlacesInRaw(t *testing.T) {
	in := `{"Records":[{"eventVersion":"1.0", "eventName" : "A","eventSource":"x","n":{"a":[1,{"b":2}]},"z":null}
,` + trail + `]}`
	r := NewReader(strings.NewReader(in), "in")
	for n := 0; ; n++ {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			if n != 2 {
				t.Fatalf("%d items", n)
			}
			return
		}
		if err != nil || item.Err != nil {
			t.Fatal(err, item.Err)
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(item.Raw, &want); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, m := range item.Members {
			got[string(item.Raw[m.Name:m.NameEnd])] = string(item.Raw[m.Value:m.ValueEnd])
		}
		if len(got) != len(want) {
			t.Errorf("members %v of %s", got, item.Raw)
		}
		for name, value := range want {
			if got[name] != string(value) {
				t.Errorf("%s is %q, want %q", name, got[name], value)
			}
		}
	}
}

func TestMoreMembersThanAreToldOfAreNone(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"eventName":"A","eventSource":"x"`)
	for i := range MaxMembers {
		fmt.Fprintf(&b, `,"m%d":%d`, i, i)
	}
	b.WriteString("}")
	item, err := NewReader(strings.NewReader(b.String()), "in").Next()
	if err != nil || item.Format != CloudTrailItem || item.Members != nil {
		t.Errorf("%v, %v, %d members", err, item.Format, len(item.Members))
	}
}
