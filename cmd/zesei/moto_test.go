package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"zesei/internal/cli"
	"zesei/internal/fake/mototest"
)

// TestHoleOnAnEmulatorThatOthersWrote is the scene of close-a-hole-and-undo on
// moto: a finding goes in, the group is closed or narrowed, what is innocent
// stays, the case is closed, and undo restores the group.
func TestHoleOnAnEmulatorThatOthersWrote(t *testing.T) {
	endpoint := mototest.Start(t)
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_REGION", tokyo)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	cfg := aws.Config{Region: tokyo, BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "x", "")}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &moto{t: t, api: ec2.NewFromConfig(cfg), account: aws.ToString(who.Account)}
	closed := []string{"tcp 20-25 from 10.0.0.0/8", "tcp 443-443 from 0.0.0.0/0: the shop's front door"}
	t.Run("revoke closes it", func(t *testing.T) {
		m.play(t, "revoke", func(t *testing.T, rules []string) {
			if !slices.Equal(rules, closed) {
				t.Errorf("the group holds %q", rules)
			}
		})
	})
	t.Run("narrow cuts the forbidden ports out", func(t *testing.T) {
		m.play(t, "narrow", func(t *testing.T, rules []string) {
			for _, r := range closed {
				if !slices.Contains(rules, r) {
					t.Errorf("%q is gone", r)
				}
			}
			for _, r := range []string{"tcp 24-24 from 0.0.0.0/0", "tcp 26-109 from 0.0.0.0/0", "tcp 26-109 from ::/0", "udp 0-65535 from ::/0"} {
				if !slices.Contains(rules, r) {
					t.Errorf("%q should be left; the group holds %q", r, rules)
				}
			}
			for _, r := range rules {
				if strings.HasPrefix(r, "all traffic") || r == "tcp 0-65535 from 0.0.0.0/0" || r == "tcp 20-25 from 0.0.0.0/0" {
					t.Errorf("%q still stands", r)
				}
			}
		})
	})
}

// moto is the emulator's account.
type moto struct {
	t       *testing.T
	api     *ec2.Client
	account string
}

func (m *moto) play(t *testing.T, how string, look func(*testing.T, []string)) {
	t.Chdir(t.TempDir())
	group := m.group(t, how)
	before := m.rules(t, group)
	put(t, "zesei.yaml", fmt.Sprintf("accounts: [{id: %q, iac: none}]\n", m.account))
	put(t, "policy.yaml", "standards: [fsbp]\nresponses: [{do: track}]\nfix: [{controls: [EC2.19], mode: auto, with: {how: "+how+"}}]\n")
	put(t, "finding.json", hubFinding(m.account, "EC2.19", "AwsEc2SecurityGroup", "arn:aws:ec2:"+tokyo+":"+m.account+":security-group/"+group))

	zesei(t, nil, "ingest", "finding.json")
	look(t, m.rules(t, group))
	var cases []struct{ State, Reason, Proof string }
	zesei(t, &cases, "case", "list", "--json")
	if len(cases) != 1 || cases[0].State != "closed" || cases[0].Proof == "" {
		t.Fatalf("the case is not closed with proof: %+v", cases)
	}
	var fixes []struct{ ID, State string }
	zesei(t, &fixes, "fix", "list", "--json")
	if len(fixes) != 1 || fixes[0].State != "verified" {
		t.Fatalf("fixes %+v", fixes)
	}
	zesei(t, nil, "fix", "undo", fixes[0].ID, "--why", "it was needed")
	if now := m.rules(t, group); !slices.Equal(now, before) {
		t.Errorf("undo left\n%q, before were\n%q", now, before)
	}
}

func (m *moto) group(t *testing.T, name string) string {
	t.Helper()
	vpc, err := m.api.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.7.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	g, err := m.api.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name, VpcId: vpc.Vpc.VpcId})
	if err != nil {
		t.Fatal(err)
	}
	tcp := func(from, to int32, r ...types.IpRange) types.IpPermission {
		return types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &from, ToPort: &to, IpRanges: r}
	}
	world := types.IpRange{CidrIp: aws.String("0.0.0.0/0")}
	_, err = m.api.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: g.GroupId, IpPermissions: []types.IpPermission{
		{IpProtocol: aws.String("-1"), Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: aws.String("::/0")}}},
		tcp(0, 65535, world),
		tcp(20, 25, world, types.IpRange{CidrIp: aws.String("10.0.0.0/8")}),
		tcp(443, 443, types.IpRange{CidrIp: world.CidrIp, Description: aws.String("the shop's front door")}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return *g.GroupId
}

func (m *moto) rules(t *testing.T, group string) []string {
	t.Helper()
	out, err := m.api.DescribeSecurityGroupRules(t.Context(), &ec2.DescribeSecurityGroupRulesInput{Filters: []types.Filter{{Name: aws.String("group-id"), Values: []string{group}}}})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range out.SecurityGroupRules {
		if !aws.ToBool(r.IsEgress) {
			lines = append(lines, ruleWords(aws.ToString(r.IpProtocol), int(aws.ToInt32(r.FromPort)), int(aws.ToInt32(r.ToPort)), aws.ToString(r.CidrIpv4)+aws.ToString(r.CidrIpv6), aws.ToString(r.Description)))
		}
	}
	slices.Sort(lines)
	return lines
}

// hubFinding is a FAILED finding as Security Hub writes it.
func hubFinding(account, control, kind, arn string) string {
	return fmt.Sprintf(`{"SchemaVersion":"2018-10-08","Id":"arn:aws:securityhub:%[1]s:%[2]s:security-control/%[3]s/finding/1a2b3c4d-0000-4000-8000-000000000001",
"ProductArn":"arn:aws:securityhub:%[1]s::product/aws/securityhub","Region":"%[1]s","GeneratorId":"security-control/%[3]s","AwsAccountId":"%[2]s",
"CreatedAt":"2026-11-02T00:00:00.000Z","UpdatedAt":"2026-11-02T00:00:00.000Z","Severity":{"Label":"CRITICAL"},"Title":"%[3]s","Description":"open",
"Resources":[{"Type":"%[4]s","Id":"%[5]s","Partition":"aws","Region":"%[1]s"}],
"Compliance":{"Status":"FAILED","SecurityControlId":"%[3]s","AssociatedStandards":[{"StandardsId":"standards/aws-foundational-security-best-practices/v/1.0.0"}]},
"Workflow":{"Status":"NEW"},"RecordState":"ACTIVE"}`, tokyo, account, control, kind, arn)
}

// zesei runs a command that must succeed, and reads what it prints as JSON.
func zesei(t *testing.T, into any, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := cli.Run(context.Background(), args, cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs, User: "hanako"}); code != 0 {
		t.Fatalf("zesei %s: exit code %d\n%s%s", strings.Join(args, " "), code, &out, &errs)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatalf("zesei %s: %v\n%s", strings.Join(args, " "), err, &out)
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
