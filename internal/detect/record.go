package detect

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"zesei/internal/event"
	"zesei/logpattern"
)

// head is what an engine must know of every event, as JSON strings with their
// quotes; nil where the event does not say it.
type head struct {
	detailType, detail []byte // of an envelope
	// of a CloudTrail record
	eventSource, eventName, eventType, eventID, eventTime, region, account, identity []byte

	logs bool // a log filter may match the record
}

// readHead looks through the outermost object. What it does not understand it
// passes over: whoever matches the event finds out.
func readHead(raw []byte, logs *logpattern.Set) (h head) {
	members(raw, func(name, value []byte) { h.note(name, value, logs) })
	return h
}

// headOf is readHead for an item whose members are known.
func headOf(raw []byte, known []event.Member, logs *logpattern.Set) (h head) {
	if known == nil {
		return readHead(raw, logs)
	}
	for _, m := range known {
		h.note(raw[m.Name:m.NameEnd], raw[m.Value:m.ValueEnd], logs)
	}
	return h
}

func (h *head) note(name, value []byte, logs *logpattern.Set) {
	h.logs = h.logs || logs.Opens(name, value)
	switch string(name) {
	case "detail-type":
		h.detailType = value
	case "detail":
		h.detail = value
	case "eventSource":
		h.eventSource = value
	case "eventName":
		h.eventName = value
	case "eventType":
		h.eventType = value
	case "eventID":
		h.eventID = value
	case "eventTime":
		h.eventTime = value
	case "awsRegion":
		h.region = value
	case "recipientAccountId":
		h.account = value
	case "userIdentity":
		h.identity = value
	}
}

// members calls visit with the names (without quotes) and values of the
// outermost object.
func members(raw []byte, visit func(name, value []byte)) {
	i := bytes.IndexByte(raw, '{')
	if i < 0 {
		return
	}
	for i++; i < len(raw); {
		switch c := raw[i]; {
		case c <= ' ' || c == ',':
			i++
			continue
		case c != '"':
			return
		}
		end := stringEnd(raw, i+1)
		if end < 0 {
			return
		}
		name := raw[i+1 : end]
		i = end + 1
		for i < len(raw) && (raw[i] <= ' ' || raw[i] == ':') {
			i++
		}
		start := i
		if i = valueEnd(raw, i); i < 0 {
			return
		}
		visit(name, raw[start:i])
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stringEnd finds the closing quote of the string whose first byte is at i, eight
// bytes at a time.
func stringEnd(b []byte, i int) int {
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			quote, slash := w^(ones*'"'), w^(ones*'\\')
			if hit := ((quote-ones)&^quote | (slash-ones)&^slash) & highs; hit != 0 {
				i += bits.TrailingZeros64(hit) >> 3
				break
			}
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' {
			i++
		}
		switch {
		case i >= len(b):
			return -1
		case b[i] == '"':
			return i
		}
		i += 2
	}
}

// valueEnd returns the position behind the value at i.
func valueEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			end := stringEnd(b, i+1)
			if end < 0 {
				return -1
			}
			i = end
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // a number, true, false or null ends here
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return -1
}

// isTrail says whether an event's detail is a CloudTrail record.
func (h *head) isTrail() bool { return bytes.HasSuffix(h.detailType, []byte(`via CloudTrail"`)) }

// wrap appends the EventBridge event that AWS makes of a CloudTrail record
// ("AWS service events delivered via AWS CloudTrail", EventBridge user guide):
// its source is the service's name in eventSource, its detail-type follows from
// eventType.
func (h *head) wrap(record, into []byte) []byte {
	account := h.account
	if account == nil && h.identity != nil {
		members(h.identity, func(name, value []byte) {
			if string(name) == "accountId" {
				account = value
			}
		})
	}
	into = append(into, `{"version":"0","id":`...)
	into = appendString(into, h.eventID)
	into = append(into, `,"detail-type":"`...)
	into = append(into, h.trailType()...)
	into = append(into, `","source":"aws.`...)
	service, _, _ := bytes.Cut(bytes.Trim(h.eventSource, `"`), []byte("."))
	into = append(into, service...)
	into = append(into, `","account":`...)
	into = appendString(into, account)
	into = append(into, `,"time":`...)
	into = appendString(into, h.eventTime)
	into = append(into, `,"region":`...)
	into = appendString(into, h.region)
	into = append(into, `,"resources":[],"detail":`...)
	into = append(into, record...)
	return append(into, '}')
}

// origin is where the record says that it comes from; nil where that takes
// more than the head to read.
func (h *head) origin() *origin {
	var texts [4]string
	for i, value := range [...][]byte{h.account, h.region, h.eventID, h.eventTime} {
		if len(value) < 3 || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
			return nil
		}
		texts[i] = clean(string(value[1 : len(value)-1]))
	}
	return &origin{texts[0], texts[1], texts[2], texts[3]}
}

func appendString(into, value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return append(into, `""`...)
	}
	return append(into, value...)
}

func (h *head) trailType() string {
	switch string(h.eventType) {
	case `"AwsConsoleSignIn"`:
		return "AWS Console Sign In via CloudTrail"
	case `"AwsServiceEvent"`:
		return "AWS Service Event via CloudTrail"
	case `"AwsConsoleAction"`:
		return "AWS Console Action via CloudTrail"
	case `"AwsCloudTrailInsight"`:
		return "AWS Insight via CloudTrail"
	case "":
		if string(h.eventSource) == `"signin.amazonaws.com"` {
			return "AWS Console Sign In via CloudTrail"
		}
	}
	return "AWS API Call via CloudTrail"
}
