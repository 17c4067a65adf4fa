package fake

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

func snsService() *service {
	return &service{
		name: "sns", source: "sns.amazonaws.com", protocol: queryProtocol{"http://sns.amazonaws.com/doc/2010-03-31/"},
		denied:    refusal{"AuthorizationError", http.StatusForbidden},
		throttled: refusal{"Throttling", http.StatusBadRequest},
		operations: map[string]operation{
			"CreateTopic":         write(createTopic),
			"Subscribe":           write(subscribe),
			"ConfirmSubscription": write(confirmSubscription),
			"Publish":             data(publish),
		},
	}
}

type topic struct {
	arn           string
	subscriptions []*subscription
	published     []Notification
}

type subscription struct {
	arn, protocol, endpoint, token string
	raw, confirmed                 bool
}

// Notification is a message that was published on a topic.
type Notification struct {
	MessageID, Subject, Message string
	Attributes                  map[string]string
	At                          time.Time
}

// Notifications returns what was published on a topic, oldest first.
func (c *Cloud) Notifications(topicARN string) []Notification {
	c.mu.Lock()
	defer c.mu.Unlock()
	parts := strings.Split(topicARN, ":")
	if len(parts) != 6 {
		return nil
	}
	if t := c.region(parts[4], parts[3]).topics[parts[5]]; t != nil {
		return append([]Notification{}, t.published...)
	}
	return nil
}

func createTopic(c *call) (any, error) {
	name := c.form.Get("Name")
	if name == "" || len(name) > 256 {
		return nil, fail(http.StatusBadRequest, "InvalidParameter", "Invalid parameter: Topic Name")
	}
	r := c.region()
	if r.topics[name] == nil {
		r.topics[name] = &topic{arn: c.cloud.arn("sns", c.regionName(), c.account(), name)}
	}
	return struct{ TopicArn string }{r.topics[name].arn}, nil
}

func (c *call) topic(arn string) (*topic, error) {
	for _, t := range c.region().topics {
		if t.arn == arn {
			return t, nil
		}
	}
	if owner, _, ok := cutARN(arn); ok && owner != c.account() {
		return nil, c.denied()
	}
	return nil, fail(http.StatusNotFound, "NotFound", "Topic does not exist")
}

// subscribe takes sqs, http and https. HTTP endpoints must confirm first.
func subscribe(c *call) (any, error) {
	t, err := c.topic(c.form.Get("TopicArn"))
	if err != nil {
		return nil, err
	}
	s := &subscription{arn: t.arn + ":" + c.cloud.uuid(), protocol: c.form.Get("Protocol"), endpoint: c.form.Get("Endpoint"), token: c.cloud.hex(64)}
	for _, a := range entries(c.form, "Attributes.entry") {
		if a.Get("key") == "RawMessageDelivery" {
			s.raw = a.Get("value") == "true"
		}
	}
	switch s.protocol {
	case "sqs":
		s.confirmed = true
	case "http", "https":
		m := map[string]string{
			"Type": "SubscriptionConfirmation", "MessageId": c.cloud.uuid(), "Token": s.token, "TopicArn": t.arn, "Timestamp": c.now().Format(asffTime),
			"Message":      "You have chosen to subscribe to the topic " + t.arn + ".\nTo confirm the subscription, visit the SubscribeURL included in this message.",
			"SubscribeURL": "https://sns." + c.regionName() + ".amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + t.arn + "&Token=" + s.token,
		}
		c.cloud.post(c.regionName(), s.endpoint, t.arn, m)
	default:
		return nil, fail(http.StatusBadRequest, "InvalidParameter", "Invalid parameter: the protocol %s is not offered here", s.protocol)
	}
	t.subscriptions = append(t.subscriptions, s)
	answer := s.arn
	if !s.confirmed {
		answer = "pending confirmation"
	}
	return struct{ SubscriptionArn string }{answer}, nil
}

func confirmSubscription(c *call) (any, error) {
	t, err := c.topic(c.form.Get("TopicArn"))
	if err != nil {
		return nil, err
	}
	for _, s := range t.subscriptions {
		if s.token == c.form.Get("Token") {
			s.confirmed = true
			return struct{ SubscriptionArn string }{s.arn}, nil
		}
	}
	return nil, fail(http.StatusBadRequest, "InvalidParameter", "Invalid token")
}

const maxNotification = 256 << 10

func publish(c *call) (any, error) {
	t, err := c.topic(c.form.Get("TopicArn"))
	if err != nil {
		return nil, err
	}
	n := Notification{MessageID: c.cloud.uuid(), Subject: c.form.Get("Subject"), Message: c.form.Get("Message"), Attributes: map[string]string{}, At: c.now()}
	if n.Message == "" || len(n.Message) > maxNotification {
		return nil, fail(http.StatusBadRequest, "InvalidParameter", "Invalid parameter: Message")
	}
	if len(n.Subject) > 100 || strings.ContainsAny(n.Subject, "\r\n") {
		return nil, fail(http.StatusBadRequest, "InvalidParameter", "Invalid parameter: Subject")
	}
	for _, a := range entries(c.form, "MessageAttributes.entry") {
		n.Attributes[a.Get("Name")] = a.Get("Value.StringValue")
	}
	t.published = append(t.published, n)
	c.cloud.fanOut(c.account(), c.regionName(), t, n)
	return struct{ MessageId string }{n.MessageID}, nil
}

func (c *Cloud) fanOut(account, region string, t *topic, n Notification) {
	m := map[string]string{"Type": "Notification", "MessageId": n.MessageID, "TopicArn": t.arn, "Message": n.Message, "Timestamp": n.At.Format(asffTime)}
	if n.Subject != "" {
		m["Subject"] = n.Subject
	}
	for _, s := range t.subscriptions {
		if !s.confirmed {
			continue
		}
		if s.protocol == "sqs" {
			_, name, _ := cutARN(s.endpoint)
			if q := c.region(account, region).queues[name]; q != nil {
				body := n.Message
				if !s.raw {
					body = string(c.signedSNS(region, m))
				}
				c.enqueue(q, body, nil, 0)
			}
			continue
		}
		m := mapsWith(m, "UnsubscribeURL", "https://sns."+region+".amazonaws.com/?Action=Unsubscribe&SubscriptionArn="+s.arn)
		c.post(region, s.endpoint, t.arn, m)
	}
}

func mapsWith(m map[string]string, k, v string) map[string]string {
	n := map[string]string{k: v}
	for k, v := range m {
		n[k] = v
	}
	return n
}

// post delivers over HTTP once, after the lock is released. SNS would repeat.
func (c *Cloud) post(region, endpoint, topicARN string, m map[string]string) {
	body := c.signedSNS(region, m)
	kind, id := m["Type"], m["MessageId"]
	c.pending = append(c.pending, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
		r.Header.Set("X-Amz-Sns-Message-Type", kind)
		r.Header.Set("X-Amz-Sns-Message-Id", id)
		r.Header.Set("X-Amz-Sns-Topic-Arn", topicARN)
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = resp.Body.Close()
		}
	})
}

// signedSNS adds signature version 2 to a message. Held: mu.
func (c *Cloud) signedSNS(region string, m map[string]string) []byte {
	signed := c.sns.sign(c.partition, region, "2", m)
	b, err := json.Marshal(signed)
	if err != nil {
		panic("fake: an SNS message cannot be written: " + err.Error())
	}
	return b
}
