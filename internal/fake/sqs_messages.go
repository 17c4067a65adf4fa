package fake

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// batchEntry is an entry of any of the batch operations, and the input of the
// single ones.
type batchEntry struct {
	Id, QueueUrl, MessageBody, ReceiptHandle string
	DelaySeconds                             int
	VisibilityTimeout                        *int
	MessageAttributes                        map[string]json.RawMessage
}

func single(c *call, act func(*call, *queue, batchEntry) (map[string]any, error)) (any, error) {
	var in batchEntry
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return act(c, q, in)
}

func batch(c *call, act func(*call, *queue, batchEntry) (map[string]any, error)) (any, error) {
	var in struct {
		QueueUrl string
		Entries  []batchEntry
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	switch n := len(in.Entries); {
	case n == 0:
		return nil, sqsError("EmptyBatchRequest", "There should be at least one entry in the request.")
	case n > 10:
		return nil, sqsError("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent %d.", n)
	}
	seen := map[string]bool{}
	size := 0
	for _, e := range in.Entries {
		if seen[e.Id] {
			return nil, sqsError("BatchEntryIdsNotDistinct", "Id %s repeated.", e.Id)
		}
		seen[e.Id] = true
		size += len(e.MessageBody)
	}
	if size > maxMessage {
		return nil, sqsError("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes.", maxMessage)
	}
	good, bad := []any{}, []any{}
	for i, e := range in.Entries {
		out, err := act(c, q, e)
		if err == nil && i < c.partial {
			err = &apiError{Code: "InternalError", Message: "The request processing has failed."}
		}
		if err != nil {
			failure := asAPIError(err)
			bad = append(bad, map[string]any{"Id": e.Id, "Code": failure.Code, "Message": failure.Message, "SenderFault": failure.Code != "InternalError"})
			continue
		}
		out["Id"] = e.Id
		good = append(good, out)
	}
	return map[string]any{"Successful": good, "Failed": bad}, nil
}

func sendMessage(c *call) (any, error)           { return single(c, send) }
func sendMessageBatch(c *call) (any, error)      { return batch(c, send) }
func deleteMessage(c *call) (any, error)         { return single(c, remove) }
func deleteMessageBatch(c *call) (any, error)    { return batch(c, remove) }
func changeVisibility(c *call) (any, error)      { return single(c, hide) }
func changeVisibilityBatch(c *call) (any, error) { return batch(c, hide) }

func send(c *call, q *queue, e batchEntry) (map[string]any, error) {
	if e.MessageBody == "" {
		return nil, sqsError("MissingParameter", "The request must contain the parameter MessageBody.")
	}
	if len(e.MessageBody) > maxMessage {
		return nil, sqsError("InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", maxMessage)
	}
	m := c.cloud.enqueue(q, e.MessageBody, e.MessageAttributes, time.Duration(e.DelaySeconds)*time.Second)
	m.sender = c.who.ID
	return map[string]any{"MessageId": m.id, "MD5OfMessageBody": md5Hex(m.body)}, nil
}

// remove deletes by receipt handle. A handle that was once valid is accepted
// even when the message is gone: DeleteMessage may be repeated.
func remove(_ *call, q *queue, e batchEntry) (map[string]any, error) {
	id, _, ok := strings.Cut(e.ReceiptHandle, "#")
	if !ok {
		return nil, sqsError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
	}
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return m.id == id && m.handle == e.ReceiptHandle })
	return map[string]any{}, nil
}

func hide(c *call, q *queue, e batchEntry) (map[string]any, error) {
	if e.VisibilityTimeout == nil || *e.VisibilityTimeout < 0 || *e.VisibilityTimeout > 43200 {
		return nil, sqsError("InvalidParameterValue", "Value for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.")
	}
	for _, m := range q.messages {
		if m.handle != e.ReceiptHandle {
			continue
		}
		if !m.visibleAt.After(c.cloud.now()) {
			return nil, sqsError("MessageNotInflight", "The specified message isn't in flight.")
		}
		m.visibleAt = c.cloud.now().Add(time.Duration(*e.VisibilityTimeout) * time.Second)
		c.cloud.wake()
		return map[string]any{}, nil
	}
	return nil, sqsError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
}

func receiveMessage(c *call) (any, error) {
	var in struct {
		QueueUrl                                    string
		MaxNumberOfMessages, WaitTimeSeconds        *int
		VisibilityTimeout                           *int
		AttributeNames, MessageSystemAttributeNames []string
		MessageAttributeNames                       []string
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	limit, hidden, wait := 1, q.visibility, q.wait
	if in.MaxNumberOfMessages != nil {
		if limit = *in.MaxNumberOfMessages; limit < 1 || limit > 10 {
			return nil, sqsError("InvalidParameterValue", "Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", limit)
		}
	}
	if in.VisibilityTimeout != nil {
		hidden = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	if in.WaitTimeSeconds != nil {
		if *in.WaitTimeSeconds < 0 || *in.WaitTimeSeconds > 20 {
			return nil, sqsError("InvalidParameterValue", "Value %d for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.", *in.WaitTimeSeconds)
		}
		wait = time.Duration(*in.WaitTimeSeconds) * time.Second
	}
	taken := c.take(q, limit, hidden)
	list := []any{}
	for _, m := range taken {
		list = append(list, m.show(append(in.AttributeNames, in.MessageSystemAttributeNames...), in.MessageAttributeNames))
	}
	out := map[string]any{}
	if len(list) > 0 {
		out["Messages"] = list
	} else if wait > 0 {
		return out, waiting{until: wait}
	}
	return out, nil
}

// take picks visible messages; those delivered too often go to the dead letters.
func (c *call) take(q *queue, limit int, hidden time.Duration) []*message {
	now := c.cloud.now()
	var taken, dead []*message
	for _, m := range q.messages {
		if len(taken) == limit {
			break
		}
		if m.visibleAt.After(now) {
			continue
		}
		if q.maxReceives > 0 && m.receives >= q.maxReceives {
			dead = append(dead, m)
			continue
		}
		m.receives++
		if m.receives == 1 {
			m.firstReceived = now
		}
		m.visibleAt = now.Add(hidden)
		m.handle = m.id + "#" + c.cloud.hex(16)
		taken = append(taken, m)
	}
	for _, m := range dead {
		if target := c.region().queues[q.deadLetterARN[strings.LastIndexByte(q.deadLetterARN, ':')+1:]]; target != nil {
			q.messages = slices.DeleteFunc(q.messages, func(o *message) bool { return o == m })
			m.receives, m.visibleAt, m.handle = 0, now, ""
			target.messages = append(target.messages, m)
			c.cloud.wake()
		}
	}
	return taken
}

func (m *message) show(system, custom []string) map[string]any {
	out := map[string]any{"MessageId": m.id, "ReceiptHandle": m.handle, "Body": m.body, "MD5OfBody": md5Hex(m.body)}
	all := map[string]string{
		"ApproximateReceiveCount": strconv.Itoa(m.receives), "SentTimestamp": strconv.FormatInt(m.sent.UnixMilli(), 10),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.firstReceived.UnixMilli(), 10), "SenderId": m.sender,
	}
	for k := range all {
		if !slices.Contains(system, "All") && !slices.Contains(system, k) {
			delete(all, k)
		}
	}
	if len(all) > 0 {
		out["Attributes"] = all
	}
	picked := map[string]json.RawMessage{}
	for k, v := range m.attributes {
		if slices.Contains(custom, "All") || slices.Contains(custom, ".*") || slices.Contains(custom, k) {
			picked[k] = v
		}
	}
	if len(picked) > 0 {
		out["MessageAttributes"] = picked
	}
	return out
}
