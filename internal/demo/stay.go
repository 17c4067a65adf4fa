package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"zesei/internal/fake"
	"zesei/internal/store"
)

// Pace is the time between two happenings while the demo stays up.
const Pace = 4 * time.Second

// look is how often the inbox and the fixes are looked at meanwhile.
const look = 100 * time.Millisecond

// Stay keeps the company alive after its Day until the context ends: every few
// seconds something happens in it, zesei works on it as a server would, and each
// thing that moves is told in a line. Another shell may meanwhile use the same
// store and the same twin.
func (d *Demo) Stay(ctx context.Context, pace time.Duration) error {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	all.Go(func() { _ = d.app.Queue.Run(ctx) }) // it ends with the context
	if err := d.moved(ctx, false); err != nil {
		return err
	}
	next := time.NewTicker(pace)
	defer next.Stop()
	often := time.NewTicker(look)
	defer often.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
			if err := d.happening(ctx, n); err != nil && ctx.Err() == nil {
				return err
			}
			n++
		case <-often.C:
			if err := d.hear(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// hear takes in what has been reported, and tells what has moved.
func (d *Demo) hear(ctx context.Context) error {
	d.inbox.release()
	t, err := d.receive(ctx)
	if err != nil {
		return err
	}
	if n := t.Cases; n.Opened+n.Reopened+n.Closed > 0 {
		d.live("  cases: %d opened, %d reopened, %d closed", "  ケース：新規 %d 件、再発 %d 件、終了 %d 件", n.Opened, n.Reopened, n.Closed)
	}
	return d.moved(ctx, true)
}

// happening lets the n-th thing happen.
func (d *Demo) happening(ctx context.Context, n int) error {
	c := d.world.company
	switch n % 6 {
	case 0:
		return d.newGroup(ctx, n)
	case 1:
		return d.drift(ctx)
	case 2:
		const some = 40
		from := n * some % len(d.reported)
		list := d.reported[from:min(from+some, len(d.reported))]
		for _, r := range list {
			d.world.aws.Evaluate(r.account.ID, c.Region, r.Evaluation)
		}
		d.live("AWS Config reports %d resources again: nothing is new", "AWS Config が %d 件のリソースを再報告：変化なし", len(list))
	case 3:
		d.turn("FAILED", "PASSED")
	case 4:
		i := c.Incidents[n/6%len(c.Incidents)]
		d.live("%s: GuardDuty: %s", "%s：GuardDuty：%s", i.Account, i.Title)
		return d.world.happen(i, 1000+n, d.clock.Now())
	case 5:
		d.turn("PASSED", "FAILED")
	}
	return nil
}

// newGroup lets somebody open a group that was made a moment ago.
func (d *Demo) newGroup(ctx context.Context, n int) error {
	o := d.world.company.Today[0]
	a := d.world.company.account(o.Account)
	o.Group = fmt.Sprintf("load-test-%d", n/6+1)
	d.world.groups[o.Account+"/"+o.Group] = d.world.aws.AddSecurityGroup(a.ID, d.world.company.Region, fake.SecurityGroup{
		Name: o.Group, Rules: []fake.SecurityGroupRule{d.world.company.Groups[0].Rules[0].fake()},
	})
	return d.openUp(ctx, o)
}

// drift opens again what was closed this morning.
func (d *Demo) drift(ctx context.Context) error { return d.openUp(ctx, d.world.company.Today[0]) }

func (d *Demo) openUp(ctx context.Context, o opening) error {
	if slices.Contains(d.prepare(o).closed, ruleText(o.Opens[0].fake())) {
		return nil // it still stands open: nothing to do for anybody
	}
	d.live("%s: %s opens group %s to the world", "%s：%s がグループ %s を全世界に公開", o.Account, o.By, o.Group)
	return d.world.do(ctx, o)
}

// turn changes what Security Hub says of one resource.
func (d *Demo) turn(from, to string) {
	start := d.random.IntN(len(d.reported))
	for i := range d.reported {
		r := &d.reported[(start+i)%len(d.reported)]
		if r.Status != from || r.Gone {
			continue
		}
		r.Status = to
		d.live("%s: Security Hub says %s of %s", "%s：Security Hub が %s（%[3]s）と報告", r.account.Name, to, r.Control)
		d.world.aws.Evaluate(r.account.ID, d.world.company.Region, r.Evaluation)
		return
	}
}

// moved tells which fixes have moved since it was last asked; the first time it
// only learns how they stand.
func (d *Demo) moved(ctx context.Context, tell bool) error {
	list, err := store.Fixes(ctx, d.app.DB.View(), "", "", 1000)
	if err != nil {
		return fmt.Errorf("looking at the fixes: %w", err)
	}
	if d.fixStates == nil {
		d.fixStates = map[string]string{}
	}
	for i := range list {
		f := &list[len(list)-1-i]
		if d.fixStates[f.ID] == f.State {
			continue
		}
		d.fixStates[f.ID] = f.State
		if tell {
			d.live("  fix %s in %s: %s", "  修復 %s（%s）：%s", f.ID, d.world.company.account(f.Account).Name, d.stateText(f))
		}
	}
	return nil
}

func (d *Demo) stateText(f *store.Fix) string {
	texts := map[string]words{
		store.FixSuggested: {"suggested", "提案"},
		store.FixWaiting:   {"waits for approval", "承認待ち"},
		store.FixReady:     {"may begin", "実行待ち"},
		store.FixApplying:  {"is being applied", "適用中"},
		store.FixVerifying: {"applied, being read again", "適用済み、再読み取り中"},
		store.FixVerified:  {"verified, cases closed", "確認済み、ケースを終了"},
		store.FixHeld:      {"held for a person", "担当者の確認待ち"},
		store.FixUndone:    {"undone", "取り消し済み"},
	}
	s := f.State
	if t, ok := texts[f.State]; ok {
		s = t.In(d.language)
	}
	if f.ApprovedBy != "" && f.State == store.FixReady {
		s += " (" + f.ApprovedBy + ")"
	}
	return s
}

// live tells one line with the company's time.
func (d *Demo) live(en, ja string, args ...any) {
	d.tell(d.clock.Now().In(tokyo()).Format("15:04:05") + "  " + d.t(en, ja, args...))
}
