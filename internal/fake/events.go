package fake

import (
	"encoding/json"
	"time"
)

// Event is an EventBridge envelope as a target of a rule receives it.
// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
type Event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       time.Time       `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// Change tells that an API call changed something.
type Change struct {
	Time                                time.Time
	Account, Region, Service, Operation string
	// Session is the role session that made the call, if any.
	Session string
	// Resources are the ids or names that CloudTrail lists for the call.
	Resources []string
}

// OnEvent subscribes to the events of every account and Region, as a rule
// without a filter would. f runs outside the twin's lock, on the goroutine of the
// call that caused the event and before that call is answered; whoever takes
// long hands over to a goroutine of their own.
func (c *Cloud) OnEvent(f func(Event)) {
	c.subscribers.Lock()
	defer c.subscribers.Unlock()
	c.onEvent = append(c.onEvent, f)
}

// OnChange subscribes to successful calls that change state, which is where a
// demo evaluates the resource again as AWS Config would. f runs as for OnEvent.
func (c *Cloud) OnChange(f func(Change)) {
	c.subscribers.Lock()
	defer c.subscribers.Unlock()
	c.onChange = append(c.onChange, f)
}

// DeliverEvents sends every event of the account and Region that pass holds to
// the SQS queue, as an EventBridge rule with that queue as its target would.
// pass nil takes all.
func (c *Cloud) DeliverEvents(account, region, queueName string, pass func(Event) bool) {
	c.OnEvent(func(e Event) {
		if e.Account != account || e.Region != region || pass != nil && !pass(e) {
			return
		}
		body, err := json.Marshal(e)
		if err != nil {
			return
		}
		c.locked(func() {
			if q := c.region(account, region).queues[queueName]; q != nil {
				c.enqueue(q, string(body), nil, 0)
			}
		})
	})
}

// emit hands an event to the subscribers once the lock is released. Held: mu.
func (c *Cloud) emit(account, region, source, detailType string, resources []string, detail any) {
	b, err := json.Marshal(detail)
	if err != nil {
		panic("fake: an event's detail cannot be written: " + err.Error())
	}
	if resources == nil {
		resources = []string{}
	}
	e := Event{
		Version: "0", ID: c.uuid(), DetailType: detailType, Source: source, Account: account,
		Time: c.now().UTC().Truncate(time.Second), Region: region, Resources: resources, Detail: b,
	}
	c.pending = append(c.pending, func() {
		c.subscribers.RLock()
		subscribers := append([]func(Event){}, c.onEvent...)
		c.subscribers.RUnlock()
		for _, f := range subscribers {
			f(e)
		}
	})
}

func (c *Cloud) changed(ch Change) {
	c.pending = append(c.pending, func() {
		c.subscribers.RLock()
		subscribers := append([]func(Change){}, c.onChange...)
		c.subscribers.RUnlock()
		for _, f := range subscribers {
			f(ch)
		}
	})
}
