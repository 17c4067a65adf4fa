package fake

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func sqsService() *service {
	return &service{
		name: "sqs", source: "sqs.amazonaws.com", protocol: jsonProtocol{},
		denied:    refusal{"AccessDeniedException", http.StatusBadRequest},
		throttled: refusal{"RequestThrottled", http.StatusForbidden},
		operations: map[string]operation{
			"CreateQueue":                  write(createQueue),
			"GetQueueUrl":                  read(getQueueURL),
			"GetQueueAttributes":           read(getQueueAttributes),
			"SendMessage":                  data(sendMessage),
			"SendMessageBatch":             data(sendMessageBatch),
			"ReceiveMessage":               data(receiveMessage),
			"DeleteMessage":                data(deleteMessage),
			"DeleteMessageBatch":           data(deleteMessageBatch),
			"ChangeMessageVisibility":      data(changeVisibility),
			"ChangeMessageVisibilityBatch": data(changeVisibilityBatch),
		},
	}
}

// queue is a standard queue: delivery at least once, order not promised.
type queue struct {
	arn, name     string
	visibility    time.Duration
	wait, delay   time.Duration
	maxReceives   int
	deadLetterARN string
	created       time.Time
	messages      []*message
}

type message struct {
	id, body      string
	attributes    map[string]json.RawMessage
	sent          time.Time
	firstReceived time.Time
	visibleAt     time.Time
	receives      int
	handle        string // the last receipt handle
	sender        string
}

const maxMessage = 1 << 20 // bytes, since August 2025

func queueMissing() *apiError {
	return &apiError{Code: "QueueDoesNotExist", Status: http.StatusBadRequest, QueryCode: "AWS.SimpleQueueService.NonExistentQueue", Message: "The specified queue does not exist."}
}

func sqsError(code, format string, args ...any) *apiError {
	return &apiError{Code: code, QueryCode: code, Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

// AddQueue makes a standard queue and returns its ARN. deadLetter, where not
// empty, is the name of a queue that takes messages after maxReceives
// deliveries.
func (c *Cloud) AddQueue(account, region, name, deadLetter string, maxReceives int) string {
	var arn string
	c.locked(func() {
		q := c.addQueue(account, region, name)
		if deadLetter != "" {
			q.deadLetterARN, q.maxReceives = c.arn("sqs", region, account, deadLetter), maxReceives
		}
		arn = q.arn
	})
	return arn
}

// Send puts a message into a queue of the twin.
func (c *Cloud) Send(account, region, name, body string) error {
	var err error
	c.locked(func() {
		q := c.region(account, region).queues[name]
		if q == nil {
			err = fmt.Errorf("fake queue %s: does not exist in %s %s", name, account, region)
			return
		}
		c.enqueue(q, body, nil, 0)
	})
	return err
}

// QueueBodies are the bodies of all messages in a queue, visible or not.
func (c *Cloud) QueueBodies(account, region, name string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var bodies []string
	if q := c.region(account, region).queues[name]; q != nil {
		for _, m := range q.messages {
			bodies = append(bodies, m.body)
		}
	}
	return bodies
}

func (c *Cloud) addQueue(account, region, name string) *queue {
	q := &queue{name: name, arn: c.arn("sqs", region, account, name), visibility: 30 * time.Second, created: c.now()}
	c.region(account, region).queues[name] = q
	return q
}

// enqueue adds a message and wakes receivers. Held: mu.
func (c *Cloud) enqueue(q *queue, body string, attributes map[string]json.RawMessage, delay time.Duration) *message {
	m := &message{id: c.uuid(), body: body, attributes: attributes, sent: c.now(), visibleAt: c.now().Add(max(delay, q.delay))}
	q.messages = append(q.messages, m)
	c.wake()
	return m
}

type redrivePolicy struct {
	DeadLetterTargetArn string `json:"deadLetterTargetArn"`
	MaxReceiveCount     any    `json:"maxReceiveCount"`
}

func createQueue(c *call) (any, error) {
	var in struct {
		QueueName  string
		Attributes map[string]string
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if in.QueueName == "" || len(in.QueueName) > 80 || strings.Trim(in.QueueName, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return nil, sqsError("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length (FIFO queues are not offered here)")
	}
	q := c.region().queues[in.QueueName]
	if q == nil {
		q = c.cloud.addQueue(c.account(), c.regionName(), in.QueueName)
	}
	if err := q.set(in.Attributes); err != nil {
		return nil, err
	}
	return map[string]any{"QueueUrl": c.queueURL(q)}, nil
}

func (q *queue) set(attributes map[string]string) error {
	for k, v := range attributes {
		n, numErr := strconv.Atoi(v)
		switch k {
		case "VisibilityTimeout":
			q.visibility = time.Duration(n) * time.Second
		case "ReceiveMessageWaitTimeSeconds":
			q.wait = time.Duration(n) * time.Second
		case "DelaySeconds":
			q.delay = time.Duration(n) * time.Second
		case "RedrivePolicy":
			var p redrivePolicy
			if err := json.Unmarshal([]byte(v), &p); err != nil {
				return sqsError("InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid.", v)
			}
			q.deadLetterARN = p.DeadLetterTargetArn
			q.maxReceives, numErr = strconv.Atoi(fmt.Sprint(p.MaxReceiveCount))
		default:
			numErr = nil // policies, retention and the like change nothing here
		}
		if numErr != nil {
			return sqsError("InvalidAttributeValue", "Invalid value for the parameter %s.", k)
		}
	}
	return nil
}

func (c *call) queueURL(q *queue) string {
	return "http://" + c.http.Host + "/" + c.account() + "/" + q.name
}

// queue finds the queue of a URL. Queues of other accounts refuse, as they do
// without a policy.
func (c *call) queue(url string) (*queue, error) {
	parts := strings.Split(strings.TrimRight(url, "/"), "/")
	if len(parts) < 2 {
		return nil, sqsError("InvalidAddress", "The address %s is not valid for this endpoint.", url)
	}
	account, name := parts[len(parts)-2], parts[len(parts)-1]
	if account != c.account() {
		return nil, c.denied()
	}
	if q := c.region().queues[name]; q != nil {
		return q, nil
	}
	return nil, queueMissing()
}

func getQueueURL(c *call) (any, error) {
	var in struct{ QueueName, QueueOwnerAWSAccountId string }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	q := c.region().queues[in.QueueName]
	if q == nil || in.QueueOwnerAWSAccountId != "" && in.QueueOwnerAWSAccountId != c.account() {
		return nil, queueMissing()
	}
	return map[string]any{"QueueUrl": c.queueURL(q)}, nil
}

func getQueueAttributes(c *call) (any, error) {
	var in struct {
		QueueUrl       string
		AttributeNames []string
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	visible, hidden := 0, 0
	for _, m := range q.messages {
		if m.visibleAt.After(c.cloud.now()) {
			hidden++
		} else {
			visible++
		}
	}
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
	all := map[string]string{
		"QueueArn": q.arn, "ApproximateNumberOfMessages": strconv.Itoa(visible), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(hidden),
		"VisibilityTimeout": seconds(q.visibility), "ReceiveMessageWaitTimeSeconds": seconds(q.wait), "DelaySeconds": seconds(q.delay),
		"CreatedTimestamp": strconv.FormatInt(q.created.Unix(), 10), "MaximumMessageSize": strconv.Itoa(maxMessage), "MessageRetentionPeriod": "345600",
	}
	if q.deadLetterARN != "" {
		b, _ := json.Marshal(map[string]any{"deadLetterTargetArn": q.deadLetterARN, "maxReceiveCount": q.maxReceives})
		all["RedrivePolicy"] = string(b)
	}
	for k := range all {
		if !slices.Contains(in.AttributeNames, "All") && !slices.Contains(in.AttributeNames, k) {
			delete(all, k)
		}
	}
	return map[string]any{"Attributes": all}, nil
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}
