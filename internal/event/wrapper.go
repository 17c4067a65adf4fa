package event

import "github.com/go-json-experiment/json"

// wrapper is where a message lies in what carries it.
type wrapper uint8

const (
	noWrapper      wrapper = iota
	lambdaSNS              // Lambda's SNS record: Sns.Message
	snsMessage             // SNS by HTTP or SQS: Message
	lambdaSQS              // Lambda's SQS record: body
	sqsMessage             // ReceiveMessage's output: Body
	lookedUpRecord         // LookupEvents' event: CloudTrailEvent
)

func wrapperOf(s *scan, raw []byte) (wrapper, bool) {
	seen := s.seen
	is := func(m member, first byte) bool { return seen.has(m) && raw[s.at[m].from] == first }
	switch {
	case is(memberSns, '{'):
		return lambdaSNS, true
	case is(memberMessage, '"') && seen.has(memberType) && seen.count(memberTopicArn, memberMessageID) > 0 &&
		string(s.at[memberType].of(raw)) == `"Notification"`:
		return snsMessage, true
	case is(memberBody, '"') && seen.count(memberMessageID, memberReceiptHandle, memberEventSource) > 1:
		return lambdaSQS, true
	case is(memberUpperBody, '"') && seen.count(memberMessageID, memberUpperReceiptHandle) > 0:
		return sqsMessage, true
	case is(memberCloudTrailEvent, '"'):
		return lookedUpRecord, true
	}
	return noWrapper, false
}

// unwrap opens the message that an item carries. The rules are those of "Amazon
// SNS message and JSON formats", "Using Lambda with Amazon SQS" and CloudTrail's
// LookupEvents.
func (r *Reader) unwrap(item *Item) (*Reader, bool) {
	if item.Err != nil || item.Format != Unknown {
		return nil, false
	}
	kind, ok := wrapperOf(&r.scan, item.Raw)
	if !ok {
		return nil, false
	}
	refuse := func(found, want string) (*Reader, bool) {
		e := r.fault(item.Offset, 0, found, want)
		e.Line = r.line
		item.Err = e
		return nil, false
	}
	if r.depth+1 >= maxNesting {
		return refuse("messages nested too deep", wanted)
	}
	var text string
	var err error
	read := func(m member) { err = json.Unmarshal(r.scan.at[m].of(item.Raw), &text, lenient) }
	switch kind {
	case lambdaSNS:
		var sns struct{ Message string }
		err = json.Unmarshal(r.scan.at[memberSns].of(item.Raw), &sns, lenient)
		text = sns.Message
	case snsMessage:
		read(memberMessage)
	case lambdaSQS:
		read(memberBody)
	case sqsMessage:
		read(memberUpperBody)
	case lookedUpRecord:
		read(memberCloudTrailEvent)
	}
	if err != nil {
		return refuse("a message that cannot be read: "+err.Error(), "a message as a JSON string")
	}
	return &Reader{
		Limit: r.Limit, name: r.name, depth: r.depth + 1, counter: &countingReader{},
		w: window{buf: []byte(text), end: len(text), eof: true, line: 1},
	}, true
}
