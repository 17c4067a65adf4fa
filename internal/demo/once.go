package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zesei/internal/fake"
	"zesei/internal/intake"
)

// stages are what the check at the end needs to know of the way there.
type stages struct {
	again      intake.Totals // all findings, read a second time
	echoes     int           // events that our own BatchUpdateFindings caused
	echoWrites int           // what Slack was told because of them
	terms      []Term        // deadlines of what came up on the day
}

// opened is a security group that somebody opened.
type opened struct {
	opening
	account       account
	id, arn       string
	closed, wrong []string // ingress rules before and after
}

// Day tells the whole story once: the first import the day before, and the next
// morning with everything that happens in it.
func (d *Demo) Day(ctx context.Context) error {
	for _, stage := range []func(context.Context) error{d.firstImport, d.morning, d.people, d.findings, d.echoes, d.sameAgain, d.afterwards, d.deadlines} {
		if err := stage(ctx); err != nil {
			return err
		}
	}
	d.clock.offset.Store(d.clock.end)
	return nil
}

// afterwards lets what waits for its time be worked before the day ends.
func (d *Demo) afterwards(ctx context.Context) error {
	d.clock.set(d.today.Add(-2 * time.Minute))
	_, err := d.settle(ctx)
	return err
}

func (d *Demo) firstImport(ctx context.Context) error {
	c := d.world.company
	d.say("%s: %d AWS accounts, %d teams; all of it simulated in this process.", "%s：AWS アカウント %d 個、チーム %d つ（すべてこのプロセス内のシミュレーションです）",
		c.Name.In(d.language), len(c.Accounts), len(c.Owners))
	d.say("Files: %s", "設定とデータ：%s", d.Dir)
	d.tell("")
	d.heading("first import: all that Security Hub knows", "初回の取り込み：Security Hub にあるすべて")
	t, err := d.poll(ctx)
	if err != nil {
		return err
	}
	d.say("  %d findings read through GetFindings: %d cases opened", "  GetFindings で検出結果 %d 件を読み取り、ケース %d 件を作成", t.Findings, t.Cases.Opened)
	if err := d.work(ctx); err != nil {
		return err
	}
	d.say("  quiet: %d messages in all: one summary a team, CRITICAL at once", "  通知は %d 件だけ：チームごとの要約 1 件と、CRITICAL の即時通知", d.slackWrites())
	_, err = d.settle(ctx)
	return err
}

// morning lets the night pass.
func (d *Demo) morning(ctx context.Context) error {
	d.clock.offset.Store(d.clock.end - int64(morning))
	d.tell("")
	d.heading("the next day", "翌日")
	_, err := d.settle(ctx)
	return err
}

// people change security groups: one in an account where zesei may fix, one where
// a person approves, one that Terraform owns.
func (d *Demo) people(ctx context.Context) error {
	for _, o := range d.world.company.Today {
		start := time.Now()
		op := d.prepare(o)
		if err := d.world.do(ctx, o); err != nil {
			return err
		}
		op.wrong = d.world.ingress(op.account, op.id)
		d.opened = append(d.opened, op)
		t, err := d.settle(ctx)
		if err != nil {
			return err
		}
		d.say("  %s: %s opens group %s to the world: %d findings, %d cases", "  %s：%s がグループ %s を全世界に公開。検出結果 %d 件、ケース %d 件",
			o.Account, o.By, o.Group, t.Findings, t.Cases.Opened+t.Cases.Reopened)
		f, err := d.fix(ctx, op)
		if err != nil {
			return err
		}
		d.tell("    " + d.outcome(f, time.Since(start)))
	}
	return nil
}

func (d *Demo) prepare(o opening) *opened {
	a := d.world.company.account(o.Account)
	id := d.world.groups[o.Account+"/"+o.Group]
	return &opened{opening: o, account: a, id: id, arn: d.world.groupARN(a, id), closed: d.world.ingress(a, id)}
}

// findings lets some of what was reported move on, and something that nobody
// should believe arrive.
func (d *Demo) findings(ctx context.Context) error {
	for n, i := range d.world.company.Incidents {
		if err := d.world.happen(i, n+1, d.clock.Now()); err != nil {
			return err
		}
	}
	if _, err := d.settle(ctx); err != nil {
		return err
	}
	d.say("  GuardDuty reports %d incidents: to the security team", "  GuardDuty がインシデント %d 件を報告：セキュリティチームへ", len(d.world.company.Incidents))

	passed, gone := d.failing("RDS.13"), d.failing("Lambda.2")
	passed.Status = "PASSED"
	d.world.aws.Evaluate(passed.account.ID, d.world.company.Region, passed.Evaluation)
	gone.Gone = true
	d.world.aws.Evaluate(gone.account.ID, d.world.company.Region, gone.Evaluation)
	t, err := d.settle(ctx)
	if err != nil {
		return err
	}
	d.say("  a database is put right, a function is deleted: %d cases closed", "  データベースの設定修正と関数の削除：ケース %d 件を終了", t.Cases.Closed)

	if worse := d.passing(d.world.company.Worsens.Account, d.world.company.Worsens.Controls); worse != nil {
		worse.Status = "FAILED"
		d.world.aws.Evaluate(worse.account.ID, d.world.company.Region, worse.Evaluation)
		if t, err = d.settle(ctx); err != nil {
			return err
		}
		d.say("  %s: Security Hub says that %s fails now: %d case", "  %s：Security Hub が %s の違反を報告。ケース %d 件", worse.account.Name, worse.Control, t.Cases.Opened)
	}

	forged, err := d.world.forgery(d.clock.Now())
	if err != nil {
		return err
	}
	d.inbox.put(forged, false)
	if t, err = d.settle(ctx); err != nil {
		return err
	}
	d.say("  a foreign account says that a hole is closed: %d dead letter, nothing believed", "  無関係のアカウントが「修正済み」と主張：デッドレター %d 件、ケースは変わらず", t.Dead)
	return nil
}

// failing is the first of Security Hub's made up findings of a control that
// fails. The pointer is to the demo's own record of it.
func (d *Demo) failing(control string) *reported {
	i := slices.IndexFunc(d.reported, func(r reported) bool { return r.Control == control && r.Status == "FAILED" })
	if i < 0 {
		return &reported{account: d.world.company.members()[0], Evaluation: fake.Evaluation{Control: control}}
	}
	return &d.reported[i]
}

// passing is the first of Security Hub's made up findings of an account and some
// controls that passes; nil: none does.
func (d *Demo) passing(account string, controls []string) *reported {
	for _, control := range controls {
		for i := range d.reported {
			if r := &d.reported[i]; r.account.Name == account && r.Control == control && r.Status == "PASSED" {
				return r
			}
		}
	}
	return nil
}

// echoes takes in the events that our own updates of Security Hub caused.
func (d *Demo) echoes(ctx context.Context) error {
	before := d.slackWrites()
	d.stages.echoes = d.inbox.release()
	if _, err := d.settle(ctx); err != nil {
		return err
	}
	d.stages.echoWrites = d.slackWrites() - before
	d.say("  %d findings come back because zesei itself marked them in Security Hub: told nobody", "  zesei 自身が Security Hub に付けた印が %d 件のイベントとして戻る：誰にも通知せず", d.stages.echoes)
	return nil
}

// sameAgain reads every finding once more.
func (d *Demo) sameAgain(ctx context.Context) error {
	before := d.slackWrites()
	t, err := d.poll(ctx)
	if err != nil {
		return err
	}
	if err := d.work(ctx); err != nil {
		return err
	}
	d.stages.again = t
	d.say("  all %d findings imported again: %d unchanged, %d messages", "  検出結果 %d 件を再度取り込み：変化なし %d 件、通知 %d 件", t.Findings, t.Unchanged, d.slackWrites()-before)
	return nil
}

func (d *Demo) heading(en, ja string) {
	now := d.clock.Now().In(tokyo())
	d.tell(fmt.Sprintf("%s  %s", now.Format("2006-01-02 15:04 MST"), d.t(en, ja)))
}
