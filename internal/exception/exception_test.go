package exception

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

var end = time.Date(2027, 1, 31, 9, 0, 0, 0, time.UTC)

func TestWhatIsWrittenIsRead(t *testing.T) {
	f := &File{Exceptions: []Exception{
		{ID: "x1", Control: "S3.8", Account: "011122223333", Region: "ap-northeast-1", Resource: "arn:aws:s3:::b", Name: "b", Reason: "a \"b\" ${c}\n日本", ApprovedBy: "cli:taro", ExpiresAt: Time{end}},
		{ID: "x2", Tag: "team=shop", Owner: "shop", Reason: "r", ApprovedBy: "a", ExpiresAt: Time{end}},
	}}
	got, err := Parse("x.yaml", []byte(f.YAML()))
	if err != nil || !reflect.DeepEqual(got, f) {
		t.Errorf("got %+v (%v) from\n%s", got, err, f.YAML())
	}
	if got, err := Parse("x.yaml", []byte((&File{}).YAML())); err != nil || len(got.Exceptions) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAnExceptionCoversWhatItNamesUntilItsEndAndNothingElse(t *testing.T) {
	case1 := Exception{Control: "S3.8", Account: "111122223333", Resource: "arn:aws:s3:::b", Name: "b", ExpiresAt: Time{end}}
	tagged := Exception{Tag: "team=shop", Account: "111122223333", ExpiresAt: Time{end}}
	s := Subject{Control: "s3.8", Account: "111122223333", Resource: "arn:aws:s3:::b"}
	for _, c := range []struct {
		name string
		x    Exception
		s    Subject
		at   time.Time
		want bool
	}{
		{"the resource itself", case1, s, end.Add(-1), true},
		{"at its end", case1, s, end, false},
		{"by its name in a template", case1, Subject{Control: "S3.8", Account: "111122223333", Name: "b"}, end.Add(-1), true},
		{"another name", case1, Subject{Control: "S3.8", Account: "111122223333", Name: "c"}, end.Add(-1), false},
		{"another control", case1, Subject{Control: "S3.9", Account: "111122223333", Name: "b"}, end.Add(-1), false},
		{"an account that is not known", case1, Subject{Control: "S3.8", Name: "b"}, end.Add(-1), false},
		{"by tag", tagged, Subject{Account: "111122223333", Tags: map[string]string{"team": "shop"}}, end.Add(-1), true},
		{"another tag", tagged, Subject{Account: "111122223333", Tags: map[string]string{"team": "x"}}, end.Add(-1), false},
		{"tags that cannot be read", tagged, Subject{Account: "111122223333", TagsUnread: true, Tags: map[string]string{"team": "shop"}}, end.Add(-1), false},
		{"a control everywhere", Exception{Control: "S3.8", ExpiresAt: Time{end}}, s, end.Add(-1), false},
	} {
		if got := c.x.Covers(c.s, c.at); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	f := File{Exceptions: []Exception{tagged, case1}}
	if x, ok := f.Find(s, end.Add(-1)); !ok || x.Control != "S3.8" {
		t.Errorf("got %+v", x)
	}
}

func TestTooWideOrEndlessIsAMistake(t *testing.T) {
	_, err := Parse("x.yaml", []byte("exceptions:\n  - {id: x1, control: S3.8}\n  - {id: x2, resource: r, expires_at: tomorrow}\n"))
	for _, want := range []string{"x.yaml:2:", "covers too much", "has no end", `"tomorrow" is no time`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("exceptions:\n  - {id: x1, resource: a, reason: r, expires_at: 2027-01-31T09:00:00Z}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := Parse("x.yaml", data)
		if err != nil {
			return
		}
		if _, err := Parse("x.yaml", []byte(x.YAML())); err != nil && len(x.Exceptions) > 0 {
			t.Skip(err) // characters that YAML cannot hold
		}
	})
}
