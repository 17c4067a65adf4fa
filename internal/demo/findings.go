package demo

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"zesei/internal/control"
	"zesei/internal/fake"
)

// reported is one finding that Security Hub made up from company.yaml.
type reported struct {
	account account
	fake.Evaluation
}

// report fills Security Hub with what stands in the company today: findings of
// many controls, groups and buckets as they are, and one finding a standard where
// an account has not consolidated its findings. It returns the evaluations that a
// later report may change.
func (w *world) report(cat *control.Catalogue, rec *recorder, now time.Time, random *rand.Rand) ([]reported, error) {
	c := w.company
	var all []reported
	for _, a := range c.members() {
		for _, r := range c.Resources {
			for _, id := range r.Controls {
				for _, name := range r.Names {
					status := "PASSED"
					if random.Float64() < r.Fails {
						status = "FAILED"
					}
					if slices.Contains(a.Legacy, id) {
						continue // reported once a standard below
					}
					one := reported{a, fake.Evaluation{Control: id, ResourceType: r.Kind, ResourceID: c.arn(r.ARN, a, name), Status: status}}
					w.aws.Evaluate(a.ID, c.Region, one.Evaluation)
					all = append(all, one)
				}
			}
		}
		w.buckets(a)
		for _, g := range w.aws.SecurityGroups(a.ID, c.Region) {
			if g.Name == "default" { // EC2 opens it to itself and to everything outbound
				w.aws.Evaluate(a.ID, c.Region, fake.Evaluation{Control: "EC2.2", ResourceType: "AwsEc2SecurityGroup", ResourceID: w.groupARN(a, g.ID), Status: "FAILED"})
				continue
			}
			rec.group(a.ID, g.ID)
		}
		if err := w.legacy(cat, a, now); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (w *world) buckets(a account) {
	for _, b := range w.company.Buckets {
		arn := "arn:aws:s3:::" + w.bucket(a, b)
		for id, failed := range map[string]bool{"S3.5": true, "S3.8": w.open(a, b), "S3.9": true} {
			status := "PASSED"
			if failed {
				status = "FAILED"
			}
			w.aws.Evaluate(a.ID, w.company.Region, fake.Evaluation{Control: id, ResourceType: "AwsS3Bucket", ResourceID: arn, Status: status})
		}
	}
}

// legacy reports controls as Security Hub does while consolidated control
// findings are off: each standard makes a finding of its own, under its own id.
func (w *world) legacy(cat *control.Catalogue, a account, now time.Time) error {
	c := w.company
	for _, id := range a.Legacy {
		def, ok := cat.Lookup(id)
		if !ok {
			return fmt.Errorf("the demo's company names %s, which is no control", id)
		}
		i := slices.IndexFunc(c.Resources, func(r resource) bool { return slices.Contains(r.Controls, id) })
		kind, arn := "AwsCloudTrailTrail", c.arn("arn:aws:cloudtrail:{region}:{account}:trail/org", a, "")
		if i >= 0 {
			kind, arn = c.Resources[i].Kind, c.arn(c.Resources[i].ARN, a, c.Resources[i].Names[0])
		}
		for n, generator := range def.LegacyGeneratorIDs {
			if strings.HasPrefix(generator, "service-managed") {
				continue
			}
			path := generator[strings.LastIndexByte(generator, ':')+1:]
			path = strings.Replace(strings.TrimPrefix(path, "ruleset/"), "/rule/", "/", 1)
			standard := path[:strings.LastIndexByte(path, '/')]
			fields := map[string]string{"StandardsArn": "arn:aws:securityhub:::standards/" + standard, "aws/securityhub/ProductName": "Security Hub"}
			if strings.Contains(generator, "ruleset/") {
				fields["StandardsGuideArn"] = "arn:aws:securityhub:::ruleset/" + standard
				delete(fields, "StandardsArn")
			}
			at := now.UTC().Format(time.RFC3339)
			raw, err := json.Marshal(map[string]any{
				"SchemaVersion": "2018-10-08", "AwsAccountId": a.ID, "Region": c.Region, "GeneratorId": generator,
				"Id":         fmt.Sprintf("arn:aws:securityhub:%s:%s:subscription/%s/finding/00000000-0000-4000-8000-%012d", c.Region, a.ID, path, n+1),
				"ProductArn": "arn:aws:securityhub:" + c.Region + "::product/aws/securityhub", "ProductName": "Security Hub", "CompanyName": "AWS",
				"Title": path[strings.LastIndexByte(path, '/')+1:] + " " + def.Title.EN, "Description": def.Title.EN,
				"Types":     []string{"Software and Configuration Checks/Industry and Regulatory Standards/" + standard},
				"CreatedAt": at, "UpdatedAt": at, "FirstObservedAt": at, "LastObservedAt": at,
				"Severity": map[string]any{"Label": def.Severity}, "Compliance": map[string]any{"Status": "FAILED"}, "ProductFields": fields,
				"Resources": []any{map[string]any{"Type": kind, "Id": arn, "Partition": "aws", "Region": c.Region}},
			})
			if err != nil {
				return err
			}
			if err := w.aws.PutFinding(a.ID, c.Region, raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// happen lets a detective service report an incident. n tells several of one
// kind apart.
func (w *world) happen(i incident, n int, now time.Time) error {
	c := w.company
	a := c.account(i.Account)
	at := now.UTC().Format(time.RFC3339)
	raw, err := json.Marshal(map[string]any{
		"SchemaVersion": "2018-10-08", "AwsAccountId": a.ID, "Region": c.Region,
		"GeneratorId": fmt.Sprintf("arn:aws:%s:%s:%s:detector/12abc34d567e8fa901bc2d34e56789f0", i.Product, c.Region, a.ID),
		"Id":          fmt.Sprintf("arn:aws:%s:%s:%s:detector/12abc34d567e8fa901bc2d34e56789f0/finding/%032x", i.Product, c.Region, a.ID, n),
		"ProductArn":  "arn:aws:securityhub:" + c.Region + "::product/aws/" + i.Product, "ProductName": "GuardDuty", "CompanyName": "Amazon",
		"Title": i.Title, "Description": i.Title, "Types": []string{i.Type}, "CreatedAt": at, "UpdatedAt": at, "FirstObservedAt": at, "LastObservedAt": at,
		"Severity":  map[string]any{"Label": i.Severity},
		"Resources": []any{map[string]any{"Type": i.Kind, "Id": c.arn(i.ARN, a, ""), "Partition": "aws", "Region": c.Region}},
	})
	if err != nil {
		return err
	}
	return w.aws.PutFinding(a.ID, c.Region, raw)
}

// forgery is an event in which an account that administers nothing speaks for
// another's.
func (w *world) forgery(now time.Time) ([]byte, error) {
	c := w.company
	a := c.account("shop-prod")
	at := now.UTC().Format(time.RFC3339)
	return json.Marshal(map[string]any{
		"version": "0", "id": "00000000-0000-4000-8000-00000000f04d", "detail-type": "Security Hub Findings - Imported", "source": "aws.securityhub",
		"account": "999988887777", "time": at, "region": c.Region, "resources": []string{},
		"detail": map[string]any{"findings": []any{map[string]any{
			"SchemaVersion": "2018-10-08", "AwsAccountId": a.ID, "Region": c.Region, "GeneratorId": "security-control/EC2.19",
			"Id":         "arn:aws:securityhub:" + c.Region + ":" + a.ID + ":security-control/EC2.19/finding/00000000-0000-4000-8000-00000000f04d",
			"ProductArn": "arn:aws:securityhub:" + c.Region + "::product/aws/securityhub", "Title": "forged", "Description": "forged",
			"CreatedAt": at, "UpdatedAt": at, "Compliance": map[string]any{"Status": "PASSED", "SecurityControlId": "EC2.19"}, "Severity": map[string]any{"Label": "INFORMATIONAL"},
			"Resources": []any{map[string]any{"Type": "AwsEc2SecurityGroup", "Id": w.groupARN(a, w.groups["shop-prod/batch"]), "Partition": "aws", "Region": c.Region}},
		}}},
	})
}
