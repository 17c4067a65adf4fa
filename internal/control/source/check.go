package source

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	severities = []string{"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}
	classes    = []string{"essential", "availability", "logging", "encryption-in-transit", "encryption-at-rest", "other"}
	scopes     = []string{"account", "account-region", "resource"}
	schedules  = []string{"change", "periodic", "change+periodic"}
	// standardIDs also fixes the order in which standards are rendered.
	standardIDs = []string{
		"fsbp", "cis-1.2", "cis-1.4", "cis-3.0", "cis-5.0", "pci-dss-3.2.1", "pci-dss-4.0.1",
		"nist-800-53-r5", "nist-800-171", "service-managed-ct", "resource-tagging",
	}

	idForm     = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*\.[1-9][0-9]*$`)
	typeForm   = regexp.MustCompile(`^AWS::([A-Za-z0-9]+::[A-Za-z0-9]+|::Account)$`)
	apiForm    = regexp.MustCompile(`^[a-z0-9-]+:[A-Z][A-Za-z0-9]*$`)
	remedyForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// check says what is wrong with one control, if anything.
func (c *Control) check() error {
	switch {
	case !idForm.MatchString(c.ID):
		return c.wrong("id", "%q is not a control id; write it as Security Hub spells it, such as S3.8", c.ID)
	case c.Title.EN == "":
		return c.wrong("title.en", "every control needs an English title")
	case c.Title.JA == "":
		return c.wrong("title.ja", "every control needs a Japanese title")
	case len(c.Resource) == 0:
		return c.wrong("resource", "name at least one CloudFormation type, or AWS::::Account")
	case len(c.Config) != 0 && len(c.Config) != len(c.Resource):
		return c.wrong("config", "%d types beside %d under resource; name one for each, in the same order", len(c.Config), len(c.Resource))
	case c.Remedy != "" && !remedyForm.MatchString(c.Remedy):
		return c.wrong("remedy", "%q is not a remedy's name", c.Remedy)
	case c.Retired != "" && c.Retiring != "":
		return c.wrong("retiring", "a control that is retired is not announced any more")
	case c.Retiring != "" && !isDate(c.Retiring):
		return c.wrong("retiring", "%q is not a date such as 2026-08-10", c.Retiring)
	case c.Retired != "" && c.Retired != "true" && !isDate(c.Retired):
		return c.wrong("retired", `%q is neither true nor a date such as 2026-06-05`, c.Retired)
	}
	for _, one := range []struct {
		field, value string
		allowed      []string
	}{
		{"severity", c.Severity, severities},
		{"class", c.Class, classes},
		{"scope", c.Scope, scopes},
		{"schedule", c.Schedule, schedules},
	} {
		if !slices.Contains(one.allowed, one.value) {
			return c.wrong(one.field, "%q is not one of %s", one.value, strings.Join(one.allowed, ", "))
		}
	}
	return c.checkLists()
}

func (c *Control) checkLists() error {
	for _, t := range slices.Concat(c.Resource, c.Config) {
		if !typeForm.MatchString(t) {
			return c.wrong("resource", "%q is not a type such as AWS::S3::Bucket", t)
		}
	}
	for _, a := range c.APIs {
		if !apiForm.MatchString(a) {
			return c.wrong("apis", "%q is not a call such as s3:PutBucketVersioning", a)
		}
	}
	for standard := range c.Standards {
		if !slices.Contains(standardIDs, standard) {
			return c.wrong("standards", "%q is not one of %s", standard, strings.Join(standardIDs, ", "))
		}
	}
	for standard, ids := range c.IDs {
		if !slices.Contains(standardIDs, standard) {
			return c.wrong("ids", "%q is not one of %s", standard, strings.Join(standardIDs, ", "))
		}
		if len(ids) == 0 || slices.Contains(ids, "") {
			return c.wrong("ids."+standard, "name at least one id, none of them empty")
		}
	}
	return nil
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// wrong is an error about one field of the control.
func (c *Control) wrong(field, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %s: %s", c.file, c.line, c.ID, field, fmt.Sprintf(format, args...))
}
