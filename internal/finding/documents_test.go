package finding

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zesei/internal/event"
)

var received = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

// document is a fixture that a test changes before it is decoded.
type document map[string]any

func fixture(t testing.TB, name string) document {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// with sets a member by its path ("Compliance.Status"); nil takes it away.
func (d document) with(path string, value any) document {
	at := map[string]any(d)
	parts := strings.Split(path, ".")
	for _, p := range parts[:len(parts)-1] {
		next, ok := at[p].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[p] = next
		}
		at = next
	}
	if value == nil {
		delete(at, parts[len(parts)-1])
	} else {
		at[parts[len(parts)-1]] = value
	}
	return d
}

func (d document) raw(t testing.TB) []byte {
	t.Helper()
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// in puts the document into an event of Security Hub's.
func (d document) in(t testing.TB, detailType, account string) []byte {
	return document{
		"version": "0", "id": "1", "detail-type": detailType, "source": "aws.securityhub",
		"account": account, "time": "2026-11-20T03:30:00Z", "region": "ap-northeast-1",
		"detail": map[string]any{"findings": []any{d}},
	}.raw(t)
}

// decode reads raw as a user's input is read: recognised, then decoded.
func decode(t testing.TB, raw []byte, opts ...Option) ([]Finding, error) {
	t.Helper()
	item, err := event.NewReader(strings.NewReader(string(raw)), "test").Next()
	if err != nil {
		t.Fatal(err)
	}
	return NewDecoder(newTestCatalogue(), opts...).Decode(item, received)
}

func one(t testing.TB, raw []byte, opts ...Option) Finding {
	t.Helper()
	all, err := decode(t, raw, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d findings, want one", len(all))
	}
	return all[0]
}

func dead(t testing.TB, raw []byte, field, reason string) *Error {
	t.Helper()
	all, err := decode(t, raw)
	var e *Error
	if !errors.As(err, &e) || len(all) != 0 {
		t.Fatalf("%d findings, error %v; want a dead letter", len(all), err)
	}
	if e.Field != field || !strings.Contains(e.Reason, reason) {
		t.Errorf("dead letter %q, want field %q and %q", e, field, reason)
	}
	return e
}

func resource(kind, id string) map[string]any {
	return map[string]any{"Type": kind, "Id": id, "Partition": "aws", "Region": "ap-northeast-1"}
}

const group = "arn:aws:ec2:ap-northeast-1:111122223333:security-group/sg-0123456789abcdef0"

var wantKey = Key{Kind: State, Partition: "aws", Account: "111122223333", Region: "ap-northeast-1", Control: "EC2.19", Resource: group}
