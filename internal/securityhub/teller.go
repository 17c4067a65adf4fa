// Package securityhub tells Security Hub what became of its findings: workflow
// NOTIFIED, SUPPRESSED or RESOLVED with a note (BatchUpdateFindings), and reads
// findings from it (GetFindings).
//
// Security Hub's workflow status is an output here. What it says comes back as a
// finding like any other, and casework never takes it for the truth.
package securityhub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	hub "github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/awscloud"
	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/store"
)

// Cloud gives the way into an account: *awscloud.Cloud.
type Cloud interface {
	For(ctx context.Context, account, region string, purpose awscloud.Purpose, session string) (aws.Config, error)
}

// PerCall is how many findings one BatchUpdateFindings takes (API reference).
const PerCall = 100

// giveUp is after how many refusals of one finding it is left alone.
const giveUp = 8

// noteLimit is the length of a note's text (API reference: 512).
const noteLimit = 512

// Teller works the jobs that tell Security Hub.
type Teller struct {
	DB    *store.DB
	Cloud Cloud
	Now   func() time.Time
	Log   *slog.Logger
}

// Job tells everything that is due for one account and Region ("account|region").
// Updating the same finding to the same status twice changes nothing, so a call
// whose answer was lost is simply made again.
func (t *Teller) Job(ctx context.Context, j job.Job) error {
	account, region, ok := strings.Cut(j.Subject, "|")
	if !ok {
		return job.Permanent(fmt.Errorf("%q names no account and Region", j.Subject))
	}
	cfg, err := t.Cloud.For(ctx, account, region, awscloud.Write, awscloud.SessionPrefix+"hub")
	if err != nil {
		var no *awscloud.NoAccessError
		if errors.As(err, &no) {
			return job.Permanent(fmt.Errorf("telling Security Hub: %w", err))
		}
		return err
	}
	client := hub.NewFromConfig(cfg)
	for {
		due, err := store.HubDue(ctx, t.DB.View(), account, region, t.Now(), PerCall)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			next, err := store.HubNext(ctx, t.DB.View(), account, region)
			if err == nil && !next.IsZero() {
				err = job.Later(next, "Security Hub refused some findings")
			}
			return err
		}
		// One call says one thing: the same status with the same note.
		for _, group := range alike(due) {
			if err := t.tell(ctx, client, group); err != nil {
				return fmt.Errorf("telling Security Hub in %s %s: %w", account, region, err)
			}
		}
	}
}

func (t *Teller) tell(ctx context.Context, client *hub.Client, updates []store.HubUpdate) error {
	in := &hub.BatchUpdateFindingsInput{
		Note:     &types.NoteUpdate{Text: aws.String(clip(updates[0].Note)), UpdatedBy: aws.String(casework.NoteAuthor)},
		Workflow: &types.WorkflowUpdate{Status: types.WorkflowStatus(updates[0].Workflow)},
	}
	for _, u := range updates {
		in.FindingIdentifiers = append(in.FindingIdentifiers, types.AwsSecurityFindingIdentifier{Id: aws.String(u.FindingID), ProductArn: aws.String(u.Product)})
	}
	out, err := client.BatchUpdateFindings(ctx, in)
	if err != nil {
		return err
	}
	refused := map[string]string{}
	for _, u := range out.UnprocessedFindings {
		refused[aws.ToString(u.FindingIdentifier.Id)] = aws.ToString(u.ErrorCode) + ": " + aws.ToString(u.ErrorMessage)
	}
	return t.DB.Update(ctx, func(tx *store.Tx) error {
		for _, u := range updates {
			why, bad := refused[u.FindingID]
			if !bad {
				if err := store.HubTold(ctx, tx, u); err != nil {
					return err
				}
				continue
			}
			next := t.Now().Add(time.Minute << min(u.Failures, 6))
			if u.Failures+1 >= giveUp || strings.HasPrefix(why, "FindingNotFound") {
				next = time.Time{}
			}
			t.Log.Warn("Security Hub refused an update", "finding", u.FindingID, "workflow", u.Workflow, "error", why, "again", !next.IsZero())
			if err := store.HubFailed(ctx, tx, u, why, next); err != nil {
				return err
			}
		}
		return nil
	})
}

// alike groups updates that say the same.
func alike(all []store.HubUpdate) [][]store.HubUpdate {
	var order []string
	groups := map[string][]store.HubUpdate{}
	for _, u := range all {
		k := u.Workflow + "\x00" + u.Note
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], u)
	}
	out := make([][]store.HubUpdate, len(order))
	for i, k := range order {
		out[i] = groups[k]
	}
	return out
}

func clip(s string) string {
	r := []rune(s)
	if len(r) > noteLimit {
		r = append(r[:noteLimit-1], '…')
	}
	return string(r)
}
