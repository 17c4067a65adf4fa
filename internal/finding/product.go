package finding

import "strings"

// product is who speaks, read from a ProductArn.
//
// AWS itself guards ProductArn: BatchImportFindings accepts only the caller's
// own default product and products that the account subscribed to, so that
// …::product/aws/securityhub in an event of AWS's is Security Hub.
type product struct {
	arn       string // canonical; of Security Hub V2's productv2/… the same as V1's
	partition string
	region    string
	company   string
	name      string
}

// parseProduct reads arn:{partition}:securityhub:{region}::product/{company}/{name}
// and its forms with an account (product/{account}/default) and of Security Hub
// V2 (productv2/…). The same finding has one source whichever format brings it,
// so productv2 becomes product.
func parseProduct(s string) (p product, ok bool) {
	a, ok := parseARN(s)
	if !ok || a.service != "securityhub" {
		return p, false
	}
	kind, rest, _ := strings.Cut(a.resource, "/")
	if kind != "product" && kind != "productv2" {
		return p, false
	}
	company, name, ok := strings.Cut(rest, "/")
	if !ok || company == "" || name == "" {
		return p, false
	}
	if a.account != "" && isAccount(company) && a.account != company {
		return p, false
	}
	a.resource = "product/" + rest
	p = product{arn: a.String(), partition: a.partition, region: a.region, company: strings.ToLower(company), name: strings.ToLower(name)}
	if a.account != "" && p.company == "aws" {
		return product{}, false // AWS's products belong to no account
	}
	return p, true
}

// isSecurityHub says whether this is Security Hub's own checks, the only
// product that speaks for a Security Hub control.
func (p product) isSecurityHub() bool { return p.company == "aws" && p.name == "securityhub" }

func (p product) isAWS() bool { return p.company == "aws" }

// word is what stands before the generator in the name of the product's
// controls: guardduty for product/aws/guardduty, prowler for
// product/prowler/prowler, default for an account's own, otherwise company and
// name.
func (p product) word() string {
	switch {
	case p.isAWS():
		return p.name
	case p.name == "default":
		return "default"
	case p.company == p.name, p.company == "":
		return thirdParty(p.name)
	}
	return p.company + "-" + p.name
}

// thirdParty keeps a product that is not AWS's from taking the name of one
// that is.
func thirdParty(name string) string {
	switch name {
	case "securityhub", "guardduty", "inspector", "macie", "config", "health", "access-analyzer",
		"firewall-manager", "detective", "default", "zesei", "baseline":
		return "other-" + name
	}
	return name
}

// foreignControl names what a product other than Security Hub checks:
// <product>/<generator>, the generator without the product's own name before
// it (Prowler's prowler-s3_bucket_public_access) and, of an ARN, the resource.
func (p product) foreignControl(generator string) string {
	generator = generatorName(generator)
	word := p.word()
	for _, head := range [...]string{word, p.name} {
		if rest, ok := cutFold(generator, head); ok && len(rest) > 1 && strings.IndexByte("-_/.: ", rest[0]) >= 0 {
			generator = rest[1:]
			break
		}
	}
	return word + "/" + clean(generator, 256)
}

func generatorName(generator string) string {
	if a, ok := parseARN(generator); ok {
		return a.resource
	}
	return generator
}

func cutFold(s, head string) (rest string, ok bool) {
	if head == "" || len(s) < len(head) || !strings.EqualFold(s[:len(head)], head) {
		return s, false
	}
	return s[len(head):], true
}

// incidentName says what an incident of an AWS product is about. GuardDuty and
// Macie state a type of their own as the last part of a finding type, with '-'
// for '/' in ASFF ("TTPs/…/DefenseEvasion:EC2-UnusualDNSResolver"; "ASFF: Types"
// and "GuardDuty finding types"). Others have the generator, unless it names no
// more than the product, and then the last part of the type.
func (p product) incidentName(types []string, generator string) string {
	last := ""
	for _, t := range types {
		full := t
		if i := strings.LastIndexByte(t, '/'); i >= 0 && !strings.Contains(t[:i], ":") {
			t = t[i+1:]
		}
		if purpose, rest, ok := strings.Cut(t, ":"); ok && purpose != "" && rest != "" {
			if !strings.Contains(rest, "/") {
				rest = strings.Replace(rest, "-", "/", 1)
			}
			return purpose + ":" + rest
		}
		if resource, name, ok := strings.Cut(t, "-"); ok && p.name == "guardduty" && resource != "" && name != "" {
			// "TTPs/Initial Access/IAMUser-AnomalousBehavior": the purpose is
			// the category, whose name differs for one of them.
			purpose := strings.ReplaceAll(full[strings.IndexByte(full, '/')+1:max(len(full)-len(t)-1, 0)], " ", "")
			if purpose == "DataExfiltration" {
				purpose = "Exfiltration"
			}
			if purpose != "" && !strings.Contains(purpose, "/") {
				return purpose + ":" + resource + "/" + name
			}
		}
		if last == "" && full != "" {
			last = t
		}
	}
	if generator != "" && !strings.HasPrefix(generator, "arn:") && !strings.Contains(strings.ToLower(generator), p.name) {
		return generator
	}
	if last != "" {
		return last
	}
	return generatorName(generator)
}
