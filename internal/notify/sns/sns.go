// Package sns publishes messages to an Amazon SNS topic as JSON, for whatever
// the team has subscribed there.
//
// A message is one part that holds all of its cases, as in notify/webhook, and
// the body is the same webhook.Payload, without a signature: the topic's policy
// says who may publish. Delivery is at least once: after a lost answer the same
// version is published again with the same id, which stands in the payload and
// in the attribute "id", and a subscriber drops what it has. On a FIFO topic the
// id is the deduplication id and the message's key its group, so that SNS itself
// drops a repetition within five minutes.
//
// A message of SNS has at most 256 KiB. Cases that do not fit are counted in the
// payload's more.
package sns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"zesei/internal/notify"
	"zesei/internal/notify/webhook"
)

// maxMessage is what a message may have, in bytes, less what its attributes
// take. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const maxMessage = 256<<10 - 1024

// throttled is how long to wait where SNS limits us: it names no time.
const throttled = time.Minute

// Config is what a Deliverer needs.
type Config struct {
	AWS       aws.Config // for the topic's Region
	Templates *notify.Templates
	Now       func() time.Time
}

// Deliverer is SNS as a notify.Channel; a message's Target is the ARN of its
// topic. It is safe for concurrent use.
type Deliverer struct {
	api   *sns.Client
	texts *notify.Set
	now   func() time.Time
}

var _ notify.Channel = (*Deliverer)(nil)

// New returns a Deliverer. It calls nothing yet.
func New(c Config) (*Deliverer, error) {
	if c.Templates == nil || c.Now == nil {
		return nil, errors.New("sns: templates and a clock are needed")
	}
	texts, err := c.Templates.For(notify.Plain{})
	if err != nil {
		return nil, fmt.Errorf("sns: message templates: %w", err)
	}
	return &Deliverer{api: sns.NewFromConfig(c.AWS), texts: texts, now: c.Now}, nil
}

// Deliver carries the actions out, as notify.Channel says.
func (d *Deliverer) Deliver(ctx context.Context, actions notify.Actions, told notify.Told, record func(notify.Told) error) (notify.Told, error) {
	return notify.Carrier{Now: d.now, Send: d.send}.Deliver(ctx, actions, told, record)
}

func (d *Deliverer) send(ctx context.Context, m notify.Message, a notify.Action, part notify.Part) error {
	p := webhook.NewPayload(m, a, part, d.texts, d.now())
	body, err := fit(p)
	if err != nil {
		return err
	}
	in := &sns.PublishInput{
		TopicArn: &m.Target, Message: aws.String(string(body)),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"id":   {DataType: aws.String("String"), StringValue: &p.ID},
			"kind": {DataType: aws.String("String"), StringValue: aws.String(string(p.Kind))},
		},
	}
	if p.Owner != "" {
		in.MessageAttributes["owner"] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &p.Owner}
	}
	if p.Level != "" {
		in.MessageAttributes["severity"] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(string(p.Level))}
	}
	if strings.HasSuffix(m.Target, ".fifo") {
		in.MessageGroupId, in.MessageDeduplicationId = &p.Key, &p.ID
	}
	if _, err = d.api.Publish(ctx, in); err != nil {
		return classify(m.Target, err)
	}
	return nil
}

// fit writes a payload in what a message may have, with as many of its cases.
func fit(p webhook.Payload) ([]byte, error) {
	for {
		body, err := json.Marshal(p)
		switch {
		case err != nil:
			return nil, fmt.Errorf("sns: write message %s: %w", p.Key, err)
		case len(body) <= maxMessage:
			return body, nil
		case len(p.Cases) > 0:
			keep := len(p.Cases) / 2
			p.More += len(p.Cases) - keep
			p.Cases = p.Cases[:keep]
		case p.Text != "":
			text := []rune(p.Text)
			p.Text = string(text[:len(text)/2])
		default:
			return nil, &notify.Permanent{
				Reason: fmt.Sprintf("sns: message %s has %d bytes without a case and a text, a message of SNS at most %d", p.Key, len(body), maxMessage),
				Hint:   "see its cases with `zesei case list`",
			}
		}
	}
}

// hints are the answers that repeating does not cure, and what a person can do.
var hints = map[string]string{
	"AuthorizationError":    "allow sns:Publish on the topic to the role that zesei runs as",
	"AccessDenied":          "allow sns:Publish on the topic to the role that zesei runs as",
	"AccessDeniedException": "allow sns:Publish on the topic to the role that zesei runs as",
	"NotFound":              "the topic is not there: check notify.sns.topic",
	"NotFoundException":     "the topic is not there: check notify.sns.topic",
	"InvalidParameter":      "check notify.sns.topic",
	"KMSAccessDenied":       "allow kms:GenerateDataKey and kms:Decrypt on the topic's key to the role that zesei runs as",
	"KMSDisabled":           "enable the topic's key",
	"KMSNotFound":           "the topic's key is not there: check the topic's encryption",
}

func classify(topic string, err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		if hint, ok := hints[api.ErrorCode()]; ok {
			return &notify.Permanent{Reason: fmt.Sprintf("sns: publish to %s: %s", topic, api.ErrorCode()), Hint: hint, HintJA: "notify.sns.topic と、zesei のロールの権限(sns:Publish とトピックの鍵)を確認してください"}
		}
		if _, ok := retry.DefaultThrottleErrorCodes[api.ErrorCode()]; ok || api.ErrorCode() == "Throttled" {
			return &notify.RetryAfter{After: throttled, By: "sns"}
		}
	}
	return fmt.Errorf("sns: publish to %s: %w", topic, err)
}
