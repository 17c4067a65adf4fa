package intake

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"zesei/internal/awscloud"
)

// QueueClient is what is asked of SQS: *sqs.Client.
type QueueClient interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

// Queue takes events from one SQS queue. Each message is deleted only after its
// commit; until then it is kept invisible, and comes again if we end.
type Queue struct {
	ARN     string
	Connect func(context.Context) (QueueClient, error) // asked until it succeeds
	Intake  *Intake
	Joiner  *Joiner
	Metrics *Metrics
	Log     *slog.Logger
	// Receivers is how many long polls wait side by side; 0 is 2.
	Receivers int
	// Batches is how many receipts of up to ten messages are worked at once; 0
	// is 32.
	Batches int
	// Visibility is how long a message stays invisible without a sign of life;
	// 0 is a minute. It is renewed while we work.
	Visibility time.Duration
	// Wait is how long an empty queue is listened to; 0 is 20 s, the longest.
	Wait time.Duration
	// Sleep waits between attempts that fail.
	Sleep func(context.Context, time.Duration) error

	client QueueClient
	url    string
}

// poisonAfter is how often a message is tried before it is kept as a dead letter.
const poisonAfter = 5

const viaSQS = "sqs"

// Run receives until the context ends, then finishes what it has received under
// work, which must outlive ctx.
func (q *Queue) Run(ctx, work context.Context) {
	if !q.connect(ctx) {
		return
	}
	busy := make(chan struct{}, cmp.Or(q.Batches, 32))
	var receivers, handlers sync.WaitGroup
	for range cmp.Or(q.Receivers, 2) {
		receivers.Go(func() {
			failures := 0
			for {
				select {
				case busy <- struct{}{}:
				case <-ctx.Done():
					return
				}
				messages, err := q.receive(ctx)
				if err == nil && len(messages) > 0 {
					handlers.Go(func() { defer func() { <-busy }(); q.handle(work, messages) })
					failures = q.recovered(failures)
					continue
				}
				<-busy
				if ctx.Err() != nil {
					return
				}
				if err == nil {
					failures = q.recovered(failures)
					continue
				}
				failures++
				if q.failed(ctx, "reading the queue", failures, err) != nil {
					return
				}
			}
		})
	}
	receivers.Wait()
	handlers.Wait()
}

// connect finds the queue, however long that takes: a queue that refuses stops
// nothing else.
func (q *Queue) connect(ctx context.Context) bool {
	p := strings.Split(q.ARN, ":")
	for failures := 1; ; failures++ {
		client, err := q.Connect(ctx)
		if err == nil {
			var out *sqs.GetQueueUrlOutput
			if out, err = client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(p[5]), QueueOwnerAWSAccountId: aws.String(p[4])}); err == nil {
				q.client, q.url = client, aws.ToString(out.QueueUrl)
				q.recovered(failures - 1)
				return true
			}
		}
		if ctx.Err() != nil || q.failed(ctx, "finding the queue", failures, err) != nil {
			return false
		}
	}
}

// failed tells of the first failure of a row, and waits before the next attempt.
func (q *Queue) failed(ctx context.Context, doing string, failures int, err error) error {
	wait := min(time.Minute, time.Second<<min(failures-1, 6))
	if failures == 1 {
		q.Log.Warn(doing+" failed, will be tried again", "queue", q.ARN, "kind", string(awscloud.Classify(err)), "error", err)
	}
	return q.Sleep(ctx, wait)
}

func (q *Queue) recovered(failures int) int {
	if failures > 0 {
		q.Log.Info("the queue is read again", "queue", q.ARN, "after", failures)
	}
	return 0
}

func (q *Queue) visibility() time.Duration { return cmp.Or(q.Visibility, time.Minute) }

func (q *Queue) receive(ctx context.Context) ([]types.Message, error) {
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: 10, WaitTimeSeconds: int32(cmp.Or(q.Wait, 20*time.Second) / time.Second),
		VisibilityTimeout:           int32(q.visibility() / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount, types.MessageSystemAttributeNameSentTimestamp},
	})
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// handle takes in what was received together and deletes what was committed.
func (q *Queue) handle(ctx context.Context, messages []types.Message) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var w work
	w.open = map[int]types.Message{}
	for i, m := range messages {
		w.open[i] = m
	}
	done := make(chan struct{})
	go func() { defer close(done); q.keepHidden(ctx, &w) }()
	var takers sync.WaitGroup
	for i, m := range messages {
		takers.Go(func() {
			if !q.take(ctx, m) {
				w.leave(i)
			}
		})
	}
	takers.Wait()
	q.delete(ctx, w.committed(messages))
	cancel()
	<-done
}

// work is the messages of one receipt that are not yet decided.
type work struct {
	mu   sync.Mutex
	open map[int]types.Message
	left map[int]bool
}

// leave gives a message up: it will come again.
func (w *work) leave(i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == nil {
		w.left = map[int]bool{}
	}
	w.left[i] = true
	delete(w.open, i)
}

func (w *work) committed(all []types.Message) []types.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []types.Message
	for i, m := range all {
		if !w.left[i] {
			out = append(out, m)
		}
	}
	return out
}

// keepHidden renews the time for which messages stay invisible.
func (q *Queue) keepHidden(ctx context.Context, w *work) {
	t := time.NewTicker(q.visibility() / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url}
		w.mu.Lock()
		for i, m := range w.open {
			in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: int32(q.visibility() / time.Second)})
		}
		w.mu.Unlock()
		if len(in.Entries) == 0 {
			continue
		}
		if _, err := q.client.ChangeMessageVisibilityBatch(ctx, in); err != nil && ctx.Err() == nil {
			q.Log.Warn("keeping messages invisible", "queue", q.ARN, "error", err)
		}
	}
}

// take takes one message in and says whether it was committed.
func (q *Queue) take(ctx context.Context, m types.Message) bool {
	body := []byte(aws.ToString(m.Body))
	room := int64(max(1, len(body)))
	if q.Joiner.room.Acquire(ctx, min(room, Room)) != nil {
		return false
	}
	defer q.Joiner.room.Release(min(room, Room))
	msg := q.Intake.read(body, q.ARN)
	err := q.commit(ctx, &msg)
	if err != nil && ctx.Err() == nil && received(m) >= poisonAfter {
		// It has failed alone before. It is kept with the reason and leaves the
		// queue; a store that takes nothing takes this no more, and loses nothing.
		msg = message{body: body, batches: []batch{wholly(body, q.ARN, fmt.Errorf("given up after %d attempts: %w", poisonAfter, err))}}
		err = q.commit(ctx, &msg)
	}
	if err != nil {
		q.Metrics.message(viaSQS, outFailed)
		if ctx.Err() == nil {
			q.Log.Warn("a message was not taken and will come again", "queue", q.ARN, "message", aws.ToString(m.MessageId), "attempt", received(m), "error", err)
		}
		return false
	}
	q.Metrics.taken(viaSQS, &msg, lag(q.Intake.Now(), sent(m)))
	return true
}

func (q *Queue) commit(ctx context.Context, m *message) error {
	for _, o := range m.objects {
		if err := q.Intake.Objects.Object(ctx, o); err != nil {
			return fmt.Errorf("s3://%s/%s: %w", o.Bucket, o.Key, err)
		}
	}
	return q.Joiner.message(ctx, m, true)
}

func received(m types.Message) int {
	n, _ := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	return n
}

func sent(m types.Message) time.Time {
	n, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(n)
}

// delete deletes committed messages. One that cannot be deleted comes again and
// changes nothing.
func (q *Queue) delete(ctx context.Context, messages []types.Message) {
	for attempt := 0; len(messages) > 0 && attempt < 3; attempt++ {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: &q.url}
		for i, m := range messages {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
		}
		out, err := q.client.DeleteMessageBatch(ctx, in)
		if err != nil {
			q.Log.Warn("deleting messages: they will come again", "queue", q.ARN, "messages", len(messages), "error", err)
			return
		}
		var again []types.Message
		for _, f := range out.Failed {
			if i, err := strconv.Atoi(aws.ToString(f.Id)); err == nil && i >= 0 && i < len(messages) && !f.SenderFault {
				again = append(again, messages[i])
			}
		}
		messages = again
	}
}
