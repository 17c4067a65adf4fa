package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

const (
	asff       = `{"SchemaVersion":"2018-10-08","Id":"arn:aws:securityhub:ap-northeast-1:111122223333:security-control/EC2.19/finding/%s","ProductArn":"arn:aws:securityhub:ap-northeast-1::product/aws/securityhub","GeneratorId":"security-control/EC2.19","AwsAccountId":"111122223333","Resources":[{"Type":"AwsEc2SecurityGroup","Id":"sg-0"},{"Type":"Other","Id":"a \"quoted\" \\ name"}]}`
	ocsf       = `{"class_uid":2003,"finding_info":{"uid":"x"},"metadata":{"version":"1.6.0"}}`
	trail      = `{"eventVersion":"1.11","eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventID":"e","userIdentity":{"type":"Root"}}`
	dome9      = `{"policy":{"name":"p"},"bundle":{"name":"b"},"rule":{"name":"r"},"status":"Failed","account":{"id":"111122223333"},"entity":{"id":"sg-0"}}`
	imported   = `{"version":"0","id":"1","detail-type":"Security Hub Findings - Imported","source":"aws.securityhub","account":"111122223333","detail":{"findings":[{"SchemaVersion":"2018-10-08"}]}}`
	custom     = `{"id":"1","detail-type":"Security Hub Findings - Custom Action","source":"aws.securityhub","detail":{"findings":[]}}`
	importedV2 = `{"id":"1","detail-type":"Findings Imported V2","source":"aws.securityhub","detail":{"findings":[]}}`
	insight    = `{"id":"1","detail-type":"Security Hub Insight Results","source":"aws.securityhub","detail":{"insightResults":[]}}`
	guardduty  = `{"id":"1","detail-type":"GuardDuty Finding","source":"aws.guardduty","detail":{"type":"x"}}`
)

func finding(n any) string { return fmt.Sprintf(asff, fmt.Sprint(n)) }

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// read takes an input apart: "format" for an item, "! reason" for one that
// cannot be used.
func read(t *testing.T, input string, set ...func(*Reader)) []string {
	t.Helper()
	r := NewReader(strings.NewReader(input), "in.json")
	for _, f := range set {
		f(r)
	}
	return drain(t, r)
}

func drain(t *testing.T, r *Reader) (got []string) {
	t.Helper()
	for index := int64(1); ; index++ {
		item, err := r.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		if item.Index != index || item.Source != r.name {
			t.Fatalf("item %d has index %d and source %q", index, item.Index, item.Source)
		}
		switch {
		case item.Err != nil:
			got = append(got, "! "+item.Err.Error())
		case item.Format == Unknown:
			t.Fatalf("an unknown item without a reason: %s", item.Raw)
		default:
			got = append(got, string(item.Format))
		}
	}
}

// match compares with wants, of which "! text" asks for an error that holds it.
func match(t *testing.T, got, want []string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		if text, bad := strings.CutPrefix(want[i], "! "); bad {
			ok = strings.HasPrefix(got[i], "! ") && strings.Contains(got[i], text)
		} else {
			ok = got[i] == want[i]
		}
	}
	if !ok {
		t.Errorf("read\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestReaderRecognisesByContent(t *testing.T) {
	pretty := strings.NewReplacer(`,"`, ",\n  \"", `{"`, "{\n  \"").Replace
	for name, c := range map[string]struct {
		input string
		want  []string
	}{
		"one finding":                      {finding(1), []string{"asff"}},
		"pretty-printed finding":           {pretty(finding(1)), []string{"asff"}},
		"array":                            {"[" + finding(1) + ",\n" + ocsf + "]", []string{"asff", "ocsf"}},
		"empty array":                      {" [ ] ", nil},
		"array of arrays":                  {"[[" + ocsf + "],[" + ocsf + "," + ocsf + "]]", []string{"ocsf", "ocsf", "ocsf"}},
		"lines":                            {finding(1) + "\n" + trail + "\r\n" + dome9 + "\n", []string{"asff", "cloudtrail", "dome9"}},
		"one after another":                {finding(1) + finding(2) + pretty(ocsf) + pretty(trail), []string{"asff", "asff", "ocsf", "cloudtrail"}},
		"lines that end in commas":         {finding(1) + ",\n" + finding(2) + ",\n", []string{"asff", "asff"}},
		"GetFindings":                      {`{"Findings":[` + finding(1) + `],"NextToken":"abc","Other":{"a":[1]}}`, []string{"asff"}},
		"findings in small letters":        {`{"findings": [ ` + finding(1) + ` ] }`, []string{"asff"}},
		"no findings":                      {`{"findings":[]}`, nil},
		"pages of GetFindings":             {`{"Findings":[` + finding(1) + `]}` + "\n" + `{"Findings":[` + finding(2) + `]}`, []string{"asff", "asff"}},
		"array of pages":                   {`[{"NextToken":"x","Findings":[` + finding(1) + `]},{"Findings":[` + finding(2) + `]}]`, []string{"asff", "asff"}},
		"two lists in one object":          {`{"Findings":[` + finding(1) + `],"Records":[` + trail + `]}`, []string{"asff", "cloudtrail"}},
		"imported":                         {imported, []string{"imported"}},
		"custom action":                    {custom, []string{"custom-action"}},
		"imported v2":                      {"[" + importedV2 + "]", []string{"imported-v2"}},
		"insight results are an event":     {insight, []string{"event"}},
		"other events":                     {guardduty + "\n" + guardduty, []string{"event", "event"}},
		"CloudTrail file":                  {`{"Records":[` + trail + "," + trail + `]}`, []string{"cloudtrail", "cloudtrail"}},
		"LookupEvents":                     {`{"Events":[{"EventId":"e","EventName":"CreateUser","CloudTrailEvent":` + quote(trail) + `}]}`, []string{"cloudtrail"}},
		"Lambda SNS":                       {`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":` + quote(imported) + `}}]}`, []string{"imported"}},
		"Lambda SQS":                       {`{"Records":[{"messageId":"m","body":` + quote(imported) + `,"eventSource":"aws:sqs"}]}`, []string{"imported"}},
		"ReceiveMessage":                   {`{"Messages":[{"MessageId":"m","ReceiptHandle":"h","Body":` + quote(finding(1)) + `}]}`, []string{"asff"}},
		"SNS notification":                 {`{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:::t","Message":` + quote(dome9) + `}`, []string{"dome9"}},
		"SNS in SQS with several findings": {`{"Records":[{"messageId":"m","body":` + quote(`{"Type":"Notification","TopicArn":"t","Message":`+quote("["+finding(1)+","+finding(2)+"]")+`}`) + `,"eventSource":"aws:sqs"}]}` + ocsf, []string{"asff", "asff", "ocsf"}},
		"byte order mark":                  {"\ufeff" + finding(1), []string{"asff"}},
		"nothing":                          {" \n", nil},
		"several findings in one event":    {strings.Replace(custom, `"findings":[]`, `"findings":[`+finding(1)+","+finding(2)+`]`, 1), []string{"custom-action"}},
	} {
		t.Run(name, func(t *testing.T) { match(t, read(t, c.input), c.want) })
		t.Run(name+", gzip", func(t *testing.T) { match(t, read(t, compress(c.input)), c.want) })
		t.Run(name+", a byte at a time", func(t *testing.T) {
			match(t, drain(t, NewReader(&oneByte{[]byte(c.input)}, "x")), c.want)
		})
	}
}

func TestReaderSaysWhatItDoesNotKnow(t *testing.T) {
	for input, want := range map[string]string{
		`{}`:                               "an empty object; expected an ASFF or OCSF finding",
		`{"b":1,"a":{"c":2}}`:              "an object with the members b, a;",
		`{"class_uid":6003,"metadata":{}}`: "an OCSF event of class 6003",
		`{"findings":[{"findingArn":"arn:aws:inspector2:x"}]}`: "an Inspector finding as ListFindings prints it",
		`{"Findings":[{"Arn":"a","Id":"i","Service":{}}]}`:     "a GuardDuty finding as GetFindings prints it",
		`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","eventTime":"t","userIdentity":{},"s3":{"bucket":{"name":"logs"},"object":{"key":"a.json.gz"}}}]}`: "names the object s3://logs/a.json.gz",
		`{"Type":"SubscriptionConfirmation","TopicArn":"t","Message":"x"}`:            "SubscriptionConfirmation",
		`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"Hello from SNS!"}}]}`: "in a message: broken JSON: expected a value, found",
		`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":" "}}]}`:               "a message without content",
		`"text"`:                           `a value that is no object ("text")`,
		`[1, 2, 3]`:                        "3 values that are no objects (1)",
		"\xff\xfe{\x00}\x00":               "UTF-16 text; expected UTF-8",
		`{"DetailType":"x","Detail":"{}"}`: "an entry for PutEvents",
		`{"awslogs":{"data":"H4sI"}}`:      "a CloudWatch Logs subscription",
	} {
		match(t, read(t, input), []string{"! " + want})
	}
}

func TestReaderGoesOnBehindABrokenLine(t *testing.T) {
	good := finding(1)
	for name, line := range map[string]string{
		"cut in a string":      good[:50],
		"cut in an object":     good[:strings.Index(good, `,"Resources"`)],
		"cut in an array":      good[:strings.Index(good, `,{"Type":"Other"`)+1],
		"a missing brace":      good[:len(good)-1],
		"a brace too many":     good + "}",
		"a missing quote":      strings.Replace(good, `"SchemaVersion"`, `"SchemaVersion`, 1),
		"a bare word":          strings.Replace(good, `"2018-10-08"`, `2018_10`, 1),
		"Python's words":       strings.Replace(good, `"2018-10-08"`, `None`, 1),
		"two commas":           strings.Replace(good, `,"Id"`, `,,"Id"`, 1),
		"text before it":       "INFO " + good,
		"text":                 "Traceback (most recent call last):",
		"an unknown escape":    strings.Replace(good, `\\`, `\x`, 1),
		"a bare tab in a name": strings.Replace(good, `Schema`, "Sch\tema", 1),
		"NUL bytes":            "\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, finding(1)+"\n"+line+"\n"+finding(3)+"\n"+line+"\n"+ocsf+"\n"+trail)
			want := []string{"asff", "! ", "asff", "! ", "ocsf", "cloudtrail"}
			if name == "a brace too many" {
				// A lone bracket loses nothing: once told, it is passed over.
				want = []string{"asff", "asff", "! ", "asff", "asff", "ocsf", "cloudtrail"}
			}
			match(t, got, want)
		})
	}
}

func TestReaderGoesOnBehindABrokenElement(t *testing.T) {
	good := finding(2)
	for layout, sep := range map[string]string{"tight": ",", "a line each": ",\n", "indented": ",\n    "} {
		for name, element := range map[string]string{
			"cut in a string":  good[:50],
			"cut in an array":  good[:strings.Index(good, `,{"Type":"Other"`)+1],
			"a missing brace":  good[:len(good)-1],
			"a brace too many": good + "}",
			"two commas":       strings.Replace(good, `,"Id"`, `,,"Id"`, 1),
			"a bare word":      strings.Replace(good, `"2018-10-08"`, `nil`, 1),
		} {
			t.Run(layout+", "+name, func(t *testing.T) {
				want := []string{"asff", "! ", "asff", "asff"}
				if name == "a brace too many" {
					want = []string{"asff", "asff", "! ", "asff", "asff"}
				}
				in := finding(1) + sep + element + sep + finding(3) + sep + finding(4)
				match(t, read(t, "["+in+"]"), want)
				match(t, read(t, `{"Findings":[`+in+`],"NextToken":"x"}`), want)
				match(t, read(t, `{"Findings":[`+in+"]}\n"+ocsf), append(want, "ocsf"))
			})
		}
	}
}

func TestReaderTellsOfACutOffInput(t *testing.T) {
	whole := `{"Findings":[` + finding(1) + "," + finding(2) + "]}"
	match(t, read(t, whole[:len(whole)-20]), []string{"asff", "! the input ends inside a value"})
	match(t, read(t, whole[:len(whole)-2]), []string{"asff", "asff", "! the input ends inside a list"})
	match(t, read(t, whole[:len(whole)-1]), []string{"asff", "asff", "! the input ends inside a value"})

	var lines strings.Builder
	for i := range 500 {
		lines.WriteString(finding(i) + "\n")
	}
	z := compress(lines.String())
	got := read(t, z[:len(z)-9])
	if len(got) < 400 || !strings.Contains(got[len(got)-1], "unexpected EOF") {
		t.Errorf("%d items, the last %q", len(got), got[len(got)-1])
	}
	match(t, read(t, z[:8]), []string{"! gzip"})
}

func TestReaderErrorNamesPlaceAndLoss(t *testing.T) {
	r := NewReader(strings.NewReader(finding(1)+"\n"+`{"a":1 "b"`+"\n"+finding(2)), "findings.jsonl")
	r.Next()
	item, err := r.Next()
	var e *Error
	if err != nil || !errors.As(item.Err, &e) {
		t.Fatal(err, item.Err)
	}
	if e.Line != 2 || e.Offset != int64(len(finding(1))+1) || e.Lost != 11 || e.Source != "findings.jsonl" || string(item.Raw[:10]) != `{"a":1 "b"` {
		t.Errorf("%+v, raw %q", e, item.Raw)
	}
}

func TestReaderPlacesAMessagesFaultWhereTheMessageStands(t *testing.T) {
	match(t, read(t, "{\"Records\": [\n\n{\"EventSource\":\"aws:sns\",\n\"Sns\":{\"Message\":\"Hello\"}}]}"),
		[]string{"! in.json: line 3, byte 15: in a message: broken JSON"})
}

func TestReaderPassesOverAnItemAboveTheLimit(t *testing.T) {
	large := `{"SchemaVersion":"x","Note":"` + strings.Repeat("y", 300<<10) + `","A":[` + strings.Repeat(`{"b":1},`, 1000) + `1]}`
	limit := func(r *Reader) { r.Limit = 100 << 10 }
	want := []string{"asff", "! at most 102400 bytes", "asff"}
	match(t, read(t, "["+finding(1)+","+large+","+finding(2)+"]", limit), want)
	match(t, read(t, finding(1)+"\n"+large+"\n"+finding(2), limit), want)
	brokenLarge := strings.Replace(large, `1]}`, `1}}`, 1)
	match(t, read(t, finding(1)+"\n"+brokenLarge+"\n"+finding(2), limit), []string{"asff", "! broken JSON", "asff"})
}

func TestReaderReturnsTheSourcesOwnError(t *testing.T) {
	boom := errors.New("disk fault")
	r := NewReader(io.MultiReader(strings.NewReader(finding(1)+finding(2)[:30]), &failing{boom}), "f")
	if item, err := r.Next(); err != nil || item.Format != ASFF {
		t.Fatal(item, err)
	}
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, boom) {
			t.Fatal(err)
		}
	}
}

func TestReaderGivesTheBytesAsReceived(t *testing.T) {
	in := []string{finding(1), ocsf, trail}
	r := NewReader(strings.NewReader(" ["+strings.Join(in, ", ")+"]"), "f")
	offset := int64(2)
	for _, want := range in {
		item, err := r.Next()
		if err != nil || string(item.Raw) != want || item.Offset != offset {
			t.Errorf("offset %d, %v, raw %q", item.Offset, err, item.Raw)
		}
		offset += int64(len(want)) + 2
	}
	if r.BytesRead() != offset-1 {
		t.Errorf("%d bytes read, want %d", r.BytesRead(), offset-1)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

type oneByte struct{ rest []byte }

func (o *oneByte) Read(p []byte) (int, error) {
	if len(o.rest) == 0 {
		return 0, io.EOF
	}
	p[0] = o.rest[0]
	o.rest = o.rest[1:]
	return 1, nil
}

func compress(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

// Hostile input costs no more than a few readings of it: this test ends only if
// it does.
func TestReaderIsNotSlowedByHostileInput(t *testing.T) {
	for name, part := range map[string]string{
		"opening lines":    "\n{\"a\":[",
		"opening brackets": "[",
		"opening objects":  "{\"a\":",
		"elements":         ",{\"a\":[0",
		"fresh lines":      "\n {\"a\":[0,",
		"quotes":           "\"",
		"braces":           "{",
		"open elements":    ",{\"SchemaVersion\":[{},",
		"backslashes":      "{\"\\",
	} {
		t.Run(name, func(t *testing.T) {
			in := strings.Repeat(part, (512<<10)/len(part))
			for _, head := range []string{"", "[", `{"Findings":[`} {
				r := NewReader(strings.NewReader(head+in), "hostile")
				for {
					if _, err := r.Next(); err != nil {
						break
					}
				}
			}
		})
	}
}
