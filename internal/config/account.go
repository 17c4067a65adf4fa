package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"zesei/internal/config/document"
)

// AccountID is an AWS account id: 12 digits, as text. Written without quotes it
// is a number to YAML, and one with a leading zero may lose it on its way
// through other tools, so that form is refused.
type AccountID string

// ReadValue reads the id.
func (a *AccountID) ReadValue(v document.Value) {
	// The reader keeps some unquoted ids as text (012345678901 is no octal number);
	// other readers of YAML do not.
	if v.Kind() == document.Number || v.TextOffset() == 0 && accountID.MatchString(v.Raw()) {
		v.Wrong("an account id is text, and this is a number to YAML", "12 digits in quotes", fmt.Sprintf("write %q", pad(v.Raw())))
		return
	}
	s, ok := v.String()
	if !ok {
		return
	}
	if !accountID.MatchString(s) {
		v.Wrong(fmt.Sprintf("%q is no account id", s), "12 digits in quotes", "")
		return
	}
	*a = AccountID(s)
}

// pad guesses the id that was meant by a number.
func pad(digits string) string {
	digits = strings.ReplaceAll(digits, "_", "")
	if len(digits) < 12 && strings.Trim(digits, "0123456789") == "" {
		return strings.Repeat("0", 12-len(digits)) + digits
	}
	return digits
}

// JSONSchema says what it looks like.
func (AccountID) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: accountID.String()}
}

var (
	accountID    = regexp.MustCompile(`^[0-9]{12}$`)
	roleARN      = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):iam::([0-9]{12}|\{id\}):role/[\w+=,.@/{}-]+$`)
	queueARN     = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):sqs:[a-z0-9-]+:[0-9]{12}:[\w-]+(\.fifo)?$`)
	topicARN     = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):sns:[a-z0-9-]+:[0-9]{12}:[\w-]+(\.fifo)?$`)
	region       = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]+)+-[0-9]$`)
	slackChannel = regexp.MustCompile(`^(#[^\s,#]+|[CGD][A-Z0-9]{6,})$`)
	headerName   = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
	slackMember  = regexp.MustCompile(`^[UW][A-Z0-9]{6,}$`)
)

// commonRegions are for hints only: a Region that is not here may exist.
var commonRegions = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-west-3",
	"eu-central-1", "eu-north-1", "eu-south-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1",
	"ap-southeast-2", "ap-south-1", "ap-east-1", "me-south-1", "af-south-1", "cn-north-1", "us-gov-west-1",
}

func (c *Config) regions(path string, list []string) {
	for i, r := range list {
		if !region.MatchString(r) {
			c.wrong(c.item(path, i), fmt.Sprintf("%q is no Region", r), "a Region such as ap-northeast-1", document.DidYouMean(r, commonRegions))
		}
	}
}

// roleARN checks a role and, where account is given, that it is of that account.
func (c *Config) roleARN(path, arn, account string) {
	if arn == "" {
		return
	}
	m := roleARN.FindStringSubmatch(arn)
	switch {
	case m == nil:
		c.wrong(path, fmt.Sprintf("%q is no ARN of a role", arn), "arn:aws:iam::ACCOUNT:role/NAME", "")
	case account != "" && m[2] != "{id}" && m[2] != account:
		c.wrong(path, "the role is of account "+m[2]+", the row of "+account, "a role of that account", "")
	}
}

var (
	fromKinds = []string{"organizations", "csv", "yaml", "dynamodb"}
	iacNames  = []string{"terraform", "cloudformation", "none", "unknown"}
	columns   = []string{"id", "name", "owner", "environment", "ou", "iac"}
)

// Source is where a row `from:` takes accounts from.
type Source struct {
	Kind string // organizations, csv, yaml, dynamodb
	Name string // the file or table; empty for organizations
}

// Source is the row's source; ok is false for a row of one account.
func (r AccountRow) Source() (s Source, ok bool) {
	if r.From == "" {
		return Source{}, false
	}
	kind, name, _ := strings.Cut(r.From, ":")
	return Source{kind, name}, true
}

func (c *Config) checkAccount(path string, r AccountRow) {
	if r.From == "" {
		if r.ID == "" {
			c.required(path, "id")
		}
		c.checkOneAccount(path, r)
	} else {
		c.checkSource(path, r)
	}
	c.oneOf(path+".iac", r.IaC, iacNames)
	c.regions(path+".regions", r.Regions)
}

func (c *Config) checkOneAccount(path string, r AccountRow) {
	c.roleARN(path+".roles.read", r.Roles.Read, string(r.ID))
	c.roleARN(path+".roles.write", r.Roles.Write, string(r.ID))
	if len(c.Owners) > 0 && !c.isFrom(r.Owner) {
		c.named(path+".owner", "owner", r.Owner, sortedKeys(c.Owners))
	}
	for key, value := range map[string]string{"owner": r.Owner, "environment": r.Environment} {
		if c.isFrom(value) {
			c.wrong(path+"."+key, fmt.Sprintf("%q belongs to a row with from", value), "the value itself", "")
		}
	}
	for _, key := range []string{"columns", "cache", "role"} {
		if c.doc.Has(path + "." + key) {
			c.wrong(path+"."+key, "belongs to a row with from", "", "remove it")
		}
	}
}

func (c *Config) isFrom(value string) bool {
	return strings.HasPrefix(value, "tag:") || strings.HasPrefix(value, "column:")
}

func (c *Config) checkSource(path string, r AccountRow) {
	s, _ := r.Source()
	if !slices.Contains(fromKinds, s.Kind) || (s.Name == "") != (s.Kind == "organizations") {
		c.wrong(path+".from", fmt.Sprintf("%q is no source of accounts", r.From), "organizations, csv:FILE, yaml:FILE or dynamodb:TABLE", document.DidYouMean(s.Kind, fromKinds))
	}
	if c.doc.Has(path + ".id") {
		c.wrong(path+".id", "a row has an id or from, not both", "", "make two rows: the first that knows a field gives it")
	}
	for key, arn := range map[string]string{"read": r.Roles.Read, "write": r.Roles.Write} {
		at := path + ".roles." + key
		c.roleARN(at, arn, "")
		if m := roleARN.FindStringSubmatch(arn); m != nil && m[2] != "{id}" {
			c.wrong(at, "every account of this row would use a role of account "+m[2], "arn:aws:iam::{id}:role/NAME", "")
		}
	}
	c.roleARN(path+".role", r.Role, "")
	if len(c.Owners) > 0 && !c.isFrom(r.Owner) {
		c.named(path+".owner", "owner", r.Owner, sortedKeys(c.Owners))
	}
	for _, key := range sortedKeys(r.Columns) {
		c.oneOf(path+".columns."+key, key, columns)
	}
}
