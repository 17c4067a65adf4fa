package fake

import (
	"net/http"
	"regexp"
	"sort"
	"strings"
	"time"
)

// Account is one AWS account of the twin.
type Account struct {
	// ID has twelve digits.
	ID string
	// Name and Email are what Organizations shows.
	Name, Email string
	// Tags are the account's tags in Organizations.
	Tags map[string]string
	// OU is the path of organizational units below the root ("Workloads/Prod").
	OU string
	// Trail says that the account has a trail of management events: only then
	// does EventBridge deliver "AWS API Call via CloudTrail". LookupEvents works
	// in any case, as in AWS.
	Trail bool
}

// Keys are credentials of the twin. SessionToken is empty for a user's keys.
type Keys struct {
	AccessKeyID, SecretAccessKey, SessionToken string
}

// Role is an IAM role that can be assumed with STS AssumeRole.
type Role struct {
	// ARN names the role and its account.
	ARN string
	// ExternalID, where set, must be sent by whoever assumes the role.
	ExternalID string
	// Trusts lists account ids that may assume the role; empty means any.
	Trusts []string
	// Refuses makes AssumeRole answer AccessDenied.
	Refuses bool
	// Allow lists what its sessions may call, as "service:Operation" with a
	// trailing * as in "ec2:Describe*" (API operation names, not IAM actions);
	// empty means everything.
	Allow []string
	// Deny goes before Allow.
	Deny []string
}

// Principal is who makes a call.
type Principal struct {
	// Type is IAMUser, AssumedRole or Root, as in CloudTrail's userIdentity.
	Type    string
	Account string
	// ARN is what GetCallerIdentity answers.
	ARN string
	// ID is the unique id (AIDA…, AROA…:session).
	ID string
	// Session is the role session name, empty for a user.
	Session string
	// RoleARN is the role behind a session.
	RoleARN string
}

// key is a row of the table of access keys.
type key struct {
	Keys
	who     Principal
	expires time.Time // zero: never
	issued  time.Time
}

// AddAccount adds an account, or replaces what is known of it, and returns keys
// of an administrator in it.
func (c *Cloud) AddAccount(a Account) Keys {
	var k Keys
	c.locked(func() {
		c.addAccount(a)
		k = c.addUser(a.ID, "admin")
	})
	return k
}

func (c *Cloud) addAccount(a Account) *account {
	if a.Name == "" {
		a.Name = "account-" + a.ID
	}
	if a.Email == "" {
		a.Email = a.Name + "@example.com"
	}
	if have := c.accounts[a.ID]; have != nil {
		have.Account = a
		return have
	}
	added := &account{Account: a, regions: map[string]*region{}}
	c.accounts[a.ID] = added
	return added
}

// AddUser returns keys of an IAM user of the account.
func (c *Cloud) AddUser(accountID, name string) Keys {
	var k Keys
	c.locked(func() { k = c.addUser(accountID, name) })
	return k
}

func (c *Cloud) addUser(accountID, name string) Keys {
	if c.accounts[accountID] == nil {
		c.addAccount(Account{ID: accountID})
	}
	k := Keys{AccessKeyID: "AKIA" + c.upper(16), SecretAccessKey: c.hex(40)}
	c.keys[k.AccessKeyID] = key{Keys: k, issued: c.now(), who: Principal{
		Type: "IAMUser", Account: accountID, ARN: c.arn("iam", "", accountID, "user/"+name), ID: "AIDA" + c.upper(17),
	}}
	return k
}

// SetKey makes a known access key id belong to the account's user, so that a
// process started beforehand with fixed credentials is recognised.
func (c *Cloud) SetKey(accessKeyID, accountID, user string) {
	c.locked(func() {
		if c.accounts[accountID] == nil {
			c.addAccount(Account{ID: accountID})
		}
		c.keys[accessKeyID] = key{Keys: Keys{AccessKeyID: accessKeyID}, issued: c.now(), who: Principal{
			Type: "IAMUser", Account: accountID, ARN: c.arn("iam", "", accountID, "user/"+user), ID: "AIDA" + c.upper(17),
		}}
	})
}

// PutRole adds or replaces a role. Sessions that exist follow the new rules.
func (c *Cloud) PutRole(r Role) {
	c.locked(func() { c.roles[r.ARN] = &r })
}

// Accounts lists the ids of the accounts, sorted.
func (c *Cloud) Accounts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accountIDs()
}

func (c *Cloud) accountIDs() []string {
	ids := make([]string, 0, len(c.accounts))
	for id := range c.accounts {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

// allows says whether the role's sessions may call the action.
func (r *Role) allows(action string) bool {
	for _, p := range r.Deny {
		if actionMatches(p, action) {
			return false
		}
	}
	if len(r.Allow) == 0 {
		return true
	}
	for _, p := range r.Allow {
		if actionMatches(p, action) {
			return true
		}
	}
	return false
}

func actionMatches(pattern, action string) bool {
	pattern, action = strings.ToLower(pattern), strings.ToLower(action)
	if before, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(action, before)
	}
	return pattern == action
}

// scope is the credential scope of a SigV4 header:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
type scope struct{ accessKeyID, date, region, service string }

var scopePattern = regexp.MustCompile(`Credential=([^/,\s]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request`)

func readScope(r *http.Request) (scope, bool) {
	m := scopePattern.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return scope{}, false
	}
	return scope{accessKeyID: m[1], date: m[2], region: m[3], service: m[4]}, true
}
