package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zesei/internal/app"
	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	"zesei/internal/job"
	slackpkg "zesei/internal/notify/slack"
	"zesei/internal/store"
)

const (
	taro = "U012AB3CD" // an approver
	hana = "U034EF5GH" // an operator
	jiro = "U056IJ7KL" // of the team, without a role
	eve  = "U078MN9OP" // nobody that zesei knows
)

// chat is a town whose people answer in Slack.
type chat struct {
	*town
	app *app.App
	way string // http or socket
	url string
	end func() error
}

// newChat serves the town; what people press and write comes by the way.
func newChat(t *testing.T, way string) *chat {
	t.Helper()
	w := newTown(t, 100)
	if err := w.town().Close(); err != nil {
		t.Fatal(err)
	}
	key := map[string]string{"http": "signing_secret", "socket": "app_token"}[way]
	t.Setenv("TOWN_SLACK_BACK", map[string]string{"http": "twin-secret", "socket": "xapp-twin"}[way])
	w.rewrite("zesei.yaml", `notify: {slack: {`, `notify: {slack: {team: T0TWIN, `+key+`: "${env:TOWN_SLACK_BACK}", `)
	w.rewrite("zesei.yaml", `owners: [shop]}`, `owners: [shop]}
  hana: {slack: `+hana+`, roles: [operator], owners: [shop]}
  jiro: {slack: `+jiro+`, owners: [shop]}`)
	w.rewrite("policy.yaml", "mode: auto", "mode: approve")
	for id, name := range map[string]string{taro: "taro", hana: "hana", jiro: "jiro", eve: "eve"} {
		w.slack.AddUser(slack.User{ID: id, Name: name})
	}
	o := &chat{town: w, way: way}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		done <- app.Serve(ctx, w.opts, app.ServeOptions{Listen: "127.0.0.1:0", Ready: func(a *app.App, at net.Addr) { o.app = a; ready <- at }})
	}()
	o.end = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := o.end(); err != nil {
			t.Errorf("serve ended with %v", err)
		}
	})
	select {
	case at := <-ready:
		o.url = "http://" + at.String()
	case err := <-done:
		done <- err
		t.Fatalf("serve ended at once: %v", err)
	}
	if way == "socket" {
		until(t, "a socket", func() bool { return w.slack.Sockets() == 1 })
	}
	return o
}

func (w *town) town() *app.App { return w.app }

func (o *chat) to(path string) string {
	if o.way == "socket" {
		return slack.OverSocket
	}
	return o.url + path
}

// found lets a control fail on an open group, and returns the post with buttons.
func (o *chat) found(control string) (group string, m slack.Message) {
	o.t.Helper()
	group = o.openGroup(sandbox, "web")
	o.hear(o.evaluated(sandbox, control, group, "FAILED"))
	return group, o.post("the message", func(m slack.Message) bool { return has(m, slackpkg.DoLook) && strings.Contains(m.Text, group) })
}

func (o *chat) hear(events ...[]byte) {
	o.t.Helper()
	if _, err := o.app.Intake.Read(context.Background(), bytes.NewReader(bytes.Join(events, []byte("\n"))), "test"); err != nil {
		o.t.Fatal(err)
	}
}

func has(m slack.Message, do string) bool { _, ok := m.Button(do); return ok }

// post waits for a post of the app, and until the app has kept where it stands.
func (o *chat) post(what string, is func(slack.Message) bool) slack.Message {
	o.t.Helper()
	var found slack.Message
	until(o.t, what, func() bool {
		for _, m := range o.slack.Messages("shop-sec") {
			if m.User != slack.BotUser || !is(m) {
				continue
			}
			found = m
			_, err := store.PostAt(context.Background(), o.app.DB.View(), m.Channel, m.TS)
			return err == nil || has(m, slackpkg.DoFill) // an answer to words is no part of a message
		}
		return false
	})
	return found
}

func (o *chat) press(user string, m slack.Message, do string) {
	o.t.Helper()
	status, body, err := o.slack.Press(context.Background(), o.to(slackpkg.InteractivityPath), user, m, do)
	if err != nil || status != http.StatusOK {
		o.t.Fatalf("pressing %s: %d %s %v", do, status, body, err)
	}
}

// form waits for the form that a press opens.
func (o *chat) form(after int) slack.View {
	o.t.Helper()
	until(o.t, "a form", func() bool { return len(o.slack.Views()) > after })
	return o.slack.Views()[after]
}

func (o *chat) submit(v slack.View, fields map[string]string) slack.View {
	o.t.Helper()
	status, body, err := o.slack.Submit(context.Background(), o.to(slackpkg.InteractivityPath), v.ID, fields)
	if err != nil || status != http.StatusOK {
		o.t.Fatalf("sending the form: %d %s %v", status, body, err)
	}
	for _, now := range o.slack.Views() {
		if now.ID == v.ID {
			return now
		}
	}
	return v
}

func (o *chat) whispered(user, text string) {
	o.t.Helper()
	until(o.t, "a whisper to "+user+": "+text, func() bool {
		for _, w := range o.slack.Whispers() {
			if w.User == user && strings.Contains(w.Text, text) {
				return true
			}
		}
		return false
	})
}

func (o *chat) state(want casefile.State) {
	o.t.Helper()
	until(o.t, "the case "+string(want), func() bool {
		list, _, err := store.List(context.Background(), o.app.DB.View(), store.Filter{})
		return err == nil && len(list) == 1 && list[0].State == want
	})
}

// chain is the audit chain of the only case, as lines.
func (o *chat) chain() string {
	o.t.Helper()
	list, _, err := store.List(context.Background(), o.app.DB.View(), store.Filter{})
	if err != nil || len(list) == 0 {
		o.t.Fatal(len(list), err)
	}
	f := list[0].File
	entries, err := store.Audit(context.Background(), o.app.DB.View(), f.ID, fmt.Sprintf("%x", f.Key.Hash()))
	if err == nil {
		err = casefile.VerifyChain(entries)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Actor+" "+e.What+" "+e.Why)
	}
	return strings.Join(out, "\n")
}

func (o *chat) inChain(lines ...string) {
	o.t.Helper()
	got := o.chain()
	for _, l := range lines {
		if strings.Count(got, l) != 1 {
			o.t.Errorf("%q stands %d times in the chain:\n%s", l, strings.Count(got, l), got)
		}
	}
}

func bothWays(t *testing.T, f func(*testing.T, *chat)) {
	for _, way := range []string{"http", "socket"} {
		t.Run(way, func(t *testing.T) { f(t, newChat(t, way)) })
	}
}

// TestAFixIsApprovedInSlack from the finding to the proof.
func TestAFixIsApprovedInSlack(t *testing.T) {
	bothWays(t, func(t *testing.T, o *chat) {
		group, _ := o.found("EC2.19")
		m := o.post("the approval", func(m slack.Message) bool { return has(m, slackpkg.DoApprove) && m.ThreadTS == "" })

		o.press(hana, m, slackpkg.DoApprove)
		o.whispered(hana, "approver")
		o.press(eve, m, slackpkg.DoApprove)
		o.whispered(eve, eve)
		if got := o.ingress(sandbox, group); got != holed {
			t.Fatalf("the group was changed without an approval: %s", got)
		}
		o.inChain("slack:"+hana+" approval refused approve fix", "slack:"+eve+" approval refused approve fix")

		o.press(taro, m, slackpkg.DoPlan)
		plan := o.form(0)
		for _, want := range []string{"RevokeSecurityGroupIngress", "変更前の状態", "元に戻す手順", "この内容で承認"} {
			if !strings.Contains(string(plan.View), want) {
				t.Errorf("the plan does not show %s:\n%s", want, plan.View)
			}
		}
		o.press(taro, m, slackpkg.DoApprove)
		o.whispered(taro, "承認しました")
		o.state(casefile.Closed)
		if got := o.ingress(sandbox, group); got != innocent {
			t.Errorf("the group has %s", got)
		}
		o.inChain("slack:"+taro+" plan shown", "slack:"+taro+" fix approved")
		o.post("the message without buttons", func(p slack.Message) bool { return p.TS == m.TS && !has(p, slackpkg.DoAccept) && p.Edits > 0 })
		o.press(taro, m, slackpkg.DoApprove) // an old window
		o.whispered(taro, "承認待ちではありません")
	})
}

// TestARiskIsAcceptedInSlack: asked by one, approved by another, both in Slack.
func TestARiskIsAcceptedInSlack(t *testing.T) {
	bothWays(t, func(t *testing.T, o *chat) {
		_, m := o.found("EC2.19")
		o.press(hana, m, slackpkg.DoAccept)
		form := o.form(0)
		day := func(d int) string { return o.now().AddDate(0, 0, d).Format(time.DateOnly) }
		if got := o.submit(form, map[string]string{"reason": "load test <&>", "until": day(400)}); !got.Open || got.Errors["until"] == "" {
			t.Errorf("an end beyond the policy's was taken: %+v", got.Errors)
		}
		if got := o.submit(form, map[string]string{"reason": "load test <&>", "until": day(30), "evidence": "http://wiki.example.com"}); !got.Open || got.Errors["evidence"] == "" {
			t.Errorf("evidence without https was taken: %+v", got.Errors)
		}
		if got := o.submit(form, map[string]string{"reason": "load test <&>", "until": day(30)}); got.Open {
			t.Errorf("still open: %+v", got)
		}
		wish := o.post("the wish", func(m slack.Message) bool { return has(m, slackpkg.DoGrant) })
		if wish.ThreadTS != m.TS || !strings.Contains(wish.Text, "<@"+taro+">") || !strings.Contains(wish.Text, "load test &lt;&amp;&gt;") {
			t.Errorf("the wish: %+v", wish)
		}
		o.press(hana, wish, slackpkg.DoGrant)
		o.whispered(hana, "approver")
		o.state(casefile.Open)
		o.press(taro, wish, slackpkg.DoGrant)
		o.state(casefile.Accepted)
		done := o.post("what came of it", func(m slack.Message) bool { return m.TS == wish.TS && !has(m, slackpkg.DoGrant) })
		if !strings.Contains(done.Text, "承認されました") || !strings.Contains(done.Text, "taro") {
			t.Errorf("the wish says now: %s", done.Text)
		}
		o.inChain("slack:"+hana+" exception asked load test <&>", "slack:"+hana+" approval refused", "slack:"+taro+" accepted")
	})
}

// TestNobodyApprovesWhatTheyAskedFor, whichever way they asked: on the command line
// here.
func TestNobodyApprovesWhatTheyAskedFor(t *testing.T) {
	o := newChat(t, "http")
	_, m := o.found("EC2.19")
	list, _, err := store.List(context.Background(), o.app.DB.View(), store.Filter{})
	if err != nil || len(list) != 1 {
		t.Fatal(len(list), err)
	}
	_, err = o.app.Work.AskException(context.Background(), o.app.Person("taro"), casework.Ask{Case: list[0].ID, Reason: "later", Until: o.now().Add(48 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	wish := o.post("the wish", func(m slack.Message) bool { return has(m, slackpkg.DoGrant) })
	if wish.ThreadTS != m.TS || !strings.Contains(wish.Text, "申請者: taro") {
		t.Errorf("the wish: %s", wish.Text)
	}
	for range 2 {
		o.press(taro, wish, slackpkg.DoGrant)
	}
	o.whispered(taro, "ご自身の申請")
	o.state(casefile.Open)
	o.inChain("slack:" + taro + " approval refused approve exception")
	o.press(taro, wish, slackpkg.DoRefuse)
	o.submit(o.form(0), map[string]string{"why": "no longer needed"})
	o.post("the refusal", func(m slack.Message) bool {
		return m.TS == wish.TS && strings.Contains(m.Text, "却下されました")
	})
	o.inChain("exception refused no longer needed")
}

// TestAWishOverSeveralCasesIsDecidedInSlack in the channel of those who may approve.
func TestAWishOverSeveralCasesIsDecidedInSlack(t *testing.T) {
	o := newChat(t, "http")
	o.found("EC2.19")
	ask := func() string {
		x, err := o.app.Work.AskException(context.Background(), o.app.Person("hana"), casework.Ask{Reason: "a lab", Until: o.now().Add(48 * time.Hour),
			Scope: store.Scope{Control: "EC2.19", Account: sandbox}})
		if err != nil {
			t.Fatal(err)
		}
		return x.ID
	}
	wish := func(id string) slack.Message {
		return o.post("the wish", func(m slack.Message) bool { v, _ := m.Button(slackpkg.DoGrant); return v == id })
	}
	first := ask()
	m := wish(first)
	o.press(hana, m, slackpkg.DoGrant)
	o.whispered(hana, "approver")
	chain, err := store.ExceptionAudit(context.Background(), o.app.DB.View(), first)
	if err != nil || !strings.Contains(fmt.Sprint(chain), "approval refused") {
		t.Errorf("the try is not kept: %v %v", chain, err)
	}
	o.press(taro, m, slackpkg.DoGrant)
	o.state(casefile.Accepted)
	until(t, "what came of it", func() bool {
		for _, now := range o.slack.Messages("shop-sec") {
			if now.TS == m.TS && !has(now, slackpkg.DoGrant) {
				return true
			}
		}
		return false
	})
}

// TestWhatStandsInASummaryIsAskedForInItsThread: a case of a first import has no
// message of its own.
func TestWhatStandsInASummaryIsAskedForInItsThread(t *testing.T) {
	o := newChat(t, "http")
	o.cloud.DefineControls(fake.Control{ID: "EC2.53", Title: "ports", Severity: "HIGH"})
	o.hear(o.evaluated(shop, "EC2.53", o.openGroup(shop, "a"), "FAILED"))
	o.later(3 * time.Minute)
	o.hear(o.evaluated(shop, "EC2.53", o.openGroup(shop, "b"), "FAILED")) // wakes the lanes
	summary := o.post("the summary", func(m slack.Message) bool { return m.ThreadTS == "" })
	if has(summary, slackpkg.DoAccept) {
		t.Error("a summary has buttons")
	}
	cases, _, err := store.List(context.Background(), o.app.DB.View(), store.Filter{})
	if err != nil || len(cases) != 2 {
		t.Fatal(len(cases), err)
	}
	key := store.ShortKey(cases[0].Key)
	if _, _, err := o.slack.Mention(context.Background(), o.to(slackpkg.EventsPath), "shop-sec", hana, key+" is a lab", summary.TS); err != nil {
		t.Fatal(err)
	}
	answer := o.post("the answer", func(m slack.Message) bool { return has(m, slackpkg.DoFill) })
	if !strings.Contains(answer.Text, key) {
		t.Errorf("the answer does not name the case that was named: %s", answer.Text)
	}
	o.press(hana, answer, slackpkg.DoFill)
	o.submit(o.form(0), nil)
	wish := o.post("the wish", func(m slack.Message) bool { return has(m, slackpkg.DoGrant) })
	if wish.ThreadTS != summary.TS || !strings.Contains(wish.Text, key) {
		t.Errorf("the wish stands in %q: %s", wish.ThreadTS, wish.Text)
	}
}

// TestAWishForWhatADigestWillTellDoesNotWaitForIt: no message of the case stands
// anywhere yet.
func TestAWishForWhatADigestWillTellDoesNotWaitForIt(t *testing.T) {
	o := newChat(t, "http")
	o.cloud.DefineControls(fake.Control{ID: "EC2.13", Title: "SSH", Severity: "LOW"})
	o.hear(o.evaluated(shop, "EC2.13", o.openGroup(shop, "a"), "FAILED"))
	o.state(casefile.Open)
	cases, _, err := store.List(context.Background(), o.app.DB.View(), store.Filter{})
	if err != nil || cases[0].Terms.Response != "notify" {
		t.Fatalf("%+v %v", cases, err)
	}
	x, err := o.app.Work.AskException(context.Background(), o.app.Person("hana"), casework.Ask{Case: cases[0].ID, Reason: "a lab", Until: o.now().Add(48 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	o.later(2 * time.Minute) // a message waits for others to join
	if err := o.app.Work.Note(context.Background(), o.app.Person("hana"), cases[0].ID, "wakes the lanes"); err != nil {
		t.Fatal(err)
	}
	wish := o.post("the wish", func(m slack.Message) bool { return has(m, slackpkg.DoGrant) })
	if wish.ThreadTS != "" || !strings.Contains(wish.Text, x.ID) || strings.Contains(wish.Text, "いま未対応のもの") || !strings.Contains(wish.Text, "EC2.13") {
		t.Errorf("the wish: %s", wish.Text)
	}
	o.press(taro, wish, slackpkg.DoGrant)
	o.state(casefile.Accepted)
	if n := len(o.slack.Messages("shop-sec")); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// TestAnAnswerWhoseSendingWasCutOffStandsOnce: it is looked for before it is sent
// again.
func TestAnAnswerWhoseSendingWasCutOffStandsOnce(t *testing.T) {
	o := newChat(t, "http")
	_, m := o.found("EC2.19")
	o.slack.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "chat.postMessage", Times: 1})
	if _, _, err := o.slack.Mention(context.Background(), o.to(slackpkg.EventsPath), "shop-sec", jiro, "why?", m.TS); err != nil {
		t.Fatal(err)
	}
	o.post("the answer", func(m slack.Message) bool { return has(m, slackpkg.DoFill) })
	until(t, "no job of an answer", func() bool {
		jobs, err := job.Pending(context.Background(), o.app.DB.View(), 100)
		return err == nil && !slices.ContainsFunc(jobs, func(j job.Waiting) bool { return j.Kind == casework.JobAnswer })
	})
	n := 0
	for _, m := range o.slack.Messages("shop-sec") {
		if has(m, slackpkg.DoFill) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d answers", n)
	}
}

// TestWordsInAThreadAreKeptAndAnsweredWithAForm as S2 does.
func TestWordsInAThreadAreKeptAndAnsweredWithAForm(t *testing.T) {
	bothWays(t, func(t *testing.T, o *chat) {
		_, m := o.found("EC2.19")
		events := o.to(slackpkg.EventsPath)
		ts, status, err := o.slack.Mention(context.Background(), events, "shop-sec", jiro, "the vendor needs it &lt;until&gt; March <@U999ZZZZZ>", m.TS)
		if err != nil || status != http.StatusOK {
			t.Fatal(status, err)
		}
		answer := o.post("the answer", func(m slack.Message) bool { return has(m, slackpkg.DoFill) })
		if answer.ThreadTS != m.TS || !strings.Contains(answer.Text, "<@"+jiro+">") {
			t.Errorf("answered in %s: %s", answer.ThreadTS, answer.Text)
		}
		const kept = "the vendor needs it <until> March @U999ZZZZZ"
		if status, _, err := o.slack.Event(context.Background(), events, "Ev"+ts, o.slack.Mentioned("shop-sec", ts), 1); err != nil || status != http.StatusOK {
			t.Fatal(status, err)
		}
		o.inChain("slack:" + jiro + " note " + kept)
		o.press(jiro, answer, slackpkg.DoFill)
		form := o.form(0)
		if !strings.Contains(string(form.View), jsonText(kept)) {
			t.Errorf("the form is not filled in: %s", form.View)
		}
		o.submit(form, nil)
		o.post("the wish", func(m slack.Message) bool { return has(m, slackpkg.DoGrant) && m.ThreadTS == answer.ThreadTS })
		o.inChain("slack:" + jiro + " exception asked " + kept)

		if _, _, err := o.slack.Mention(context.Background(), events, "shop-sec", jiro, "and here", ""); err != nil {
			t.Fatal(err)
		}
		o.whispered(jiro, "in the thread of a message of mine") // nobody's thread, so the configured language
		if _, _, err := o.slack.Mention(context.Background(), events, "shop-sec", eve, "me too", m.TS); err != nil {
			t.Fatal(err)
		}
		o.whispered(eve, eve)
		if strings.Contains(o.chain(), "me too") {
			t.Error("words of somebody unknown were kept")
		}
	})
}

func jsonText(s string) string {
	b, _ := json.Marshal(s)
	return strings.Trim(string(b), `"`)
}

// TestWordsUnderAGroupAreKeptOnEachCase and the form asks which is meant.
func TestWordsUnderAGroupAreKeptOnEachCase(t *testing.T) {
	o := newChat(t, "http")
	a, b := o.openGroup(shop, "a"), o.openGroup(shop, "b")
	o.hear(o.evaluated(shop, "EC2.19", a, "FAILED"), o.evaluated(shop, "EC2.19", b, "FAILED"))
	list := o.post("the list", func(m slack.Message) bool { return m.ThreadTS == "" && has(m, slackpkg.DoAccept) })
	details := 0
	until(t, "the details with buttons", func() bool {
		details = 0
		for _, m := range o.slack.Messages("shop-sec") {
			if m.ThreadTS == list.TS && has(m, slackpkg.DoLook) {
				details++
			}
		}
		return details == 2
	})
	if has(list, slackpkg.DoLook) {
		t.Error("the list has the buttons of one case")
	}
	if _, _, err := o.slack.Mention(context.Background(), o.to(slackpkg.EventsPath), "shop-sec", hana, "both are load balancers", list.TS); err != nil {
		t.Fatal(err)
	}
	answer := o.post("the answer", func(m slack.Message) bool { return has(m, slackpkg.DoFill) })
	cases, _, err := store.List(context.Background(), o.app.DB.View(), store.Filter{})
	if err != nil || len(cases) != 2 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		entries, err := store.Audit(context.Background(), o.app.DB.View(), c.ID, "")
		if err != nil || !slices.ContainsFunc(entries, func(e casefile.Entry) bool { return e.Why == "both are load balancers" }) {
			t.Errorf("not kept on %s: %v", store.ShortKey(c.Key), err)
		}
	}
	for i, m := range []slack.Message{answer, list} {
		o.press(hana, m, map[int]string{0: slackpkg.DoFill, 1: slackpkg.DoAccept}[i])
		form := o.form(i)
		if !strings.Contains(string(form.View), store.ShortKey(cases[0].Key)) || !strings.Contains(string(form.View), store.ShortKey(cases[1].Key)) {
			t.Errorf("the form does not offer both cases: %s", form.View)
		}
		o.submit(form, map[string]string{"case": store.ShortKey(cases[i].Key), "reason": "load balancers"})
		xs, err := store.ExceptionsOfCases(context.Background(), o.app.DB.View(), []int64{cases[i].ID})
		if err != nil || len(xs) != 1 || xs[0].AskedBy != "slack:"+hana {
			t.Errorf("%+v %v", xs, err)
		}
	}
}

// TestActsOnACaseInSlack: snooze, assign, look again; each with its role and its row.
func TestActsOnACaseInSlack(t *testing.T) {
	o := newChat(t, "http")
	group, m := o.found("EC2.19")
	for _, do := range []string{slackpkg.DoSnooze, slackpkg.DoAssign, slackpkg.DoLook} {
		o.press(jiro, m, do)
	}
	o.whispered(jiro, "operator")
	if len(o.slack.Views()) != 0 {
		t.Error("somebody without a role was given a form")
	}
	o.press(hana, m, slackpkg.DoSnooze)
	if got := o.submit(o.form(0), map[string]string{"until": "2001-01-01"}); got.Errors["until"] == "" {
		t.Error("a day that is over was taken")
	}
	o.submit(o.form(0), map[string]string{"until": o.now().AddDate(0, 0, 10).Format(time.DateOnly), "why": "holidays"})
	o.whispered(hana, "リマインドを")
	o.press(hana, m, slackpkg.DoAssign)
	o.submit(o.form(1), map[string]string{"who": taro})
	o.whispered(hana, "taro")
	o.press(hana, m, slackpkg.DoAssign)
	o.submit(o.form(2), map[string]string{"who": eve})
	o.whispered(hana, "slack:"+eve)
	o.inChain("slack:" + hana + " snoozed holidays")
	if n := strings.Count(o.chain(), "slack:"+hana+" assigned"); n != 2 {
		t.Errorf("assigned %d times", n)
	}

	o.press(hana, m, slackpkg.DoLook)
	o.whispered(hana, "もう一度確認します")
	o.state(casefile.Open)
	o.cloud.RemoveSecurityGroup(sandbox, region, group)
	o.press(hana, m, slackpkg.DoLook)
	o.state(casefile.Closed)
}

// TestWhatIsDeliveredTwiceIsDoneOnce: the same press again, and the same form.
func TestWhatIsDeliveredTwiceIsDoneOnce(t *testing.T) {
	o := newChat(t, "http")
	_, m := o.found("EC2.19")
	value, _ := m.Button(slackpkg.DoLook)
	for range 3 {
		p := slack.Press{User: hana, Channel: m.Channel, MessageTS: m.TS, ActionID: slackpkg.DoLook, Value: value, ActionTS: "1764000000.000100"}
		if status, _, err := o.slack.Interaction(context.Background(), o.to(slackpkg.InteractivityPath), p); err != nil || status != http.StatusOK {
			t.Fatal(status, err)
		}
	}
	o.inChain("slack:" + hana + " look again asked")
	submission := map[string]any{
		"type": "view_submission", "team": map[string]any{"id": slack.Team}, "user": map[string]any{"id": hana, "team_id": slack.Team},
		"view": map[string]any{"id": "V1", "callback_id": slackpkg.DoAccept, "private_metadata": value + "|" + m.Channel + "|" + m.TS, "state": map[string]any{"values": map[string]any{
			"reason": map[string]any{"reason": map[string]any{"type": "plain_text_input", "value": "once"}},
			"until":  map[string]any{"until": map[string]any{"type": "datepicker", "selected_date": o.now().AddDate(0, 0, 3).Format(time.DateOnly)}},
		}}},
	}
	for range 2 {
		if status, body, err := o.slack.Payload(context.Background(), o.to(slackpkg.InteractivityPath), submission); err != nil || status != http.StatusOK || len(body) != 0 {
			t.Fatal(status, string(body), err)
		}
	}
	o.inChain("slack:" + hana + " exception asked once")
}

// TestWhatIsNotOfTheWorkspaceIsRefused: another team, and what Slack has not signed.
func TestWhatIsNotOfTheWorkspaceIsRefused(t *testing.T) {
	o := newChat(t, "http")
	_, m := o.found("EC2.19")
	value, _ := m.Button(slackpkg.DoApprove)
	before := o.chain()
	foreign := map[string]any{
		"type": "block_actions", "team": map[string]any{"id": "T0OTHER"}, "user": map[string]any{"id": taro, "team_id": "T0OTHER"},
		"channel": map[string]any{"id": m.Channel}, "container": map[string]any{"message_ts": m.TS}, "actions": []any{map[string]any{"action_id": slackpkg.DoApprove, "value": value, "action_ts": "1"}},
	}
	if status, _, err := o.slack.Payload(context.Background(), o.to(slackpkg.InteractivityPath), foreign); err != nil || status != http.StatusOK {
		t.Fatal(status, err)
	}
	stranger := slack.New(slack.Options{Now: o.now, SigningSecret: "another"})
	if status, _, err := stranger.Payload(context.Background(), o.to(slackpkg.InteractivityPath), foreign); err != nil || status != http.StatusUnauthorized {
		t.Errorf("an unsigned request: %d %v", status, err)
	}
	if after := o.chain(); after != before {
		t.Errorf("something was done:\n%s", after)
	}
}

// TestASocketThatIsRefreshedIsOpenedAgain, and a refusal stops nothing else.
func TestASocketThatIsRefreshedIsOpenedAgain(t *testing.T) {
	o := newChat(t, "socket")
	_, m := o.found("EC2.19")
	opened := func() int { return o.slack.Journal().Count(fake.Query{Operation: "apps.connections.open"}) }
	was := opened()
	o.slack.Disconnect()
	until(t, "another socket", func() bool { return opened() > was && o.slack.Sockets() == 1 })
	o.press(hana, m, slackpkg.DoLook)
	o.inChain("slack:" + hana + " look again asked")
}

// TestWithoutAWayBackThereAreNoButtons: a message shows what it shows today.
func TestWithoutAWayBackThereAreNoButtons(t *testing.T) {
	w := newTown(t, 100)
	w.take(w.evaluated(sandbox, "EC2.19", w.openGroup(sandbox, "web"), "FAILED"))
	for _, m := range w.slack.Messages("shop-sec") {
		if strings.Contains(string(m.Blocks), "actions") {
			t.Errorf("buttons that nobody hears: %s", m.Blocks)
		}
	}
}

// TestAnAnswerInDoubtIsNotForgottenWhenSlackAsksToWait: what was in doubt before
// Slack asked to wait is in doubt afterwards.
func TestAnAnswerInDoubtIsNotForgottenWhenSlackAsksToWait(t *testing.T) {
	o := newChat(t, "http")
	_, m := o.found("EC2.19")
	o.slack.Faults().Add(fake.Fault{Kind: fake.LostAnswer, Operation: "chat.postMessage", Times: 1})
	o.slack.Faults().Add(fake.Fault{Kind: fake.Throttle, Operation: "conversations.replies", RetryAfter: time.Hour, Times: 1})
	if _, _, err := o.slack.Mention(context.Background(), o.to(slackpkg.EventsPath), "shop-sec", jiro, "why?", m.TS); err != nil {
		t.Fatal(err)
	}
	until(t, "the wait", func() bool { return o.slack.Journal().Count(fake.Query{Operation: "conversations.replies"}) > 0 })
	answered := func() bool {
		jobs, err := job.Pending(context.Background(), o.app.DB.View(), 100)
		return err == nil && !slices.ContainsFunc(jobs, func(j job.Waiting) bool { return j.Kind == casework.JobAnswer })
	}
	until(t, "no job of an answer", func() bool { o.later(time.Minute); return answered() })
	n := 0
	for _, m := range o.slack.Messages("shop-sec") {
		if has(m, slackpkg.DoFill) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d answers", n)
	}
}
