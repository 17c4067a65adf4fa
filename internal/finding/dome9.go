package finding

import (
	"strings"

	"github.com/go-json-experiment/json"
)

// dome9 is the part of a Dome9 (CloudGuard) compliance notification that is
// read: the body of the SNS message that its cloud bots get.
type dome9 struct {
	ReportTime string `json:"reportTime"`
	Status     string `json:"status"`
	Region     string `json:"region"` // a display name, as Oregon
	Rule       struct {
		ID          string `json:"ruleId"`
		Name        string `json:"name"`
		Description string `json:"description"`
		Severity    string `json:"severity"`
	} `json:"rule"`
	Account struct {
		ID     string `json:"id"`
		Vendor string `json:"vendor"`
	} `json:"account"`
	Entity struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Name    string `json:"name"`
		Account string `json:"accountNumber"`
		Region  string `json:"region"` // as us_west_2
		Tags    []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"tags"`
	} `json:"entity"`
}

// dome9Types are the entity types of GSL, Dome9's rule language, that its bots
// act on.
var dome9Types = map[string]string{
	"SecurityGroup": "AWS::EC2::SecurityGroup", "Instance": "AWS::EC2::Instance", "VPC": "AWS::EC2::VPC",
	"Subnet": "AWS::EC2::Subnet", "NACL": "AWS::EC2::NetworkAcl", "NetworkInterface": "AWS::EC2::NetworkInterface",
	"Volume": "AWS::EC2::Volume", "EBS": "AWS::EC2::Volume", "AMI": "AWS::EC2::Image", "InternetGateway": "AWS::EC2::InternetGateway",
	"S3Bucket": "AWS::S3::Bucket", "CloudTrail": "AWS::CloudTrail::Trail", "KMS": "AWS::KMS::Key",
	"IamUser": "AWS::IAM::User", "IamRole": "AWS::IAM::Role", "IamGroup": "AWS::IAM::Group", "IamPolicy": "AWS::IAM::ManagedPolicy",
	"Iam": AccountType, "Region": AccountType,
	"RDS": "AWS::RDS::DBInstance", "Redshift": "AWS::Redshift::Cluster", "Lambda": "AWS::Lambda::Function",
	"ELB": "AWS::ElasticLoadBalancing::LoadBalancer", "ApplicationLoadBalancer": "AWS::ElasticLoadBalancingV2::LoadBalancer",
	"CloudFront": "AWS::CloudFront::Distribution", "SQS": "AWS::SQS::Queue", "SNS": "AWS::SNS::Topic", "Kinesis": "AWS::Kinesis::Stream",
}

// readDome9 reads one notification. Its control is dome9/<rule>. A message has
// no id of its own: rule, account and entity make one, so that every evaluation
// of the same rule on the same entity is one source. An entity without a Region
// (buckets have none there) counts as global.
func readDome9(raw []byte, c *claim) error {
	var m dome9
	if err := json.Unmarshal(raw, &m, lenient); err != nil {
		return err
	}
	check := m.Rule.ID
	if check == "" {
		check = m.Rule.Name
	}
	account := m.Account.ID
	if account == "" {
		account = m.Entity.Account
	}
	region := strings.ToLower(strings.ReplaceAll(m.Entity.Region, "_", "-"))
	if region == "" {
		region = "global"
	}
	kind := dome9Types[m.Entity.Type]
	if kind == "" {
		kind = m.Entity.Type
	}
	id := m.Entity.ID
	if id == "" {
		id = m.Entity.Name
	}
	*c = claim{
		id:      strings.Join([]string{"dome9", account, region, check, m.Entity.Type, id}, "/"),
		product: "dome9", check: check, account: account, region: region, regionless: region == "global",
		title: m.Rule.Name, description: m.Rule.Description, statusField: "status",
		resources: []thing{{kind: kind, id: id, region: region}},
	}
	switch {
	case !strings.EqualFold(m.Account.Vendor, "aws") && m.Account.Vendor != "":
		return wrong("account.vendor", "%q; expected AWS", clean(m.Account.Vendor, 32))
	case check == "":
		return wrong("rule.name", "missing; expected the rule's name")
	case id == "":
		return wrong("entity.id", "missing; expected the entity's id")
	case m.Entity.Account != "" && m.Entity.Account != account:
		return forged("entity.accountNumber", "account %s, but account.id says %s; refused as forged", clean(m.Entity.Account, 32), clean(account, 32))
	}
	switch strings.ToLower(m.Status) {
	case "failed":
		c.status = string(Failed)
	case "passed":
		c.status = string(Passed)
	default:
		return wrong("status", "%q; expected Failed or Passed", clean(m.Status, 32))
	}
	switch s := Severity(strings.ToUpper(m.Rule.Severity)); s {
	case Low, Medium, High, Critical, Informational:
		c.severity = s
	}
	for _, t := range m.Entity.Tags {
		if c.resources[0].tags == nil {
			c.resources[0].tags = make(map[string]string, len(m.Entity.Tags))
		}
		c.resources[0].tags[clean(t.Key, 256)] = clean(t.Value, 512)
	}
	at, err := asffTime("reportTime", m.ReportTime)
	if err != nil {
		return err
	}
	c.observed, c.updated = []moment{at}, at
	return nil
}
