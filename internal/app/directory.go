package app

import (
	"strings"
	"sync"
	"time"

	"zesei/internal/awscloud"
	"zesei/internal/config"
	"zesei/internal/notify/outbox"
	"zesei/internal/policy"
)

// Directory answers, from the configuration, whose an account is, how its owner
// is spoken to and how far we may go there. It is safe for concurrent use.
type Directory struct {
	config *config.Config
	own    string           // account of the caller's own credentials; "" where there are none
	files  []config.Fetched // rows of files

	mu       sync.RWMutex
	accounts *config.Directory
}

// newDirectory reads the rows of the configuration and of the files that it
// names. The error is config.Problems.
func newDirectory(c *config.Config) (*Directory, error) {
	fetched, err := c.FileAccounts()
	if err != nil {
		return nil, err
	}
	return &Directory{config: c, files: fetched, accounts: c.Directory(fetched...)}, nil
}

func (d *Directory) lookup(id string) (policy.Account, config.Access) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.accounts.Account(id)
}

// Account is what is known of an account. Without any configured account, the
// one that the caller's own credentials belong to is known.
func (d *Directory) Account(id string) policy.Account {
	a, _ := d.lookup(id)
	if !a.Known && len(d.config.Accounts) == 0 && id == d.own {
		a = policy.Account{ID: id, Known: true, IaC: "unknown"}
	}
	return a
}

// Accounts lists the accounts that are known.
func (d *Directory) Accounts() []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if list := d.accounts.Accounts(); len(list) > 0 || d.own == "" {
		return list
	}
	return []string{d.own}
}

// Owner names the owner of a resource of an account that somebody made ("" where
// nobody knows), and why.
func (d *Directory) Owner(account string, tags map[string]string, creator string) (string, string) {
	return d.config.OwnerOf(d.Account(account), policy.Resource{Tags: tags}, creator)
}

// Zone is the time zone of an owner's deadlines; nil where the owner has none of
// its own: the policy's then.
func (d *Directory) Zone(owner string) *time.Location {
	if d.config.Owners[owner].Timezone == "" {
		return nil
	}
	return d.config.OwnerZone(owner)
}

// Channels are where an owner is told.
func (d *Directory) Channels(owner string) []string {
	var out []string
	o, ok := d.config.Owners[owner]
	if !ok {
		owner = d.config.DefaultOwner()
		o = d.config.Owners[owner]
	}
	n := d.config.Notify
	if o.Slack != "" && n.Slack != nil {
		out = append(out, "slack:"+o.Slack)
	}
	if n.Webhook != nil {
		out = append(out, "webhook:webhook")
	}
	if len(o.Email) > 0 && n.Email != nil {
		out = append(out, "email:"+strings.Join(o.Email, ","))
	}
	if o.Teams.IsSet() {
		out = append(out, "teams:"+owner)
	}
	if n.SNS != nil {
		out = append(out, "sns:"+n.SNS.Topic)
	}
	if n.PagerDuty != nil {
		out = append(out, "pagerduty:pagerduty")
	}
	return out
}

// Above is where a breach is told to those above an owner: a channel, or the
// person of that name.
func (d *Directory) Above(owner string) []string {
	to, mail := d.config.Owners[owner].Escalate, ""
	if p, ok := d.config.People[to]; ok {
		to, mail = p.Slack, p.Email
	}
	var out []string
	if to != "" && d.config.Notify.Slack != nil {
		out = append(out, "slack:"+to)
	}
	if mail != "" && d.config.Notify.Email != nil {
		out = append(out, "email:"+mail)
	}
	return out
}

// Voice is how an owner is spoken to.
func (d *Directory) Voice(owner string) outbox.Voice {
	v := outbox.Voice{Language: d.config.OwnerLanguage(owner), Zone: d.config.OwnerZone(owner)}
	if v.Zone == nil {
		v.Zone = time.UTC
	}
	for _, name := range d.config.Owners[owner].Mention {
		if id := d.config.People[name].Slack; id != "" {
			v.Mention = append(v.Mention, id)
		}
	}
	return v
}

// roles are the ways into an account, for awscloud.
func (d *Directory) roles(id string) awscloud.Account {
	_, access := d.lookup(id)
	return awscloud.Account{ReadRole: access.ReadRole, WriteRole: access.WriteRole, ExternalID: access.ExternalID}
}

// reads says whether resources of an account can be read: through its role, or
// with the caller's own credentials where they are that account's.
func (d *Directory) reads(account string) bool {
	_, access := d.lookup(account)
	return access.ReadRole != "" || d.own != "" && account == d.own
}

// hub says where Security Hub is told of a finding: in the account that finds
// and sees all of them, else in the finding's own. Without a configuration it is
// told nothing.
func (d *Directory) hub(account, region string) (string, string, bool) {
	if d.config.File() == "" {
		return "", "", false
	}
	if admin := d.administrator(); admin != "" {
		account = admin
	}
	_, access := d.lookup(account)
	return account, region, access.WriteRole != "" || d.own != "" && account == d.own
}

// administrator is the account of the role that reads Security Hub, if one is
// configured.
func (d *Directory) administrator() string {
	if s := d.config.Intake.SecurityHub; s != nil {
		return accountOf(s.Role)
	}
	return ""
}

// Administers says whether events of one account may carry findings of another:
// the configured delegated administrator's, and those of an account whose queue
// is read.
func (d *Directory) Administers(envelope, _ string) bool {
	if envelope == d.administrator() {
		return true
	}
	for _, q := range d.config.Intake.SQS {
		if accountOf(q.Queue) == envelope {
			return true
		}
	}
	return false
}

func accountOf(arn string) string {
	if p := strings.SplitN(arn, ":", 6); len(p) == 6 {
		return p[4]
	}
	return ""
}

// AccountNamed is the id of the account that a person means: an id as it is, or
// the name of a configured account; empty where nothing matches.
func (a *App) AccountNamed(s string) string {
	if len(s) == 12 && strings.Trim(s, "0123456789") == "" {
		return s
	}
	for _, id := range a.Directory.Accounts() {
		if strings.EqualFold(a.Directory.Account(id).Name, s) {
			return id
		}
	}
	return ""
}
