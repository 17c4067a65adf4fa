package demo

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/store"
)

// approve lets a person approve the fix that waits.
func (d *Demo) approve(ctx context.Context) error {
	w := d.world.company.Weeks.Approval
	op, err := d.openedGroup(w.Account, w.Group)
	if err != nil {
		return err
	}
	f, err := d.fix(ctx, op)
	if err != nil {
		return err
	}
	if _, err := d.app.Work.ApproveFix(ctx, d.app.Person(w.Approver), f.ID, ""); err != nil {
		return err
	}
	d.dated("%s approves the fix of %s/%s", "%s が %s/%s の修復を承認", w.Approver, w.Account, w.Group)
	if _, err := d.settle(ctx); err != nil {
		return err
	}
	if d.played.approved, err = d.fix(ctx, op); err != nil {
		return err
	}
	tickets, err := d.done(ctx, d.played.approved.Cases)
	if err != nil {
		return err
	}
	d.say("    → %s; %d rules stay; closed: %d cases, %s", "    → %s。ほかのルール %d 個はそのまま、ケース %d 件とチケット %s が完了",
		d.stateText(&store.Fix{State: d.played.approved.State}), len(d.played.approved.After), len(d.played.approved.Cases), tickets)
	return nil
}

// ask lets somebody ask to live with a risk.
func (d *Demo) ask(ctx context.Context) error {
	w := d.world.company.Weeks.Exception
	f, err := d.caseOf(ctx, w.Account, w.Group, w.Control)
	if err != nil {
		return err
	}
	d.played.risk.was = f
	until := d.at(w.After+w.Days, 18)
	d.played.risk.asked, err = d.app.Work.AskException(ctx, d.app.Person(w.Asker), casework.Ask{Case: f.ID, Reason: w.Reason, Until: until})
	if err != nil {
		return err
	}
	d.dated("%s asks for an exception: %s on %s/%s until %s", "%s が例外を申請：%s（%s/%s）を %s まで受容", w.Asker, w.Control, w.Account, w.Group, d.date(until))
	_, err = d.settle(ctx)
	return err
}

// agree lets another person approve it. Whoever asked may not.
func (d *Demo) agree(ctx context.Context) error {
	w := d.world.company.Weeks.Exception
	x, err := d.app.Work.ApproveException(ctx, d.app.Person(w.Approver), d.played.risk.asked.ID)
	if err != nil {
		return err
	}
	d.played.risk.asked = x
	d.dated("%s approves it: the case is accepted, SUPPRESSED in Security Hub", "%s が承認：ケースは「受容」に、Security Hub では SUPPRESSED に", w.Approver)
	_, err = d.settle(ctx)
	return err
}

// accepted looks at the case shortly before the exception ends.
func (d *Demo) accepted(ctx context.Context) error {
	f, err := store.FindCase(ctx, d.app.DB.View(), store.ShortKey(d.played.risk.was.Key))
	if err != nil {
		return err
	}
	d.played.risk.held, d.played.risk.hub = string(f.State), d.workflow(Fix{Account: f.Key.Account, Resource: f.Key.Resource}, f.Key.Control)
	list, err := d.cases(ctx)
	if err != nil {
		return err
	}
	all, err := d.tickets(ctx, list)
	if err != nil {
		return err
	}
	for _, t := range ticketsOf(all, store.ShortKey(f.Key)) {
		d.played.risk.ticketClosed = t.Closed
	}
	return nil
}

// ended looks at it when the exception is over.
func (d *Demo) ended(ctx context.Context) error {
	f, err := store.FindCase(ctx, d.app.DB.View(), store.ShortKey(d.played.risk.was.Key))
	if err != nil {
		return err
	}
	d.played.risk.now = f
	w := d.world.company.Weeks.Exception
	d.dated("the exception ends: %s on %s/%s is open, due %s (was %s)", "例外の期限切れ：%s（%s/%s）は再び未対応に。新しい期限は %s（元は %s）",
		w.Control, w.Account, w.Group, d.calendarDay(f.Terms.Due, d.zone(f.Terms.Owner), false), d.calendarDay(d.played.risk.was.Terms.Due, d.zone(f.Terms.Owner), false))
	return nil
}

// notified are the cases that are only told, and open.
func (d *Demo) notified(ctx context.Context) ([]store.Listed, error) {
	list, err := d.cases(ctx)
	return slices.DeleteFunc(list, func(l store.Listed) bool {
		return l.File.State != casefile.Open || l.File.Terms.Response != "notify"
	}), err
}

func (d *Demo) beforeDigest(ctx context.Context) error {
	list, err := d.notified(ctx)
	d.played.told = len(list)
	return err
}

// digest looks at what became of the cases that were told in it.
func (d *Demo) digest(ctx context.Context) error {
	if _, err := d.settle(ctx); err != nil {
		return err
	}
	list, err := d.notified(ctx)
	if err != nil {
		return err
	}
	d.played.left = len(list)
	all, err := d.cases(ctx)
	if err != nil {
		return err
	}
	for _, l := range all {
		if f := l.File; f.Terms.Response == "notify" && f.State == casefile.Suppressed &&
			d.workflow(Fix{Account: f.Key.Account, Resource: f.Key.Resource}, f.Key.Control) == "SUPPRESSED" {
			d.played.spared++
		}
	}
	d.dated("the digests are delivered: %d cases are SUPPRESSED now, and out of the score", "まとめの配信を確認：お知らせのみの %d 件は SUPPRESSED になり、スコアの対象外に", d.played.told-d.played.left)
	return nil
}

// mend lets a team put right what its tickets name.
func (d *Demo) mend(ctx context.Context) error {
	w := d.world.company.Weeks.Mended
	for i := range d.reported {
		r := &d.reported[i]
		if r.account.Name == w.Account && r.Status == "FAILED" && !r.Gone && slices.Contains(w.Controls, r.Control) {
			r.Status = "PASSED"
			d.world.aws.Evaluate(r.account.ID, d.world.company.Region, r.Evaluation)
		}
	}
	t, err := d.settle(ctx)
	d.played.mended = t
	d.dated("the team of %s works through its tickets: %d cases closed", "%s の担当チームがチケットを消化：ケース %d 件を終了", w.Account, t.Cases.Closed)
	return err
}

// release lets the owner of the code take back what was opened.
func (d *Demo) release(ctx context.Context) error {
	w := d.world.company.Weeks.Released
	op, err := d.openedGroup(w.Account, w.Group)
	if err != nil {
		return err
	}
	if err := d.world.undo(ctx, op.opening); err != nil {
		return err
	}
	if _, err := d.settle(ctx); err != nil {
		return err
	}
	f, err := d.fix(ctx, op)
	if err != nil {
		return err
	}
	tickets, err := d.done(ctx, f.Cases)
	if err != nil {
		return err
	}
	d.dated("%s closes %s/%s itself; closed: %d cases, %s", "%s が %s/%s を閉鎖：ケース %d 件とチケット %s が完了",
		w.By, w.Account, w.Group, len(f.Cases), tickets)
	d.played.released = f
	return nil
}

// done says which tickets of cases are closed, as their trackers show them.
func (d *Demo) done(ctx context.Context, cases []string) (string, error) {
	list, err := d.cases(ctx)
	if err != nil {
		return "", err
	}
	all, err := d.tickets(ctx, list)
	if err != nil {
		return "", err
	}
	names := ""
	for _, c := range d.world.company.Trackers {
		var keys []int
		for _, t := range ticketsOf(all, cases...) {
			if n, err := strconv.Atoi(t.Key); err == nil && t.Closed && t.Tracker == c.Name {
				keys = append(keys, n)
			}
		}
		slices.Sort(keys)
		for i, n := range keys {
			if i == 0 {
				names += " " + c.Name
			}
			names += " #" + strconv.Itoa(n)
		}
	}
	return cmp.Or(strings.TrimSpace(names), "-"), nil
}

// month shows the summary that came this morning.
func (d *Demo) month(ctx context.Context) error {
	if _, err := d.settle(ctx); err != nil {
		return err
	}
	if err := d.hark(ctx, true); err != nil {
		return err
	}
	d.dated("#%s ← the summary of the month (so far %d reminders and %d escalations)", "#%s ← 月次サマリー（ここまでのリマインダー %d 通、エスカレーション %d 通）",
		d.played.summaryIn, d.played.posts[store.MessageReminder], d.played.posts[store.MessageEscalation])
	d.tellText(d.played.summary, 40)
	return nil
}
