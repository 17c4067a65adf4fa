package remedy

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"zesei/internal/awscloud"
	"zesei/internal/control"
	"zesei/internal/fake"
	"zesei/internal/fake/mototest"
	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

const (
	twinAccount = "111122223333"
	twinRegion  = "ap-northeast-1"
)

// world is an AWS that speaks the wire protocol: the twin, or an emulator.
type world struct {
	cfg   aws.Config
	cloud *awscloud.Cloud
	twin  *fake.Cloud // nil for an emulator
}

func worldAt(endpoint string, keys aws.CredentialsProvider) world {
	base := aws.Config{Region: twinRegion, Credentials: keys, BaseEndpoint: aws.String(endpoint)}
	return world{
		cfg:   base,
		cloud: awscloud.New(awscloud.Config{Base: &base, Limits: awscloud.Unlimited, MaxAttempts: 1, Timeout: 10 * time.Second}),
	}
}

func twinWorld(t *testing.T) world {
	t.Helper()
	twin := fake.NewCloud(fake.Options{Seed: 7})
	keys := twin.AddAccount(fake.Account{ID: twinAccount})
	server := httptest.NewServer(twin)
	t.Cleanup(server.Close)
	w := worldAt(server.URL, credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, ""))
	w.twin = twin
	return w
}

// again is the same world for a process that starts afresh: it remembers neither
// sessions nor throttles.
func (w world) again() world {
	n := worldAt(aws.ToString(w.cfg.BaseEndpoint), w.cfg.Credentials)
	n.twin = w.twin
	return n
}

func (w world) engine(t *testing.T) *Engine {
	t.Helper()
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{
		Live: live.NewReader(w.cloud), Checker: control.NewChecker(cat), Clients: CloudClients{w.cloud},
		Now: time.Now, Sleep: func(context.Context, time.Duration) error { return nil },
	}
}

// hole makes the group of theHole through the API, and gives its reference.
func (w world) hole(t *testing.T, account string) resource.Ref {
	t.Helper()
	api := ec2.NewFromConfig(w.cfg)
	vpc, err := api.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	made, err := api.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web"), VpcId: vpc.Vpc.VpcId})
	if err != nil {
		t.Fatal(err)
	}
	id := aws.ToString(made.GroupId)
	for _, r := range theHole().Facts[live.FactRules].([]live.SecurityGroupRule) {
		p := types.IpPermission{IpProtocol: aws.String(r.Protocol), FromPort: r.FromPort, ToPort: r.ToPort}
		if r.Protocol == "-1" {
			p.FromPort, p.ToPort = nil, nil
		}
		var text *string
		if r.Description != "" {
			text = aws.String(r.Description)
		}
		switch {
		case r.CIDRIPv4 != "":
			p.IpRanges = []types.IpRange{{CidrIp: aws.String(r.CIDRIPv4), Description: text}}
		case r.CIDRIPv6 != "":
			p.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: aws.String(r.CIDRIPv6), Description: text}}
		case r.GroupID != "":
			p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: made.GroupId}}
		default:
			continue // a prefix list would have to exist
		}
		in := &ec2.AuthorizeSecurityGroupIngressInput{GroupId: made.GroupId, IpPermissions: []types.IpPermission{p}}
		if len(r.Tags) > 0 {
			in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroupRule}}
			for k, v := range r.Tags {
				in.TagSpecifications[0].Tags = append(in.TagSpecifications[0].Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
			}
		}
		if _, err := api.AuthorizeSecurityGroupIngress(t.Context(), in); err != nil {
			t.Fatalf("%s: %v", r.ID, err)
		}
	}
	return resource.Ref{Partition: "aws", Account: account, Region: twinRegion, Type: live.SecurityGroup, ARN: "arn:aws:ec2:" + twinRegion + ":" + account + ":security-group/" + id}
}

func (w world) bucket(t *testing.T, account, name string) resource.Ref {
	t.Helper()
	_, err := awscloud.S3(w.cfg).CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    aws.String(name),
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: twinRegion},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resource.Ref{Partition: "aws", Account: account, Region: twinRegion, Type: live.Bucket, ARN: "arn:aws:s3:::" + name}
}

// entries are the live rules without ids.
func entries(t *testing.T, e *Engine, ref resource.Ref) []string {
	t.Helper()
	now, err := e.Live.Read(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := groupRules(now)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rules {
		out = append(out, fmt.Sprintf("%s %q %v", strings.ReplaceAll(r.String(), now.ID, "sg-self"), r.Description, ownTags(r.Tags)))
	}
	slices.Sort(out)
	return out
}

func (w world) plan(t *testing.T, e *Engine, name string, ref resource.Ref, with map[string]string, controls ...string) Plan {
	t.Helper()
	now, err := e.Live.Read(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return prepare(t, name, Request{Resource: now, Controls: controls, With: with, IaC: "none"})
}

// worlds runs a test against the twin and, where it is present, the emulator.
func worlds(t *testing.T, test func(*testing.T, world, string)) {
	t.Helper()
	t.Run("twin", func(t *testing.T) { test(t, twinWorld(t), twinAccount) })
	t.Run("moto", func(t *testing.T) {
		keys := credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "")
		test(t, worldAt(mototest.Start(t), keys), "123456789012") // moto's own account
	})
}

func TestTheWireGroupIsClosedOrNarrowedAndRestored(t *testing.T) {
	worlds(t, func(t *testing.T, w world, account string) {
		const innocent = `tcp 443 0.0.0.0/0 "the shop" [{team shop}]`
		for how, want := range map[string][]string{
			"revoke": {},
			"narrow": {
				`icmpv6 ::/0 "" []`,
				`tcp 0-21 0.0.0.0/0 "" []`, `tcp 0-21 ::/0 "" []`,
				`tcp 20-21 0.0.0.0/0 "temporary" [{by taro}]`, `tcp 23-25 0.0.0.0/0 "temporary" [{by taro}]`,
				`tcp 23-65535 0.0.0.0/0 "" []`, `tcp 23-65535 ::/0 "" []`,
				`udp 0-65535 ::/0 "" []`,
			},
		} {
			t.Run(how, func(t *testing.T) {
				e := w.engine(t)
				ref := w.hole(t, account)
				before := entries(t, e, ref)
				p := w.plan(t, e, "security-group-ingress", ref, map[string]string{"how": how}, "EC2.13")
				if v := e.Verify(t.Context(), p, nil); v.State == Passed {
					t.Fatal("it passes before anything was done")
				}
				if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
					t.Fatalf("%+v", out)
				}
				v := e.Verify(t.Context(), p, []string{"EC2.53", "EC2.54"})
				if v.State != Passed || len(v.Missing) > 0 || v.Controls["EC2.54"].Status != control.Passed == (how == "revoke") {
					t.Errorf("%+v", v)
				}
				after := entries(t, e, ref)
				rest := slices.Concat([]string{innocent, `tcp 20-25 10.0.0.0/8 "" []`, `all traffic ` + account + `/sg-self "" []`, `all traffic 0.0.0.0/0 "" []`}, want)
				slices.Sort(rest)
				if !slices.Equal(after, rest) {
					t.Errorf("after\n got  %s\n want %s", strings.Join(after, "\n      "), strings.Join(rest, "\n      "))
				}
				if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != Applied {
					t.Fatalf("undo: %+v", out)
				}
				if back := entries(t, e, ref); !slices.Equal(back, before) {
					t.Errorf("undo\n got  %s\n want %s", strings.Join(back, "\n      "), strings.Join(before, "\n      "))
				}
			})
		}
	})
}

func TestTheWireBuckets(t *testing.T) {
	worlds(t, func(t *testing.T, w world, account string) {
		for name, controlID := range map[string]string{"s3-encryption": "S3.4", "s3-versioning": "S3.14", "s3-public-access-block": "S3.8"} {
			if name == "s3-encryption" && w.twin != nil {
				continue // as in AWS since 2023, no bucket of the twin is without encryption
			}
			t.Run(name, func(t *testing.T) {
				e := w.engine(t)
				ref := w.bucket(t, account, "shop-"+strings.ReplaceAll(name, "s3-", ""))
				if name == "s3-public-access-block" {
					if _, err := awscloud.S3(w.cfg).DeletePublicAccessBlock(t.Context(), &s3.DeletePublicAccessBlockInput{Bucket: aws.String("shop-public-access-block")}); err != nil {
						t.Fatal(err)
					}
				}
				p := w.plan(t, e, name, ref, nil, controlID)
				if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
					t.Fatalf("%+v", out)
				}
				if v := e.Verify(t.Context(), p, nil); v.State != Passed || v.Controls[controlID].Status != control.Passed {
					t.Errorf("%+v", v)
				}
				if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != Applied {
					t.Fatalf("undo: %+v", out)
				}
				if v := e.Verify(t.Context(), p, nil); v.State == Passed {
					t.Error("undo changed nothing")
				}
			})
		}
		t.Run("s3-account-public-access-block", func(t *testing.T) {
			e := w.engine(t)
			ref := resource.Ref{Partition: "aws", Account: account, Region: "global", Type: live.Account, ARN: "arn:aws:iam::" + account + ":root"}
			p := w.plan(t, e, "s3-account-public-access-block", ref, nil, "S3.1")
			if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
				t.Fatalf("%+v", out)
			}
			if v := e.Verify(t.Context(), p, nil); v.State != Passed {
				t.Errorf("%+v", v)
			}
			if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != Applied {
				t.Fatalf("undo: %+v", out)
			}
		})
	})
}

func TestTheWireDefaultGroupIsEmptiedAndRestored(t *testing.T) {
	worlds(t, func(t *testing.T, w world, account string) {
		e := w.engine(t)
		found, err := ec2.NewFromConfig(w.cfg).DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{{Name: aws.String("group-name"), Values: []string{"default"}}}})
		if err != nil || len(found.SecurityGroups) == 0 {
			t.Fatalf("%v %v", found, err)
		}
		id := aws.ToString(found.SecurityGroups[0].GroupId)
		ref := resource.Ref{Partition: "aws", Account: account, Region: twinRegion, Type: live.SecurityGroup, ARN: "arn:aws:ec2:" + twinRegion + ":" + account + ":security-group/" + id}
		before := entries(t, e, ref)
		p := w.plan(t, e, "default-security-group", ref, nil, "EC2.2")
		if out := e.Apply(t.Context(), "f1", p, &memory{}); out.State != Applied {
			t.Fatalf("%+v", out)
		}
		if v := e.Verify(t.Context(), p, nil); v.State != Passed || len(entries(t, e, ref)) != 0 {
			t.Errorf("%+v", v)
		}
		if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != Applied {
			t.Fatalf("undo: %+v", out)
		}
		if back := entries(t, e, ref); !slices.Equal(back, before) {
			t.Errorf("undo\n got  %s\n want %s", strings.Join(back, "\n      "), strings.Join(before, "\n      "))
		}
	})
}

func TestFaultsOfTheTwinAtEveryCall(t *testing.T) {
	for _, kind := range []fake.FaultKind{fake.Throttle, fake.Deny, fake.ServerError, fake.LostAnswer, fake.Hang} {
		for skip := range 3 {
			t.Run(fmt.Sprintf("%s after %d calls", kind, skip), func(t *testing.T) {
				w := twinWorld(t)
				e := w.engine(t)
				ref := w.hole(t, twinAccount)
				before := entries(t, e, ref)
				p := w.plan(t, e, "security-group-ingress", ref, nil, "EC2.13")
				w.twin.Journal().Clear()
				for _, op := range []string{"AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"} {
					w.twin.Faults().Add(fake.Fault{Kind: kind, Service: "ec2", Operation: op, Skip: skip, Times: 1})
				}
				rec := &memory{}
				var out Outcome
				for range 4 {
					if out = e.Apply(t.Context(), "f1", p, rec); out.State == Applied {
						break
					}
					if out.State != Stopped || out.Kind == "" {
						t.Fatalf("%+v", out)
					}
					e = w.again().engine(t)
				}
				if out.State != Applied {
					t.Fatalf("%+v", out)
				}
				if v := e.Verify(t.Context(), p, nil); v.State != Passed || len(v.Missing) > 0 {
					t.Errorf("%+v", v)
				}
				w.twin.Faults().Clear()
				if out := e.Undo(t.Context(), "f1", p, &memory{}); out.State != Applied {
					t.Fatalf("undo: %+v", out)
				}
				if back := entries(t, e, ref); !slices.Equal(back, before) {
					t.Errorf("undo\n got  %s\n want %s", strings.Join(back, "\n      "), strings.Join(before, "\n      "))
				}
			})
		}
	}
}

func TestTheTwinRemembersWhoOpenedIt(t *testing.T) {
	w := twinWorld(t)
	e := w.engine(t)
	p := w.plan(t, e, "security-group-ingress", w.hole(t, twinAccount), nil, "EC2.13")
	a, err := e.Opener(t.Context(), p)
	if err != nil || a.Event != "AuthorizeSecurityGroupIngress" || !strings.HasSuffix(a.Principal, ":user/admin") || a.At.IsZero() {
		t.Errorf("%+v %v", a, err)
	}
}
