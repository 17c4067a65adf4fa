package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"zesei/internal/casefile"
	"zesei/internal/job"
	"zesei/internal/store"
)

// check holds what happened against what should have.
func (d *Demo) check(ctx context.Context, r Report, list []store.Listed) ([]Check, error) {
	var out []Check
	is := func(name string, ok bool, got string, args ...any) {
		out = append(out, Check{name, ok, fmt.Sprintf(got, args...)})
	}
	is("a few hundred findings were taken in", d.stages.again.Findings >= 300, "%d", d.stages.again.Findings)
	for i, want := range []struct{ name, state string }{
		{"the automatic fix is verified, and every other rule stands", store.FixVerified},
		{"the fix in production waits, and nothing was changed", store.FixWaiting},
		{"where Terraform owns the group the fix is only suggested", store.FixSuggested},
	} {
		if i >= len(r.Fixes) {
			is(want.name, false, "no fix")
			continue
		}
		f := r.Fixes[i]
		rules := f.Before
		if want.state == store.FixVerified {
			rules = f.Closed
		}
		is(want.name, f.State == want.state && slices.Equal(f.After, rules), "%s %s", f.ID, f.State)
		is("CloudTrail tells who opened "+f.Name+"/"+f.Group, strings.Contains(f.OpenedBy, d.opened[i].By), "%s", f.OpenedBy)
	}
	if err := d.checkCases(ctx, is, r, list); err != nil {
		return nil, err
	}
	missing, twice, err := d.posts(ctx, list)
	if err != nil {
		return nil, err
	}
	is("every message was posted once", missing == 0 && twice == 0 && r.Messages > 0, "%d missing, %d twice of %d", missing, twice, r.Messages)
	is("what zesei writes into Security Hub comes back and tells nobody", d.stages.echoes > 0 && d.stages.echoWrites == 0, "%d events, %d messages", d.stages.echoes, d.stages.echoWrites)
	again := d.stages.again
	is("the same findings again change nothing", again.Findings > 0 && again.Unchanged == again.Findings, "%d of %d unchanged", again.Unchanged, again.Findings)
	return out, d.checkRest(ctx, is, r)
}

type checker func(name string, ok bool, got string, args ...any)

func (d *Demo) checkCases(_ context.Context, is checker, r Report, list []store.Listed) error {
	if len(r.Fixes) > 0 {
		left := 0
		for _, l := range list {
			if l.File.Key.Resource == r.Fixes[0].Resource && (l.File.State != casefile.Closed || l.File.Life.Proof == "") {
				left++
			}
		}
		is("the cases of the fixed group are closed with proof", left == 0 && len(r.Fixes[0].Cases) > 0, "%d not", left)
	}
	sources := 0
	for _, l := range list {
		if l.File.Key.Account == d.world.company.account("data-prod").ID && l.File.Key.Control == "RDS.2" {
			sources = len(l.File.Sources)
		}
	}
	is("the findings of several standards are one case", sources >= 2, "%d sources", sources)
	return nil
}

func (d *Demo) checkRest(ctx context.Context, is checker, r Report) error {
	dead, err := store.CountDead(ctx, d.app.DB.View())
	if err != nil {
		return err
	}
	is("the forged event is kept as a dead letter", dead == 1, "%d", dead)
	if err := d.checkLeft(ctx, is); err != nil {
		return err
	}
	d.checkTickets(is, r)
	for i, f := range r.Fixes {
		want := []string{"RESOLVED", "NOTIFIED", "NOTIFIED"}[min(i, 2)]
		got := d.workflow(f, "EC2.19")
		is("Security Hub shows "+f.Name+"/"+f.Group+" as "+want, got == want, "%s", got)
	}
	return nil
}

// checkLeft looks for jobs that are due or failed. What waits for its time is not
// left over.
func (d *Demo) checkLeft(ctx context.Context, is checker) error {
	jobs, err := job.Pending(ctx, d.app.DB.View(), 10000)
	if err != nil {
		return err
	}
	failed := ""
	for _, j := range jobs {
		if j.State == "dead" || j.Attempts > 0 || !j.RunAt.After(d.clock.Now()) {
			failed = strings.TrimSpace(fmt.Sprintf("%s %s %s", j.Kind, j.Subject, j.Error))
		}
	}
	is("no work is left over", failed == "", "%s", cmp.Or(failed, "none"))
	return nil
}

// workflow is the workflow status in Security Hub of a group's finding.
func (d *Demo) workflow(f Fix, control string) string {
	for _, raw := range d.world.aws.Findings(f.Account, d.world.company.Region) {
		var one struct {
			Compliance struct{ SecurityControlId string }
			Workflow   struct{ Status string }
			Resources  []struct{ Id string }
		}
		if json.Unmarshal(raw, &one) == nil && one.Compliance.SecurityControlId == control && len(one.Resources) > 0 && one.Resources[0].Id == f.Resource {
			return one.Workflow.Status
		}
	}
	return ""
}

// posts holds the channels against the rows of messages: how many that were due
// are missing, and how many stand there more than once.
func (d *Demo) posts(ctx context.Context, list []store.Listed) (missing, twice int, err error) {
	counts := map[string]int{}
	places := d.world.company.channels()
	for _, p := range d.world.company.People {
		places = append(places, p.Slack)
	}
	for _, name := range places {
		for _, m := range d.world.slack.Messages(name) {
			var meta struct {
				Payload struct {
					Key  string `json:"key"`
					Part string `json:"part"`
				} `json:"event_payload"`
			}
			if json.Unmarshal(m.Metadata, &meta) == nil {
				counts[meta.Payload.Key+" "+meta.Payload.Part]++
			}
		}
	}
	for _, n := range counts {
		if n > 1 {
			twice++
		}
	}
	var ids []int64
	for _, l := range list {
		ids = append(ids, l.File.ID)
	}
	of, err := store.MessagesOfCases(ctx, d.app.DB.View(), ids)
	if err != nil {
		return 0, 0, err
	}
	rows := map[int64]store.Message{}
	for _, ms := range of {
		for _, m := range ms {
			rows[m.ID] = m
		}
	}
	for _, m := range rows {
		if !m.SendAfter.After(d.clock.Now()) && counts[fmt.Sprintf("%s-%d main", d.app.DB.ID(), m.ID)] != 1 {
			missing++
		}
	}
	return missing, twice, nil
}
