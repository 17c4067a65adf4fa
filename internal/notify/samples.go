package notify

import (
	"time"

	"zesei/internal/finding"
)

// Sample is a message part for trying templates on.
type Sample struct {
	Name string
	View View
}

// Samples returns views that together reach every state, fix and event, in
// every language: templates are tried on them when they are loaded, and a
// preview prints them.
func Samples() []Sample {
	var out []Sample
	for _, lang := range languages {
		for _, m := range sampleMessages(lang) {
			out = append(out, Sample{Name: m.name, View: m.msg.sampleView()})
		}
		msg := sampleMessages(lang)[0].msg
		for _, c := range sampleCases(lang) {
			m := msg
			m.Cases = []Case{c.Case}
			out = append(out, Sample{"only case, " + c.name, m.sampleView()}, Sample{"detail, " + c.name, m.detail(c.Case)})
		}
		for _, e := range []Event{Recurred, Reopened, NeedsYes, NeedsLook} {
			for _, c := range sampleCases(lang) {
				v := msg.reply(c.Case, e)
				v.Mention, v.Anew, v.Cut = msg.Mention, true, 12
				out = append(out, Sample{"reply " + string(e) + ", " + c.name, v})
			}
		}
		for _, t := range sampleTroubles() {
			m := Message{Owner: msg.Owner, Via: Slack, Kind: Failure, Language: lang, Zone: msg.Zone, Mention: msg.Mention, Trouble: &t}
			out = append(out, Sample{"failure, " + t.What, m.sampleView()})
		}
		out = append(out, sampleAsked(lang, msg)...)
		anew := msg.sampleView()
		anew.Anew, anew.Cut = true, 3
		out = append(out, Sample{"posted anew", anew})
	}
	return out
}

func (m Message) sampleView() View {
	v := m.overview()
	v.Mention = m.Mention
	return v
}

type namedCase struct {
	name string
	Case
}

type namedMessage struct {
	name string
	msg  Message
}

var sampleDue = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

func sampleCase(lang string) Case {
	title := "S3 general purpose buckets need a lifecycle configuration"
	if lang == "ja" {
		title = "S3 汎用バケットにはライフサイクル設定が必要です"
	}
	return Case{
		Key: "k7q2m", Control: "S3.13", AccountID: "111122223333", AccountName: "shop-prod",
		Region: "ap-northeast-1", Resource: "arn:aws:s3:::shop-images", ResourceName: "shop-images",
		ResourceType: "AWS::S3::Bucket", Severity: finding.Low, Title: title, State: Open, Due: sampleDue,
	}
}

func sampleCases(lang string) []namedCase {
	with := func(name string, f func(*Case)) namedCase {
		c := sampleCase(lang)
		f(&c)
		return namedCase{name, c}
	}
	out := []namedCase{
		with("open", func(*Case) {}),
		with("no deadline, doubtful", func(c *Case) { c.Due, c.Doubtful, c.AccountName, c.ResourceName = time.Time{}, true, "", "" }),
		with("overdue, back again", func(c *Case) {
			c.Overdue, c.Recurrences, c.By, c.Address, c.Agent = true, 2, "taro@example.com", "203.0.113.7", "aws-cli/2.31.3"
		}),
		with("accepted", func(c *Case) {
			c.State, c.Reason, c.Until, c.AcceptedBy = Accepted, "the move in March replaces it", sampleDue, "taro"
		}),
		with("suppressed", func(c *Case) { c.State = Suppressed }),
		with("moved", func(c *Case) { c.State, c.Reason = Moved, "payments" }),
	}
	for _, r := range []string{"fixed", "gone", "archived", "control disabled", "duplicate", "handled", "false positive", "ended", ""} {
		out = append(out, with("closed "+r, func(c *Case) {
			c.State, c.Reason, c.ClosedAt, c.Proof = Closed, r, sampleDue, "read again: the bucket has a lifecycle rule"
		}))
	}
	for _, s := range []FixState{FixSuggested, FixWaiting, FixApplied, FixVerified, FixHeld, FixFailed, FixUndone} {
		out = append(out, with("fix "+string(s), func(c *Case) {
			c.Fix = &Fix{
				ID: "fx-31", Mode: "approve", State: s, Summary: "add a lifecycle rule to shop-images",
				Steps: []string{"PutBucketLifecycleConfiguration shop-images"}, Why: "the group is managed by Terraform",
			}
		}))
	}
	return out
}

// sampleOverflow are cases of several controls.
func sampleOverflow(lang string) []Case {
	var out []Case
	for i, x := range []struct {
		control, en, ja string
		severity        finding.Severity
		cases           int
	}{
		{"S3.8", "S3 general purpose buckets should block public access", "S3 汎用バケットはパブリックアクセスをブロックする必要があります", finding.High, 1},
		{"EC2.8", "EC2 instances should use IMDSv2", "EC2 インスタンスは IMDSv2 を使用する必要があります", finding.High, 12},
		{"S3.13", "S3 general purpose buckets need a lifecycle configuration", "S3 汎用バケットにはライフサイクル設定が必要です", finding.Low, 40},
		{"S3.9", "S3 general purpose buckets should have server access logging enabled", "S3 汎用バケットではサーバーアクセスログを有効にする必要があります", finding.Medium, 2},
	} {
		for n := range x.cases {
			c := sampleCase(lang)
			c.Key = c.Key[:3] + string(rune('a'+i)) + string(rune('a'+n/26)) + string(rune('a'+n%26))
			c.Control, c.Title, c.Severity, c.Due = x.control, x.en, x.severity, sampleDue.AddDate(0, 0, 7*i)
			if lang == "ja" {
				c.Title = x.ja
			}
			switch x.control {
			case "EC2.8":
				c.Overdue = n == 0
			case "S3.9":
				c.State, c.Reason, c.ClosedAt = Closed, "fixed", sampleDue
			}
			out = append(out, c)
		}
	}
	return out
}

func sampleMessages(lang string) []namedMessage {
	zone := time.FixedZone("JST", 9*60*60)
	base := Message{
		Key: "sample", Owner: "shop", Via: Slack, Target: "#shop-sec", Kind: Cases, Language: lang, Zone: zone,
		Control: Control{
			ID: "S3.13", Severity: finding.Low,
			TitleEN:     "S3 general purpose buckets need a lifecycle configuration",
			TitleJA:     "S3 汎用バケットにはライフサイクル設定が必要です",
			Remediation: "https://docs.aws.amazon.com/console/securityhub/S3.13/remediation",
		},
		Mention: []string{"U012AB3CD"},
		Cases:   []Case{sampleCase(lang)},
	}
	group := base
	group.Cases = nil
	for i, c := range sampleCases(lang) {
		c.Key += string(rune('a' + i))
		group.Cases = append(group.Cases, c.Case)
	}
	many := base
	many.Cases = nil
	for i := range 153 {
		c := sampleCase(lang)
		c.Key += string(rune('a'+i/26)) + string(rune('a'+i%26))
		many.Cases = append(many.Cases, c)
	}
	digest := group
	digest.Kind, digest.Control = Digest, Control{}
	reminder, escalation := digest, digest
	reminder.Kind, escalation.Kind = Reminder, Escalation
	overflow := digest
	ending := digest
	ending.Kind, ending.Cases, ending.Exceptions = Ending, nil, sampleEndings(lang)
	overflow.Kind, overflow.Cases = Overflow, sampleOverflow(lang)
	shared := digest
	shared.Via, shared.Owner, shared.Mention, shared.Cases = Email, "shop,web", nil, nil
	for i, c := range sampleCases(lang)[:4] {
		c.Key += string(rune('a' + i))
		c.Owner = []string{"shop", "web"}[i%2]
		shared.Cases = append(shared.Cases, c.Case)
	}
	pressed := base
	pressed.Interactive = true
	pressedGroup := group
	pressedGroup.Interactive = true
	notice := group
	notice.Kind = Notice
	imported := base
	imported.Kind, imported.Control, imported.Cases = ImportSummary, Control{}, nil
	imported.Import = &Import{
		Accounts: []Account{{ID: "111122223333", Name: "shop-prod"}, {ID: "444455556666"}}, Total: 1234,
		Severities: []SeverityCount{{finding.Critical, 2}, {finding.High, 30}, {finding.Medium, 402}, {finding.Low, 800}},
		Controls: []ControlCount{
			{"S3.13", sampleCase(lang).Title, finding.Low, 640},
			{"EC2.19", "", finding.Critical, 2},
		},
		MoreAccounts: 48, MoreControls: 31, DueFrom: sampleDue, DueTo: sampleDue.AddDate(0, 2, 29), AtOnce: 2,
	}
	quiet := imported
	quiet.Import = &Import{Total: 1, Severities: []SeverityCount{{finding.Low, 1}}}
	return append([]namedMessage{{"one case", base}, {"group", group}, {"large group", many}, {"digest", digest}, {"reminder", reminder}, {"escalation", escalation}, {"overflow", overflow}, {"ending", ending}, {"digest of two owners", shared},
		{"one case, with buttons", pressed}, {"group, with buttons", pressedGroup}, {"notice", notice}, {"first import", imported}, {"first import of one", quiet}}, sampleWishes(lang, base)...)
}
