package config

import (
	"time"

	"zesei/internal/calendar"
	"zesei/internal/config/document"
)

// Config is zesei.yaml. It is not changed after Load.
type Config struct {
	Store           string             `yaml:"store" jsonschema_description:"sqlite:FILE; default sqlite:./zesei.db"`
	Timezone        string             `yaml:"timezone" jsonschema_description:"IANA name; default UTC"`
	Language        string             `yaml:"language" jsonschema:"enum=ja,enum=en" jsonschema_description:"default en"`
	Intake          Intake             `yaml:"intake"`
	Accounts        []AccountRow       `yaml:"accounts" jsonschema_description:"the first row that knows a field of an account gives it"`
	Owners          map[string]Owner   `yaml:"owners" jsonschema_description:"teams answerable for accounts and resources"`
	OwnerFrom       []string           `yaml:"owner_from" jsonschema_description:"where a resource's owner is looked for, in order: account, tag:KEY, creator; default account, tag:owner, tag:Owner"`
	People          map[string]Person  `yaml:"people"`
	Policy          string             `yaml:"policy" jsonschema_description:"policy file; default policy.yaml beside this file where it exists"`
	Detect          Detect             `yaml:"detect"`
	Notify          Notify             `yaml:"notify"`
	Ticket          map[string]Tracker `yaml:"ticket" jsonschema_description:"trackers by name; the name is also its kind where kind is not given"`
	TicketTemplates string             `yaml:"ticket_templates" jsonschema_description:"folder of ticket templates that replace the built-in ones: en/title.tmpl, ja/body.tmpl, …"`
	Schedules       []Schedule         `yaml:"schedules"`
	Retention       Retention          `yaml:"retention"`
	Audit           Audit              `yaml:"audit"`

	file    string // as given to Load; "" for Default
	zone    *time.Location
	doc     *document.Doc
	sources *sources
}

// Intake is where findings and events come from.
type Intake struct {
	HTTP        *HTTPIntake        `yaml:"http"`
	SQS         []QueueIntake      `yaml:"sqs"`
	SecurityHub *SecurityHubIntake `yaml:"securityhub"`
}

// HTTPIntake takes events over HTTP.
type HTTPIntake struct {
	Listen string `yaml:"listen" jsonschema_description:"address and port, e.g. 127.0.0.1:8080"`
	Secret Secret `yaml:"secret" jsonschema_description:"shared secret that a sender must show"`
	// Header names where the secret is looked for; `Authorization: Bearer` works too.
	Header string   `yaml:"header" jsonschema_description:"header that carries the secret; default X-Api-Key"`
	Topics []string `yaml:"topics" jsonschema_description:"ARNs of the SNS topics that may deliver; their subscriptions are confirmed, all others refused"`
}

// QueueIntake takes events from a queue.
type QueueIntake struct {
	Queue string `yaml:"queue" jsonschema:"required" jsonschema_description:"ARN of the queue"`
	Role  string `yaml:"role" jsonschema_description:"ARN of the role to read it with"`
}

// SecurityHubIntake polls Security Hub.
type SecurityHubIntake struct {
	Every   calendar.Span `yaml:"every" jsonschema_description:"default 15m"`
	Regions []string      `yaml:"regions" jsonschema_description:"Regions to ask; default the aggregation Region, else the caller's own"`
	Role    string        `yaml:"role" jsonschema_description:"ARN of a role in the account that sees all findings"`
	// Products are ProductName as findings carry it; AllProducts takes every one.
	Products []string `yaml:"products" jsonschema_description:"ProductName of the findings to take; default Security Hub and GuardDuty; \"*\" takes all"`
}

// AllProducts in SecurityHubIntake.Products takes the findings of every product.
const AllProducts = "*"

// AccountRow is what one row says of one account, or, with from, of all accounts
// that a source lists.
type AccountRow struct {
	ID          AccountID         `yaml:"id" jsonschema_description:"12 digits in quotes"`
	From        string            `yaml:"from" jsonschema_description:"organizations, csv:FILE, yaml:FILE or dynamodb:TABLE"`
	Name        string            `yaml:"name"`
	Owner       string            `yaml:"owner" jsonschema_description:"an owner; with from also tag:KEY or column:NAME"`
	Environment string            `yaml:"environment" jsonschema_description:"with from also tag:KEY or column:NAME"`
	OU          string            `yaml:"ou" jsonschema_description:"organizational unit, as a path of names"`
	Tags        map[string]string `yaml:"tags"`
	Roles       Roles             `yaml:"roles" jsonschema_description:"{id} stands for the account's id"`
	ExternalID  string            `yaml:"external_id"`
	IaC         string            `yaml:"iac" jsonschema:"enum=terraform,enum=cloudformation,enum=none,enum=unknown"`
	Regions     []string          `yaml:"regions"`
	Columns     map[string]string `yaml:"columns" jsonschema_description:"with from: which column gives id, name, owner, environment, ou, iac"`
	Cache       calendar.Span     `yaml:"cache" jsonschema_description:"with from: how long what was fetched is good; default 1 hour"`
	Role        string            `yaml:"role" jsonschema_description:"with from: ARN of the role to fetch with"`
}

// Roles are the ARNs of the roles for reading and changing an account.
type Roles struct {
	Read  string `yaml:"read"`
	Write string `yaml:"write"`
}

// Owner is a team.
type Owner struct {
	Slack    string    `yaml:"slack" jsonschema_description:"channel, in quotes: \"#shop-sec\" or its id"`
	Mention  []string  `yaml:"mention" jsonschema_description:"people"`
	Escalate string    `yaml:"escalate" jsonschema_description:"channel or person told after a deadline has passed"`
	Email    []string  `yaml:"email"`
	Teams    Secret    `yaml:"teams" jsonschema_description:"URL of a Teams workflow"`
	Language string    `yaml:"language" jsonschema:"enum=ja,enum=en"`
	Timezone string    `yaml:"timezone"`
	Ticket   OwnTicket `yaml:"ticket"`
	Aliases  []string  `yaml:"aliases" jsonschema_description:"other values by which tags and tables name this owner"`
	Default  bool      `yaml:"default" jsonschema_description:"gets what no owner is known for"`
}

// OwnTicket says where an owner's tickets go.
type OwnTicket struct {
	In       string            `yaml:"in" jsonschema_description:"a tracker of ticket"`
	Project  string            `yaml:"project"`
	Assignee string            `yaml:"assignee" jsonschema_description:"a person, or a name of the tracker's own"`
	Fields   map[string]string `yaml:"fields"`
}

// Person is somebody who is told or who decides.
type Person struct {
	Email  string            `yaml:"email"`
	Slack  string            `yaml:"slack" jsonschema_description:"member id, e.g. U012AB3CD"`
	Roles  []string          `yaml:"roles" jsonschema_description:"approver (fixes and exceptions), operator (acts on cases), auditor (reads everything)"`
	Owners []string          `yaml:"owners" jsonschema_description:"teams that the person belongs to"`
	Logins map[string]string `yaml:"logins" jsonschema_description:"names in trackers, by tracker"`
}

// Detect says which detection rules are on.
type Detect struct {
	Packs []string `yaml:"packs" jsonschema_description:"names of packs, or files"`
}

// Notify is how people are told. An owner says where.
type Notify struct {
	Slack     *Slack     `yaml:"slack"`
	Webhook   *Webhook   `yaml:"webhook"`
	Email     *Email     `yaml:"email"`
	SNS       *SNS       `yaml:"sns"`
	PagerDuty *PagerDuty `yaml:"pagerduty"`
	Templates string     `yaml:"templates" jsonschema_description:"folder of message templates that replace the built-in ones"`
	// ReportFailures names the channel that is told when another fails.
	ReportFailures string `yaml:"report_failures" jsonschema:"enum=slack,enum=webhook,enum=email,enum=sns,enum=pagerduty" jsonschema_description:"how the default owner is told when a channel or a scheduled report fails; default the first other of its channels, never pagerduty"`
}

// Slack is a Slack app.
type Slack struct {
	Token         Secret `yaml:"token" jsonschema_description:"bot token (xoxb-…)"`
	SigningSecret Secret `yaml:"signing_secret" jsonschema_description:"for buttons and mentions over HTTP (/slack/interactivity and /slack/events beside intake.http)"`
	AppToken      Secret `yaml:"app_token" jsonschema_description:"for buttons and mentions over Socket Mode (xapp-…)"`
	APIURL        string `yaml:"api_url" jsonschema_description:"default https://slack.com/api/"`
	Team          string `yaml:"team" jsonschema_description:"id of the workspace (T…) whose members may press and write; others are refused"`
}

// Webhook is an HTTP endpoint that gets every message, signed.
type Webhook struct {
	URL    string `yaml:"url" jsonschema:"required"`
	Secret Secret `yaml:"secret" jsonschema_description:"key of the HMAC"`
}

// Email sends mail by SMTP, or by SES where ses is given.
type Email struct {
	From     string `yaml:"from" jsonschema:"required"`
	SMTP     string `yaml:"smtp" jsonschema_description:"host:port"`
	User     string `yaml:"user"`
	Password Secret `yaml:"password"`
	TLS      string `yaml:"tls" jsonschema:"enum=starttls,enum=implicit,enum=none" jsonschema_description:"default starttls"`
	SES      string `yaml:"ses" jsonschema_description:"Region of SES"`
}

// SNS publishes to a topic.
type SNS struct {
	Topic string `yaml:"topic" jsonschema:"required"`
}

// PagerDuty sends what the policy marks urgent.
type PagerDuty struct {
	RoutingKey Secret `yaml:"routing_key"`
	URL        string `yaml:"url"`
}

// Tracker is where tickets live.
type Tracker struct {
	Kind       string               `yaml:"kind" jsonschema:"enum=github,enum=jira,enum=backlog,enum=redmine,enum=servicenow,enum=http"`
	URL        string               `yaml:"url"`
	Token      Secret               `yaml:"token"`
	User       string               `yaml:"user"`
	Password   Secret               `yaml:"password"`
	Project    string               `yaml:"project" jsonschema_description:"where the owner names none"`
	Type       string               `yaml:"type" jsonschema_description:"issue type or tracker"`
	Priorities map[string]string    `yaml:"priorities" jsonschema_description:"by severity"`
	Fields     map[string]string    `yaml:"fields" jsonschema_description:"templates by field"`
	Closed     []string             `yaml:"closed" jsonschema_description:"names of states that mean closed"`
	ClosedAs   map[string]string    `yaml:"closed_as" jsonschema_description:"what the tracker is told by the reason (accepted, suppressed, fixed, over, gone, false_positive, moved, duplicate): a state, resolution or code"`
	Operations map[string]Operation `yaml:"operations" jsonschema_description:"kind http: create, get, update, comment, close, reopen, find"`
	Command    []string             `yaml:"command" jsonschema_description:"kind http: a program that speaks JSON on stdin and stdout instead"`
}

// Operation is one call of an in-house tracker.
type Operation struct {
	Method  string            `yaml:"method"`
	URL     string            `yaml:"url"`
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body" jsonschema_description:"template"`
	Read    map[string]string `yaml:"read" jsonschema_description:"paths in the answer to key, state and assignee"`
}

// EachOwner in Schedule.Owner gives each owner its own report.
const EachOwner = "*"

// Schedule is something done at set times.
type Schedule struct {
	Cron     string   `yaml:"cron" jsonschema:"required" jsonschema_description:"minute hour day month weekday, in timezone"`
	Do       string   `yaml:"do" jsonschema:"required,enum=findings,enum=summary,enum=score"`
	Timezone string   `yaml:"timezone" jsonschema_description:"of the times; default the configuration's"`
	Language string   `yaml:"language" jsonschema:"enum=ja,enum=en" jsonschema_description:"default the owner's, else the configuration's"`
	Controls []string `yaml:"controls" jsonschema_description:"do: findings only; default all"`
	Owner    string   `yaml:"owner" jsonschema_description:"an owner; \"*\" gives each owner its own, where that owner is told; default all together"`
	CSV      bool     `yaml:"csv" jsonschema_description:"with a file: the list, the numbers of the summary, or the score of each control"`
	Slack    string   `yaml:"slack" jsonschema_description:"channel; without slack and email the owner, else the default owner, is told"`
	Email    []string `yaml:"email" jsonschema_description:"addresses, each with a mail of its own"`
	Empty    string   `yaml:"empty" jsonschema:"enum=skip,enum=send" jsonschema_description:"what to do when there is nothing to tell; default send"`
}

// Retention says how long things are kept. The audit chain is always kept.
type Retention struct {
	Raw    calendar.Span `yaml:"raw" jsonschema_description:"documents as received; default 90 days"`
	Closed calendar.Span `yaml:"closed" jsonschema_description:"details of closed cases; default 400 days"`
	Dead   calendar.Span `yaml:"dead" jsonschema_description:"input that could not be read; default 30 days"`
}

// Audit says how the daily checkpoint over the audit chains is kept.
type Audit struct {
	SigningKey Secret `yaml:"signing_key" jsonschema_description:"Ed25519 private key, PKCS #8 PEM"`
	Bucket     string `yaml:"bucket" jsonschema_description:"S3 bucket with Object Lock for checkpoints"`
}
