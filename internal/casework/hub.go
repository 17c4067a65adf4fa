package casework

import (
	"context"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// NoteAuthor signs our notes in Security Hub (Note.UpdatedBy): it tells our own
// edits when they come back as events.
const NoteAuthor = "zesei"

// openAgain is the note of a finding whose case is open again.
const openAgain = "zesei: open again"

// hub says what Security Hub is to be told of the findings of changed cases.
func (b *batch) hub(ctx context.Context) error {
	if b.rules.Hub == nil {
		return nil
	}
	for _, o := range b.order {
		if !o.wants.Hub {
			continue
		}
		if err := b.hubCase(ctx, o.f, o.wants.Opened); err != nil {
			return err
		}
	}
	return nil
}

// hubCase asks for the workflow status that a case's findings should have; fresh:
// the case has just been opened, so that Security Hub was told nothing of it yet.
func (b *batch) hubCase(ctx context.Context, f *casefile.File, fresh bool) error {
	want, note := hubWorkflow(f)
	for h, s := range f.Sources {
		if !s.Source.IsSecurityHub() || !s.Speaks() {
			continue
		}
		account, region, ok := b.rules.Hub(s.Account, s.Region)
		if !ok {
			continue
		}
		to := want
		if to == "" && s.Workflow == finding.Suppressed && f.State == casefile.Open {
			// What we suppressed, or a console did, holds no longer. Security Hub
			// refuses a note without words.
			to, note = finding.New, openAgain
		}
		if to == "" && !fresh && s.Workflow != finding.Suppressed && f.State == casefile.Open {
			// We suppressed it, and have not heard of it since: a finding that is
			// suppressed may not be reported any more.
			lifted, err := store.LiftHub(ctx, b.tx, h, string(finding.Suppressed), string(finding.New), openAgain, b.now)
			if err != nil {
				return err
			}
			if lifted {
				b.ask(JobHub, account+"|"+region, b.now)
				continue
			}
		}
		if to == "" && s.Workflow == finding.New && f.State == casefile.Open {
			// Security Hub forgot what we told it (a reset to NEW): people have been
			// told all the same.
			again, err := store.WantHubAgain(ctx, b.tx, h, string(finding.Notified), b.now)
			if err != nil {
				return err
			}
			if again {
				b.ask(JobHub, account+"|"+region, b.now)
			}
			continue
		}
		if to == "" || to == s.Workflow {
			continue
		}
		u := store.HubUpdate{Hash: h, Product: s.Source.ProductARN, FindingID: s.Source.ID, Account: account, Region: region, Workflow: string(to), Note: note}
		if err := store.WantHub(ctx, b.tx, u, true, b.now); err != nil {
			return err
		}
		b.ask(JobHub, account+"|"+region, b.now)
	}
	return nil
}

// hubWorkflow is the workflow status that a case's findings should have; empty:
// leave it as it is. NOTIFIED is said once people have been told (Told).
func hubWorkflow(f *casefile.File) (finding.Workflow, string) {
	// Notes that say the same go out in one call, so they name no case.
	const zesei = "zesei: "
	switch f.State {
	case casefile.Accepted:
		return finding.Suppressed, zesei + "risk accepted until " + f.Life.Exception.Until.UTC().Format("2006-01-02 15:04Z") + ": " + f.Reason
	case casefile.Suppressed:
		if f.Life.SuppressedBy == "console" {
			return "", ""
		}
		return finding.Suppressed, zesei + f.Reason
	case casefile.Closed:
		if f.Reason == casefile.FalsePositive || f.Reason == casefile.Duplicate {
			return finding.Suppressed, zesei + f.Reason + ": " + f.Life.Proof
		}
		if f.Life.ClosedBy == "sources" || f.Life.ClosedBy == "source" {
			return "", "" // Security Hub knows
		}
		return finding.Resolved, zesei + f.Reason + ": " + f.Life.Proof
	}
	return "", ""
}
