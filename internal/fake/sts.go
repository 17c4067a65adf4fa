package fake

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func stsService() *service {
	return &service{
		name: "sts", source: "sts.amazonaws.com", protocol: queryProtocol{"https://sts.amazonaws.com/doc/2011-06-15/"},
		denied:    refusal{"AccessDenied", http.StatusForbidden},
		throttled: refusal{"Throttling", http.StatusBadRequest},
		operations: map[string]operation{
			"GetCallerIdentity": read(getCallerIdentity),
			"AssumeRole":        write(assumeRole),
		},
	}
}

func getCallerIdentity(c *call) (any, error) {
	return struct {
		Arn, UserId, Account string
	}{c.who.ARN, c.who.ID, c.who.Account}, nil
}

var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// assumeRole refuses an absent role just as it refuses one without permission:
// STS does not tell the two apart.
func assumeRole(c *call) (any, error) {
	arn, session := c.form.Get("RoleArn"), c.form.Get("RoleSessionName")
	if !sessionName.MatchString(session) {
		return nil, fail(http.StatusBadRequest, "ValidationError", "1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*", session)
	}
	seconds := 3600
	if s := c.form.Get("DurationSeconds"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 900 || n > 43200 {
			return nil, fail(http.StatusBadRequest, "ValidationError", "1 validation error detected: Value '%s' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200", s)
		}
		seconds = n
	}
	role := c.cloud.roles[arn]
	if role == nil || role.Refuses || role.ExternalID != "" && role.ExternalID != c.form.Get("ExternalId") || !trusts(role, c.who.Account) {
		return nil, fail(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.who.ARN, arn)
	}
	parts := strings.SplitN(arn, ":", 6)
	account := parts[4]
	roleName := arn[strings.LastIndexByte(arn, '/')+1:]
	if c.cloud.accounts[account] == nil {
		c.cloud.addAccount(Account{ID: account})
	}
	who := Principal{
		Type: "AssumedRole", Account: account, Session: session, RoleARN: arn,
		ARN: c.cloud.arn("sts", "", account, "assumed-role/"+roleName+"/"+session),
		ID:  "AROA" + c.cloud.upper(17) + ":" + session,
	}
	keys := Keys{AccessKeyID: "ASIA" + c.cloud.upper(16), SecretAccessKey: c.cloud.hex(40), SessionToken: c.cloud.hex(120)}
	expires := c.now().Add(time.Duration(seconds) * time.Second).Truncate(time.Second)
	c.cloud.keys[keys.AccessKeyID] = key{Keys: keys, who: who, expires: expires, issued: c.now()}
	c.resources = append(c.resources, trailResource{Type: "AWS::IAM::Role", Name: arn})
	type credentials struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
	type assumedUser struct{ AssumedRoleId, Arn string }
	return struct {
		Credentials     credentials
		AssumedRoleUser assumedUser
	}{
		credentials{keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken, expires.Format(time.RFC3339)},
		assumedUser{who.ID, who.ARN},
	}, nil
}

func trusts(r *Role, account string) bool {
	if len(r.Trusts) == 0 {
		return true
	}
	for _, t := range r.Trusts {
		if t == account {
			return true
		}
	}
	return false
}
