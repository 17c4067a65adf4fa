package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"zesei/internal/casework"
	"zesei/internal/fake"
	"zesei/internal/intake"
)

// inbox keeps the events of the event bus on which Security Hub reports the
// findings of all accounts, until they are taken in. Those that only say what
// zesei itself wrote into Security Hub lie apart, so that what they tell people
// (nothing) can be seen.
type inbox struct {
	mu             sync.Mutex
	events, echoes [][]byte
}

// from subscribes to the bus of the account that administers Security Hub.
func (b *inbox) from(w *world) {
	hub := w.company.hub().ID
	w.aws.OnEvent(func(e fake.Event) {
		if e.Account != hub || !strings.HasPrefix(e.DetailType, "Security Hub Findings") {
			return
		}
		if raw, err := json.Marshal(e); err == nil {
			b.put(raw, isEcho(e.Detail))
		}
	})
}

// isEcho says whether an event was caused by our BatchUpdateFindings: its note was
// written with it. The twin reads its clock twice on the way.
func isEcho(detail json.RawMessage) bool {
	var d struct {
		Findings []struct {
			ProcessedAt time.Time
			Note        struct {
				UpdatedBy string
				UpdatedAt time.Time
			}
		}
	}
	if json.Unmarshal(detail, &d) != nil || len(d.Findings) == 0 {
		return false
	}
	f := d.Findings[0]
	return f.Note.UpdatedBy == casework.NoteAuthor && f.ProcessedAt.Sub(f.Note.UpdatedAt) < time.Second
}

func (b *inbox) put(raw []byte, echo bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if echo {
		b.echoes = append(b.echoes, raw)
		return
	}
	b.events = append(b.events, raw)
}

// take empties the inbox of everything but echoes, as JSON lines.
func (b *inbox) take() (lines []byte, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines, n = bytes.Join(b.events, []byte("\n")), len(b.events)
	b.events = nil
	return lines, n
}

// release puts the echoes among the events, and says how many.
func (b *inbox) release() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.echoes)
	b.events = append(b.events, b.echoes...)
	b.echoes = nil
	return n
}

// read takes one input in.
func (d *Demo) read(ctx context.Context, raw []byte, name string) (intake.Totals, error) {
	t, err := d.app.Intake.Read(ctx, bytes.NewReader(raw), name)
	d.total.Lock()
	defer d.total.Unlock()
	d.total.Totals.Add(t)
	return t, err
}

// receive takes in the events that wait, those that AWS Config causes included.
func (d *Demo) receive(ctx context.Context) (intake.Totals, error) {
	d.recorder.look()
	lines, n := d.inbox.take()
	if n == 0 {
		return intake.Totals{}, nil
	}
	return d.read(ctx, lines, "eventbridge")
}

// settle takes events in and works what follows, until nothing more happens: a
// fix changes a group, which Config sees, which Security Hub reports, and so on.
func (d *Demo) settle(ctx context.Context) (intake.Totals, error) {
	var all intake.Totals
	for {
		t, err := d.receive(ctx)
		all.Add(t)
		if err != nil {
			return all, err
		}
		if err := d.work(ctx); err != nil {
			return all, err
		}
		if t.Read == 0 {
			return all, nil
		}
	}
}

// work works the jobs that are due, and once more when the company's clock has
// gone on so far that messages need not wait for more cases.
func (d *Demo) work(ctx context.Context) error {
	for _, pass := range []time.Duration{0, d.app.Work.Rules().GroupWait + time.Second} {
		d.clock.offset.Add(int64(pass))
		if err := d.app.Queue.Drain(ctx, 0); err != nil {
			return fmt.Errorf("working what follows: %w", err)
		}
	}
	return nil
}

// poll reads every finding from Security Hub, page by page as GetFindings gives
// them, and takes the pages in.
func (d *Demo) poll(ctx context.Context) (intake.Totals, error) {
	k := d.world.keys
	client := securityhub.NewFromConfig(aws.Config{
		Region: d.world.company.Region, BaseEndpoint: aws.String(d.world.awsURL),
		Credentials: credentials.NewStaticCredentialsProvider(k.AccessKeyID, k.SecretAccessKey, ""),
	})
	var all intake.Totals
	pages := securityhub.NewGetFindingsPaginator(client, &securityhub.GetFindingsInput{MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return all, fmt.Errorf("reading Security Hub: %w", err)
		}
		raw, err := json.Marshal(map[string]any{"Findings": page.Findings})
		if err != nil {
			return all, err
		}
		t, err := d.read(ctx, raw, "getfindings")
		all.Add(t)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}
