package config

import (
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"zesei/internal/config/document"
)

var (
	languages   = []string{"ja", "en"}
	personRoles = []string{"approver", "operator", "auditor"}
	trackers    = []string{"github", "jira", "backlog", "redmine", "servicenow", "http"}
	operations  = []string{"create", "get", "update", "comment", "close", "reopen", "find"}
	severities  = []string{"CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"}
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// check finds what is wrong with the meaning of a file that could be read.
func (c *Config) check() {
	c.checkStore()
	c.zone = c.timezone("timezone", c.Timezone)
	c.oneOf("language", c.Language, languages)
	c.checkIntake()
	for i, r := range c.Accounts {
		c.checkAccount(fmt.Sprintf("accounts[%d]", i), r)
	}
	c.checkOwners()
	c.checkPeople()
	c.checkNotify()
	c.checkTrackers()
	for i, s := range c.Schedules {
		c.checkSchedule(fmt.Sprintf("schedules[%d]", i), s)
	}
	c.checkNotYet()
}

// checkNotYet refuses what the format knows and this version does not do: a key
// that is read and does nothing would be believed.
func (c *Config) checkNotYet() {
	refuse := func(path string, set bool) {
		if set {
			c.wrong(path, "this version does not do that yet", "the key left out", "")
		}
	}
	for _, name := range sortedKeys(c.Owners) {
		if len(c.Owners[name].Email) > 0 && c.Notify.Email == nil {
			c.wrong("owners."+name+".email", "nothing sends mail", "notify.email beside it", "add notify.email, or leave the addresses out")
		}
	}
	refuse("retention.raw", !c.Retention.Raw.IsZero())
	refuse("retention.closed", !c.Retention.Closed.IsZero() && c.Audit.Bucket == "")
}

func (c *Config) wrong(path, message, expected, hint string) {
	c.doc.Wrong(path, Problem{Message: message, Expected: expected, Hint: hint})
}

func (c *Config) oneOf(path, word string, allowed []string) {
	if word == "" || slices.Contains(allowed, word) {
		return
	}
	c.wrong(path, fmt.Sprintf("%q is not allowed here", word), document.OneOf(allowed), document.DidYouMean(word, allowed))
}

// named wants a name that is configured elsewhere in the file.
func (c *Config) named(path, what, name string, known []string) {
	if name == "" || slices.Contains(known, name) {
		return
	}
	if len(known) == 0 {
		section := map[string]string{"owner": "owners", "person": "people", "tracker": "ticket"}[what]
		c.wrong(path, fmt.Sprintf("no %s is configured, so %q is none", what, name), "", "add "+name+" under "+section+":, or remove it here")
		return
	}
	c.wrong(path, fmt.Sprintf("no %s %q is configured", what, name), document.OneOf(known), document.DidYouMean(name, known))
}

func (c *Config) timezone(path, name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		c.wrong(path, fmt.Sprintf("there is no time zone %q", name), "an IANA name such as Asia/Tokyo or UTC", "")
		return time.UTC
	}
	return zone
}

func (c *Config) checkStore() {
	if c.Store == "" {
		return
	}
	scheme, rest, _ := strings.Cut(c.Store, ":")
	switch {
	case scheme == "postgres" || scheme == "postgresql": // the address may hold a password
		c.wrong("store", "this version keeps its store in SQLite only", "sqlite:FILE", "")
	case scheme != "sqlite" || rest == "":
		c.wrong("store", fmt.Sprintf("%q is no store", c.Store), "sqlite:FILE", "")
	}
}

func (c *Config) checkIntake() {
	if h := c.Intake.HTTP; h != nil && h.Listen != "" {
		if _, _, err := net.SplitHostPort(h.Listen); err != nil {
			c.wrong("intake.http.listen", fmt.Sprintf("%q is no address to listen on", h.Listen), "host:port, such as 127.0.0.1:8080", "")
		}
	}
	c.checkSenders()
	for i, q := range c.Intake.SQS {
		path := fmt.Sprintf("intake.sqs[%d]", i)
		if !queueARN.MatchString(q.Queue) {
			c.wrong(path+".queue", fmt.Sprintf("%q is no ARN of a queue", q.Queue), "arn:aws:sqs:REGION:ACCOUNT:NAME", "")
		}
		c.roleARN(path+".role", q.Role, "")
	}
	if s := c.Intake.SecurityHub; s != nil {
		c.checkProducts(s.Products)
		c.regions("intake.securityhub.regions", s.Regions)
		c.roleARN("intake.securityhub.role", s.Role, "")
	}
}

// checkSenders checks who may deliver over HTTP.
func (c *Config) checkSenders() {
	h := c.Intake.HTTP
	if h == nil {
		return
	}
	if h.Header != "" && !headerName.MatchString(h.Header) {
		c.wrong("intake.http.header", fmt.Sprintf("%q is no name of a header", h.Header), "a name such as X-Api-Key", "")
	}
	for i, t := range h.Topics {
		if !topicARN.MatchString(t) {
			c.wrong(c.item("intake.http.topics", i), fmt.Sprintf("%q is no ARN of a topic", t), "arn:aws:sns:REGION:ACCOUNT:NAME", "")
		}
	}
}

// checkProducts: GetFindings takes at most 20 values for one attribute.
func (c *Config) checkProducts(list []string) {
	const path = "intake.securityhub.products"
	if len(list) > 20 {
		c.wrong(path, fmt.Sprintf("%d products", len(list)), "at most 20", `write "*" to take all`)
	}
	if slices.Contains(list, AllProducts) && len(list) > 1 {
		c.wrong(path, `"*" takes all products`, "nothing beside it", "remove the others")
	}
	for i, p := range list {
		if strings.TrimSpace(p) == "" {
			c.wrong(c.item(path, i), "is empty", "a product's name such as Security Hub", "")
		}
	}
}

// channel checks a Slack channel. Without quotes YAML takes #name for a comment,
// and the value is nothing.
func (c *Config) channel(path, name string) {
	switch {
	case name == "" && c.doc.Has(path):
		c.wrong(path, "is empty", `a channel such as "#shop-sec"`, "put it in quotes: # begins a comment in YAML")
	case name != "" && !slackChannel.MatchString(name):
		c.wrong(path, fmt.Sprintf("%q is no Slack channel", name), `"#name" or an id such as C012AB3CD`, "")
	}
}

func (c *Config) address(path, a string) {
	if a == "" {
		return
	}
	if _, err := mail.ParseAddress(a); err != nil {
		c.wrong(path, fmt.Sprintf("%q is no mail address", a), "name@example.com", "")
	}
}

func (c *Config) url(path, s string) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		c.wrong(path, fmt.Sprintf("%q is no URL", s), "https://…", "")
	} else if u.User != nil {
		c.wrong(path, "the URL holds a password", "a URL without one", "name the secret in its own key, by reference")
	}
}

func (c *Config) checkOwners() {
	names := sortedKeys(c.Owners)
	var defaults []string
	people, ticket := sortedKeys(c.People), sortedKeys(c.Ticket)
	for _, name := range names {
		o, path := c.Owners[name], "owners."+name
		c.channel(path+".slack", o.Slack)
		for i, m := range o.Mention {
			c.named(c.item(path+".mention", i), "person", m, people)
		}
		if _, person := c.People[o.Escalate]; !person {
			c.channel(path+".escalate", o.Escalate)
		}
		for i, a := range o.Email {
			c.address(c.item(path+".email", i), a)
		}
		c.oneOf(path+".language", o.Language, languages)
		c.timezone(path+".timezone", o.Timezone)
		c.named(path+".ticket.in", "tracker", o.Ticket.In, ticket)
		if o.Default {
			defaults = append(defaults, name)
		}
	}
	switch {
	case len(names) > 0 && len(defaults) == 0:
		c.wrong("owners", "no owner is the default", "default: true on one owner", "cases whose owner is not known go there")
	case len(defaults) > 1:
		c.wrong("owners."+defaults[1]+".default", "two owners are the default: "+strings.Join(defaults, " and "), "default: true on one owner", "")
	}
	for i, from := range c.OwnerFrom {
		kind, key, tag := strings.Cut(from, ":")
		if from != "account" && from != "creator" && (!tag || kind != "tag" || key == "") {
			c.wrong(c.item("owner_from", i), fmt.Sprintf("%q is no place to look for an owner", from), "account, tag:KEY or creator", document.DidYouMean(from, []string{"account", "creator"}))
		}
	}
}

// item is the path of an entry of a list, or of the single word that stands for
// it.
func (c *Config) item(path string, i int) string {
	if at := fmt.Sprintf("%s[%d]", path, i); c.doc.Has(at) {
		return at
	}
	return path
}

func (c *Config) checkPeople() {
	owners := sortedKeys(c.Owners)
	bySlack, byEmail := map[string]string{}, map[string]string{}
	for _, name := range sortedKeys(c.People) {
		p, path := c.People[name], "people."+name
		c.address(path+".email", p.Email)
		if p.Slack != "" && !slackMember.MatchString(p.Slack) {
			c.wrong(path+".slack", fmt.Sprintf("%q is no Slack member id", p.Slack), "an id such as U012AB3CD", "in Slack: profile, ⋮, copy member ID")
		}
		for i, r := range p.Roles {
			c.oneOf(c.item(path+".roles", i), r, personRoles)
		}
		for i, o := range p.Owners {
			c.named(c.item(path+".owners", i), "owner", o, owners)
		}
		// A press of a button is looked up by the member, a creator by the address.
		c.once(path+".slack", p.Slack, name, bySlack)
		c.once(path+".email", strings.ToLower(p.Email), name, byEmail)
	}
}

func (c *Config) once(path, value, name string, seen map[string]string) {
	if value == "" {
		return
	}
	if other, taken := seen[value]; taken {
		c.wrong(path, fmt.Sprintf("%s has the same as %s", name, other), "a person's own", "")
	}
	seen[value] = name
}

func (c *Config) checkNotify() {
	n := c.Notify
	if n.Slack != nil {
		c.url("notify.slack.api_url", n.Slack.APIURL)
		if !n.Slack.Token.IsSet() {
			c.required("notify.slack", "token")
		}
		c.checkAnswers(n.Slack)
	}
	if n.Webhook != nil {
		c.url("notify.webhook.url", n.Webhook.URL)
		if n.Webhook.URL == "" {
			c.required("notify.webhook", "url")
		}
	}
	if e := n.Email; e != nil {
		c.address("notify.email.from", e.From)
		c.oneOf("notify.email.tls", e.TLS, []string{"starttls", "implicit", "none"})
		if e.From == "" {
			c.required("notify.email", "from")
		}
		if (e.SMTP == "") == (e.SES == "") {
			c.wrong("notify.email", "mail goes by SMTP or by SES", "either smtp: host:port or ses: REGION", "")
		}
		if e.SES != "" {
			c.regions("notify.email.ses", []string{e.SES})
		}
		if _, _, err := net.SplitHostPort(e.SMTP); e.SMTP != "" && err != nil {
			c.wrong("notify.email.smtp", fmt.Sprintf("%q is no server", e.SMTP), "host:port", "")
		}
	}
	if n.SNS != nil && !topicARN.MatchString(n.SNS.Topic) {
		c.wrong("notify.sns.topic", fmt.Sprintf("%q is no ARN of a topic", n.SNS.Topic), "arn:aws:sns:REGION:ACCOUNT:NAME", "")
	}
	if n.PagerDuty != nil {
		c.url("notify.pagerduty.url", n.PagerDuty.URL)
		if !n.PagerDuty.RoutingKey.IsSet() {
			c.required("notify.pagerduty", "routing_key")
		}
	}
	if r := n.ReportFailures; r != "" {
		c.oneOf("notify.report_failures", r, []string{"slack", "webhook", "email", "sns", "pagerduty"})
		if !c.doc.Has("notify." + r) {
			c.wrong("notify.report_failures", "no channel "+r+" is configured", "", "add notify."+r)
		}
		if o, known := c.Owners[c.DefaultOwner()]; r == "slack" && known && o.Slack == "" || r == "email" && known && len(o.Email) == 0 {
			c.wrong("notify.report_failures", "the default owner has no "+r, "a channel by which the default owner is told", "add "+r+" to owners."+c.DefaultOwner())
		}
	}
}

func (c *Config) required(path, key string) {
	if c.doc.Has(path + "." + key) {
		return // what is wrong with it was told
	}
	c.wrong(path, key+" is missing", "", "add "+key)
}

func (c *Config) checkTrackers() {
	for _, name := range sortedKeys(c.Ticket) {
		t, path := c.Ticket[name], "ticket."+name
		if t.Kind == "" && !slices.Contains(trackers, name) {
			c.wrong(path, fmt.Sprintf("%q is no kind of tracker", name), document.OneOf(trackers), "add kind to give the tracker a name of its own")
		}
		c.oneOf(path+".kind", t.Kind, trackers)
		c.url(path+".url", t.URL)
		for _, severity := range sortedKeys(t.Priorities) {
			c.oneOf(path+".priorities."+severity, severity, severities)
		}
		for _, op := range sortedKeys(t.Operations) {
			c.oneOf(path+".operations."+op, op, operations)
		}
	}
}

func (c *Config) checkSchedule(path string, s Schedule) {
	if s.Cron == "" {
		c.required(path, "cron")
	} else if _, err := cron.ParseStandard(s.Cron); err != nil {
		c.wrong(path+".cron", fmt.Sprintf("%q is no cron expression: %v", s.Cron, err), `minute hour day month weekday, such as "0 9 * * MON"`, "")
	}
	if strings.HasPrefix(s.Cron, "TZ=") || strings.HasPrefix(s.Cron, "CRON_TZ=") {
		c.wrong(path+".cron", "the zone stands in a key of its own", "", "use timezone")
	}
	if s.Do == "" {
		c.required(path, "do")
	}
	c.oneOf(path+".do", s.Do, []string{"findings", "summary", "score"})
	c.oneOf(path+".language", s.Language, languages)
	c.oneOf(path+".empty", s.Empty, []string{"skip", "send"})
	c.timezone(path+".timezone", s.Timezone)
	if s.Owner != EachOwner {
		c.named(path+".owner", "owner", s.Owner, sortedKeys(c.Owners))
	} else if s.Slack != "" || len(s.Email) > 0 {
		c.wrong(path, `owner "*" tells each owner in its own channel`, "neither slack nor email beside it", "make a second schedule for the others")
	}
	c.channel(path+".slack", s.Slack)
	for i, a := range s.Email {
		c.address(c.item(path+".email", i), a)
	}
	if s.Do != "findings" && len(s.Controls) > 0 {
		c.wrong(path, "controls belong to do: findings", "", "remove them")
	}
}
