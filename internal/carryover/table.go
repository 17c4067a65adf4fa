package carryover

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"zesei/internal/calendar"
	"zesei/internal/control"
)

// names are the columns that are recognised, in small letters without spaces,
// _ and -.
var names = map[string]string{
	"control": "control", "controlid": "control", "securitycontrolid": "control", "コントロール": "control", "コントロールid": "control",
	"do": "do", "response": "do", "policy": "do", "action": "do", "対応方針": "do", "方針": "do",
	"class": "class", "category": "class", "分類": "class", "カテゴリ": "class",
	"severity": "severity", "重要度": "severity", "standard": "standard", "standardid": "standard", "standardsarn": "standard", "基準": "standard", "セキュリティ基準": "standard",
	"due": "due", "deadline": "due", "期限": "due", "reason": "reason", "理由": "reason", "備考": "reason",
	"id": "id", "accountid": "id", "awsaccountid": "id", "account": "id", "アカウントid": "id",
	"name": "name", "accountname": "name", "アカウント名": "name",
	"owner": "owner", "team": "owner", "担当": "owner", "担当者": "owner", "チーム": "owner", "担当チーム": "owner", "部署": "owner",
	"environment": "environment", "env": "environment", "環境": "environment", "ou": "ou", "iac": "iac",
	"slack": "slack", "slackchannel": "slack", "channel": "slack", "slackチャンネル": "slack",
	"email": "email", "mail": "email", "mailaddress": "email", "メール": "email", "メールアドレス": "email",
	"title": "ignored", "タイトル": "ignored", "コントロール名": "ignored", "controltitle": "ignored",
}

func (r *Reader) field(column string) string {
	for field, name := range r.Columns {
		if name == column {
			return field
		}
	}
	return names[strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(column))]
}

// responses and classes are what people write for ours.
var responses = map[string]string{
	"是正まで追跡": "track", "追跡": "track", "track": "track", "track until fixed": "track",
	"通知のみ": "notify", "通知": "notify", "notify": "notify", "notify only": "notify",
	"対応しない": "suppress", "抑制": "suppress", "抑制済み": "suppress", "suppress": "suppress", "suppressed": "suppress", "do nothing": "suppress", "none": "suppress", "ignore": "suppress",
	"無効化": "disable", "disable": "disable", "disabled": "disable",
}

var classes = map[string]string{
	"必須サービス": "essential", "必須": "essential", "essential": "essential", "可用性確保": "availability", "可用性": "availability", "availability": "availability",
	"ロギング": "logging", "ログ": "logging", "logging": "logging", "通信中の暗号化": "encryption-in-transit", "encryption-in-transit": "encryption-in-transit", "encryption in transit": "encryption-in-transit",
	"保管時の暗号化": "encryption-at-rest", "encryption-at-rest": "encryption-at-rest", "encryption at rest": "encryption-at-rest", "その他": "other", "other": "other",
	"使用なし": unused, "未使用": unused, "unused": unused, "not used": unused,
}

const unused = "unused"

var severities = []string{"CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"}

// values are the fields of a row; a column that is not known is told once.
func (r *Reader) values(source string, rows []object, known ...string) []map[string]any {
	known = append(known, "ignored")
	for _, c := range columnsOf(rows) {
		if f := r.field(c); !slices.Contains(known, f) {
			r.Result.leave(source, "column "+c, "it has no place in the files here")
		}
	}
	out := make([]map[string]any, len(rows))
	for i, row := range rows {
		out[i] = map[string]any{}
		for _, c := range columnsOf([]object{row}) {
			if f := r.field(c); f != "" && out[i][f] == nil {
				out[i][f] = row[c]
			}
		}
	}
	return out
}

// policyTable reads a row a control, or a row a control and standard.
func (r *Reader) policyTable(source string, rows []object) error {
	if len(rows) == 0 {
		return fmt.Errorf("%s: the table is empty", source)
	}
	for i, v := range r.values(source, rows, "control", "do", "class", "severity", "standard", "due", "reason") {
		r.policyRow(source, fmt.Sprintf("row %d", i+1), v)
	}
	return nil
}

func (r *Reader) policyRow(source, item string, v map[string]any) {
	c, ok := r.Catalogue.Lookup(text(v["control"]))
	if !ok {
		r.Result.leave(source, item, "no control %q is known", text(v["control"]))
		return
	}
	item += " (" + c.ID + ")"
	o := Override{Reason: text(v["reason"])}
	if s := text(v["do"]); s != "" {
		if o.Do = responses[strings.ToLower(s)]; o.Do == "" {
			r.Result.leave(source, item, "%q is no response that is known", s)
			return
		}
	}
	if s := text(v["class"]); s != "" {
		if o.Class = classes[strings.ToLower(s)]; o.Class == "" {
			r.Result.leave(source, item, "class %q is not known; the catalogue's stays", s)
		}
	}
	if o.Class == unused {
		o.Class = ""
		r.Result.Unused = append(r.Result.Unused, c.ID)
	}
	// In such a table the severity is AWS's, copied: only another one is a wish.
	if s := strings.ToUpper(text(v["severity"])); s != "" && s != c.Severity {
		if slices.Contains(severities, s) {
			o.Severity = s
		} else {
			r.Result.leave(source, item, "severity %q is not known", s)
		}
	}
	if s := text(v["due"]); s != "" && o.Do == "track" {
		if span, err := calendar.ParseSpan(days(s)); err == nil {
			o.Due = span.String()
		} else {
			r.Result.leave(source, item, "the deadline %q is no span of time", s)
		}
	}
	if s := text(v["standard"]); s != "" && o.Do != "" {
		r.standardRow(source, item, s, c, o)
		return
	}
	if was, twice := r.Result.Controls[c.ID]; twice && was != o {
		r.Result.leave(source, item, "an earlier row says something else of the control; that one is kept")
		return
	}
	if o != (Override{}) {
		r.Result.Controls[c.ID] = o
	}
}

// standardRow adds a row that is about one standard to the rule of its standard
// and response. Class and severity are the control's, whatever the standard.
func (r *Reader) standardRow(source, item, standard string, c *control.Control, o Override) {
	id, ok := standardNamed(standard)
	if !ok {
		r.Result.leave(source, item, "no standard %q is known", standard)
		return
	}
	if o.Due != "" {
		r.Result.leave(source, item, "the deadline of a rule for one standard (%s) is not carried over; deadlines: by severity hold", o.Due)
	}
	if o.Class != "" || o.Severity != "" {
		was := r.Result.Controls[c.ID]
		was.Class, was.Severity = o.Class, o.Severity
		r.Result.Controls[c.ID] = was
	}
	for i, x := range r.Result.Responses {
		if len(x.Standards) == 1 && x.Standards[0] == id && x.Do == o.Do && x.Reason == o.Reason && x.From == source {
			if !slices.Contains(x.Controls, c.ID) {
				r.Result.Responses[i].Controls = append(x.Controls, c.ID)
			}
			return
		}
	}
	r.Result.Responses = append(r.Result.Responses, Response{Controls: []string{c.ID}, Standards: []string{id}, Do: o.Do, Reason: o.Reason, From: source})
}

// standardNamed reads our id, an ARN or a title.
func standardNamed(s string) (string, bool) {
	if is, ok := control.StandardByID(s); ok {
		return is.ID, true
	}
	if id, ok := control.StandardByARN(s); ok {
		return id, true
	}
	for _, is := range control.Standards() {
		if strings.EqualFold(is.Title.EN, s) || is.Title.JA == s {
			return is.ID, true
		}
	}
	return "", false
}

// days makes a number alone a number of days.
func days(s string) string {
	if strings.Trim(s, "0123456789") == "" {
		return s + " days"
	}
	return s
}

// mostZeros is how many leading zeros an account id may have lost by being kept as
// a number. An id that lacks more is rather another number.
const mostZeros = 4

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

func (r *Reader) accountTable(source string, rows []object) error {
	if len(rows) == 0 {
		return fmt.Errorf("%s: the table is empty", source)
	}
	for i, v := range r.values(source, rows, "id", "name", "owner", "environment", "ou", "iac", "slack", "email") {
		item := fmt.Sprintf("row %d", i+1)
		id := text(v["id"])
		if n := len(id); n >= 12-mostZeros && n < 12 && strings.Trim(id, "0123456789") == "" {
			id = strings.Repeat("0", 12-n) + id // kept as a number
		}
		if !accountID.MatchString(id) {
			r.Result.leave(source, item, "%q is no account id (12 digits)", text(v["id"]))
			continue
		}
		if slices.ContainsFunc(r.Result.Accounts, func(a Account) bool { return a.ID == id }) {
			r.Result.leave(source, item, "account %s stands there already; the first row is kept", id)
			continue
		}
		a := Account{ID: id, Name: text(v["name"]), Owner: text(v["owner"]), Environment: text(v["environment"]), OU: text(v["ou"]), IaC: strings.ToLower(text(v["iac"]))}
		if a.IaC != "" && !slices.Contains([]string{"terraform", "cloudformation", "none", "unknown"}, a.IaC) {
			r.Result.leave(source, item, "iac %q is not known: terraform, cloudformation, none or unknown", a.IaC)
			a.IaC = ""
		}
		r.Result.Accounts = append(r.Result.Accounts, a)
		r.owner(source, item, a.Owner, v)
	}
	return nil
}

func (r *Reader) owner(source, item, name string, v map[string]any) {
	slack, email := text(v["slack"]), texts(v["email"])
	if name == "" {
		if slack != "" || len(email) > 0 {
			r.Result.leave(source, item, "it has a channel or an address but names no owner")
		}
		return
	}
	o := r.Result.Owners[name]
	if slack != "" && !strings.HasPrefix(slack, "#") && !regexp.MustCompile(`^[CG][A-Z0-9]{6,}$`).MatchString(slack) {
		slack = "#" + slack
	}
	switch {
	case o.Slack == "":
		o.Slack = slack
	case slack != "" && slack != o.Slack:
		r.Result.leave(source, item, "owner %s has another channel already (%s, not %s)", name, o.Slack, slack)
	}
	for _, e := range email {
		switch {
		case !strings.Contains(e, "@"):
			r.Result.leave(source, item, "%q is no mail address", e)
		case !slices.Contains(o.Email, e):
			o.Email = append(o.Email, e)
		}
	}
	r.Result.Owners[name] = o
}
