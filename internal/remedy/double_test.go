package remedy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"zesei/internal/awscloud"
	"zesei/internal/control"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

// double stands for one resource at AWS: it reads it live, changes it through
// the clients, and can be told to fail a call by its number (from 1).
type double struct {
	res     resource.Resource
	nextID  int
	sent    []string // operations that took effect, in order
	calls   int
	faults  map[int]fault
	stale   []resource.Resource // answered before the truth, one a read
	readErr []error             // answered before anything, one a read
	reads   int
	session string
	after   func(*double) // runs after every effect
	trail   []string
	s3      s3.ListObjectVersionsOutput
}

type fault string

const (
	throttled  fault = "throttled"
	denied     fault = "denied"
	noEffect   fault = "timed out before it took effect"
	lostAnswer fault = "took effect, answer lost"
)

func (d *double) groupRules() []live.SecurityGroupRule {
	rules, _ := d.res.Facts[live.FactRules].([]live.SecurityGroupRule)
	return rules
}

func (d *double) setRules(rules []live.SecurityGroupRule) {
	r := d.res
	r.Facts, r.Properties = map[string]any{}, map[string]any{}
	for k, v := range d.res.Facts {
		r.Facts[k] = v
	}
	for k, v := range d.res.Properties {
		r.Properties[k] = v
	}
	r.Facts[live.FactRules] = rules
	in, out := []any{}, []any{}
	for _, x := range rules {
		if x.Egress {
			out = append(out, x.Properties())
		} else {
			in = append(in, x.Properties())
		}
	}
	r.Properties["SecurityGroupIngress"], r.Properties["SecurityGroupEgress"] = in, out
	d.res = r
}

func doubleOf(r resource.Resource) *double {
	d := &double{res: r, faults: map[int]fault{}}
	if r.Type == live.SecurityGroup {
		d.setRules(d.groupRules())
	}
	return d
}

func (d *double) Read(context.Context, resource.Ref) (resource.Resource, error) {
	d.reads++
	if len(d.readErr) > 0 {
		err := d.readErr[0]
		d.readErr = d.readErr[1:]
		return resource.Resource{}, err
	}
	if len(d.stale) > 0 {
		r := d.stale[0]
		d.stale = d.stale[1:]
		return r, nil
	}
	return d.res, nil
}

func apiError(code string) error { return &smithy.GenericAPIError{Code: code, Message: code} }

// do is one call: the fault that is ordered for it, else its effect.
func (d *double) do(op string, effect func() error) error {
	d.calls++
	f := d.faults[d.calls]
	switch f {
	case throttled:
		return apiError("RequestLimitExceeded")
	case denied:
		return apiError("UnauthorizedOperation")
	case noEffect:
		return &awscloud.InDoubtError{Err: context.DeadlineExceeded}
	}
	if err := effect(); err != nil {
		return err
	}
	d.sent = append(d.sent, op)
	if d.after != nil {
		d.after(d)
	}
	if f == lostAnswer {
		return &awscloud.InDoubtError{Err: errors.New("connection reset")}
	}
	return nil
}

// authorize is all or nothing, as EC2's is.
func (d *double) authorize(egress bool, ps []types.IpPermission, tags []types.TagSpecification) error {
	rules := slices.Clone(d.groupRules())
	for _, p := range ps {
		r := live.SecurityGroupRule{GroupOf: d.res.ID, Egress: egress, Protocol: aws.ToString(p.IpProtocol), FromPort: p.FromPort, ToPort: p.ToPort}
		for _, x := range p.IpRanges {
			r.CIDRIPv4, r.Description = aws.ToString(x.CidrIp), aws.ToString(x.Description)
		}
		for _, x := range p.Ipv6Ranges {
			r.CIDRIPv6, r.Description = aws.ToString(x.CidrIpv6), aws.ToString(x.Description)
		}
		for _, x := range p.PrefixListIds {
			r.PrefixListID, r.Description = aws.ToString(x.PrefixListId), aws.ToString(x.Description)
		}
		for _, x := range p.UserIdGroupPairs {
			r.GroupID, r.GroupAccount, r.Description = aws.ToString(x.GroupId), aws.ToString(x.UserId), aws.ToString(x.Description)
		}
		for _, t := range tags {
			for _, kv := range t.Tags {
				if r.Tags == nil {
					r.Tags = map[string]string{}
				}
				r.Tags[aws.ToString(kv.Key)] = aws.ToString(kv.Value)
			}
		}
		if slices.ContainsFunc(rules, func(x live.SecurityGroupRule) bool { return specOf(x) == specOf(r) }) {
			return apiError("InvalidPermission.Duplicate")
		}
		d.nextID++
		r.ID = fmt.Sprintf("sgr-new-%d", d.nextID)
		rules = append(rules, r)
	}
	d.setRules(rules)
	return nil
}

func specOf(r live.SecurityGroupRule) string {
	from, to := int32(-1), int32(-1)
	if r.FromPort != nil && r.ToPort != nil && r.Protocol != "-1" {
		from, to = *r.FromPort, *r.ToPort
	}
	return fmt.Sprint(r.Egress, r.Protocol, from, to, r.CIDRIPv4, r.CIDRIPv6, r.PrefixListID, r.GroupID)
}

func (d *double) revoke(egress bool, ids []string, ps []types.IpPermission) error {
	if len(ps) > 0 || len(ids) == 0 {
		return apiError("InvalidParameterValue") // remedies revoke by rule id only
	}
	rules := slices.Clone(d.groupRules())
	for _, id := range ids {
		i := slices.IndexFunc(rules, func(r live.SecurityGroupRule) bool { return r.ID == id && r.Egress == egress })
		if i < 0 {
			return apiError("InvalidSecurityGroupRuleId.NotFound")
		}
		rules = slices.Delete(rules, i, i+1)
	}
	d.setRules(rules)
	return nil
}

func revokedOut(ids []string) (out []types.RevokedSecurityGroupRule) {
	for _, id := range ids {
		out = append(out, types.RevokedSecurityGroupRule{SecurityGroupRuleId: aws.String(id)})
	}
	return out
}

func (d *double) AuthorizeSecurityGroupIngress(_ context.Context, in *ec2.AuthorizeSecurityGroupIngressInput, _ ...func(*ec2.Options)) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
	err := d.do("authorize", func() error { return d.authorize(false, in.IpPermissions, in.TagSpecifications) })
	return &ec2.AuthorizeSecurityGroupIngressOutput{Return: aws.Bool(true)}, err
}

func (d *double) AuthorizeSecurityGroupEgress(_ context.Context, in *ec2.AuthorizeSecurityGroupEgressInput, _ ...func(*ec2.Options)) (*ec2.AuthorizeSecurityGroupEgressOutput, error) {
	err := d.do("authorize", func() error { return d.authorize(true, in.IpPermissions, in.TagSpecifications) })
	return &ec2.AuthorizeSecurityGroupEgressOutput{Return: aws.Bool(true)}, err
}

func (d *double) RevokeSecurityGroupIngress(_ context.Context, in *ec2.RevokeSecurityGroupIngressInput, _ ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupIngressOutput, error) {
	err := d.do("revoke", func() error { return d.revoke(false, in.SecurityGroupRuleIds, in.IpPermissions) })
	return &ec2.RevokeSecurityGroupIngressOutput{Return: aws.Bool(true), RevokedSecurityGroupRules: revokedOut(in.SecurityGroupRuleIds)}, err
}

func (d *double) RevokeSecurityGroupEgress(_ context.Context, in *ec2.RevokeSecurityGroupEgressInput, _ ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupEgressOutput, error) {
	err := d.do("revoke", func() error { return d.revoke(true, in.SecurityGroupRuleIds, in.IpPermissions) })
	return &ec2.RevokeSecurityGroupEgressOutput{Return: aws.Bool(true), RevokedSecurityGroupRules: revokedOut(in.SecurityGroupRuleIds)}, err
}

func (d *double) property(op, name string, value any) error {
	return d.do(op, func() error {
		if value == nil {
			delete(d.res.Properties, name)
		} else {
			d.res.Properties[name] = value
		}
		return nil
	})
}

func (d *double) PutBucketEncryption(_ context.Context, in *s3.PutBucketEncryptionInput, _ ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error) {
	by := in.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault
	set := map[string]any{"SSEAlgorithm": string(by.SSEAlgorithm)}
	if by.KMSMasterKeyID != nil {
		set["KMSMasterKeyID"] = *by.KMSMasterKeyID
	}
	return &s3.PutBucketEncryptionOutput{}, d.property("PutBucketEncryption", "BucketEncryption", map[string]any{"ServerSideEncryptionConfiguration": []any{map[string]any{"ServerSideEncryptionByDefault": set}}})
}

func (d *double) DeleteBucketEncryption(context.Context, *s3.DeleteBucketEncryptionInput, ...func(*s3.Options)) (*s3.DeleteBucketEncryptionOutput, error) {
	return &s3.DeleteBucketEncryptionOutput{}, d.property("DeleteBucketEncryption", "BucketEncryption", nil)
}

func (d *double) PutBucketVersioning(_ context.Context, in *s3.PutBucketVersioningInput, _ ...func(*s3.Options)) (*s3.PutBucketVersioningOutput, error) {
	return &s3.PutBucketVersioningOutput{}, d.property("PutBucketVersioning", "VersioningConfiguration", map[string]any{"Status": string(in.VersioningConfiguration.Status)})
}

func (d *double) PutPublicAccessBlock(_ context.Context, in *s3.PutPublicAccessBlockInput, _ ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error) {
	return &s3.PutPublicAccessBlockOutput{}, d.property("PutPublicAccessBlock", "PublicAccessBlockConfiguration", blockOf(in.PublicAccessBlockConfiguration))
}

func blockOf(c *s3types.PublicAccessBlockConfiguration) map[string]any {
	return map[string]any{"BlockPublicAcls": *c.BlockPublicAcls, "BlockPublicPolicy": *c.BlockPublicPolicy, "IgnorePublicAcls": *c.IgnorePublicAcls, "RestrictPublicBuckets": *c.RestrictPublicBuckets}
}

func (d *double) DeletePublicAccessBlock(context.Context, *s3.DeletePublicAccessBlockInput, ...func(*s3.Options)) (*s3.DeletePublicAccessBlockOutput, error) {
	return &s3.DeletePublicAccessBlockOutput{}, d.property("DeletePublicAccessBlock", "PublicAccessBlockConfiguration", nil)
}

func (d *double) ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	return &d.s3, nil
}

func (d *double) LookupEvents(_ context.Context, in *cloudtrail.LookupEventsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error) {
	out := &cloudtrail.LookupEventsOutput{}
	if aws.ToString(in.LookupAttributes[0].AttributeValue) != d.res.ID {
		return out, nil
	}
	for _, e := range d.trail {
		out.Events = append(out.Events, trailtypes.Event{CloudTrailEvent: aws.String(e)})
	}
	return out, nil
}

// clientsOf hands out the double; no test of it needs S3 Control.
type clientsOf struct{ *double }

func (c clientsOf) EC2(_ context.Context, _ resource.Ref, session string) (EC2, error) {
	c.session = session
	return c.double, nil
}

func (c clientsOf) S3(context.Context, resource.Ref, string) (S3, error) { return c.double, nil }

func (c clientsOf) S3Control(context.Context, resource.Ref, string) (S3Control, error) {
	return nil, errors.New("no S3 Control here")
}

func (c clientsOf) Trail(context.Context, resource.Ref) (Trail, error) { return c.double, nil }

// memory is a Recorder that can be told to crash: at step crashAt, before it
// says that the intention is recorded, or before it records the end.
type memory struct {
	records       []StepRecord
	steps         []Step
	crashIntended int // step number from 1; recorded, then the process dies
	crashDone     int // step number from 1; dies before it is recorded
}

var errCrash = errors.New("the process died")

func (m *memory) Steps(context.Context) ([]StepRecord, error) { return slices.Clone(m.records), nil }

func (m *memory) Intended(_ context.Context, i int, s Step) error {
	for len(m.records) <= i {
		m.records, m.steps = append(m.records, StepRecord{}), append(m.steps, Step{})
	}
	m.records[i].State, m.steps[i] = Intended, s
	if m.crashIntended == i+1 {
		m.crashIntended = 0
		return errCrash
	}
	return nil
}

func (m *memory) Done(_ context.Context, i int, r Result) error {
	if m.crashDone == i+1 {
		m.crashDone = 0
		return errCrash
	}
	for len(m.records) <= i {
		m.records, m.steps = append(m.records, StepRecord{}), append(m.steps, Step{})
	}
	m.records[i] = StepRecord{Done, r}
	return nil
}

func engineOf(t *testing.T, d *double) (*Engine, *time.Duration) {
	t.Helper()
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	slept := new(time.Duration)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	return &Engine{
		Live: d, Checker: control.NewChecker(cat), Clients: clientsOf{d},
		Now:   func() time.Time { return now.Add(*slept) },
		Sleep: func(_ context.Context, w time.Duration) error { *slept += w; return nil },
	}, slept
}

// state writes a group's rules without ids, sorted: what a person would compare.
func (d *double) state() []string {
	var out []string
	for _, r := range d.groupRules() {
		tags, _ := json.Marshal(r.Tags)
		if len(r.Tags) == 0 {
			tags = nil
		}
		out = append(out, fmt.Sprintf("%s %q %s", specOf(r), r.Description, tags))
	}
	slices.Sort(out)
	return out
}
