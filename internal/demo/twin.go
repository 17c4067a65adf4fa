package demo

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"zesei/internal/control"
	"zesei/internal/fake"
	"zesei/internal/fake/slack"
	"zesei/internal/fake/tracker"
)

// world is the twin in which the company lives, served on loopback.
type world struct {
	company *company
	aws     *fake.Cloud
	slack   *slack.Twin
	keys    fake.Keys // of the security team's user
	token   string    // ARN of the secret with the tokens of Slack and the trackers
	people  map[string]fake.Keys
	groups  map[string]string // "account/group" to id

	trackers map[string]*tracker.Twin // by name

	awsURL, slackURL string
	trackerURLs      map[string]string
	servers          []*http.Server
	serving          sync.WaitGroup
}

// standards that the company has switched on.
var standards = []string{"fsbp", "cis-1.4"}

func newWorld(c *company, cat *control.Catalogue, now func() time.Time, seed uint64) (*world, error) {
	w := &world{
		company: c, people: map[string]fake.Keys{}, groups: map[string]string{}, trackers: map[string]*tracker.Twin{}, trackerURLs: map[string]string{},
		aws:   fake.NewCloud(fake.Options{Now: now, Seed: seed}),
		slack: slack.New(slack.Options{Now: now, Seed: seed}),
	}
	var defined []fake.Control
	for _, one := range cat.All() {
		defined = append(defined, fake.Control{ID: one.ID, Title: one.Title.EN, Description: one.Title.EN, Severity: one.Severity, Standards: one.Standards})
	}
	w.aws.DefineControls(defined...)
	w.accounts()
	w.resources()
	for _, name := range c.channels() {
		w.slack.AddChannel(name)
	}
	for _, t := range c.Trackers {
		w.trackers[t.Name] = tracker.New(tracker.Kind(t.Kind), tracker.Options{Now: now, Seed: seed, Project: t.Project})
	}
	for _, p := range c.People {
		w.slack.AddUser(slack.User{ID: p.Slack, Name: p.Name, Email: p.Name + "@example.com"})
	}
	w.token = w.aws.PutSecret(c.hub().ID, c.Region, "zesei/tokens", `{"token":"xoxb-twin","redmine":"twin-token","github":"twin-token"}`)
	if err := w.begin(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// begin serves every part of the twin.
func (w *world) begin() error {
	var err error
	if w.awsURL, err = w.serve("127.0.0.1:0", w.aws); err != nil {
		return err
	}
	if w.slackURL, err = w.serve("127.0.0.1:0", w.slack); err != nil {
		return err
	}
	for name, t := range w.trackers {
		if w.trackerURLs[name], err = w.serve("127.0.0.1:0", t); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) accounts() {
	for _, a := range w.company.Accounts {
		keys := w.aws.AddAccount(fake.Account{ID: a.ID, Name: a.Name, Tags: map[string]string{"Team": a.Owner, "Env": a.Environment}, Trail: true})
		if a.Hub {
			w.keys = keys
		}
		w.aws.EnableHub(a.ID, w.company.Region, standards...)
		for _, purpose := range []string{"read", "write"} {
			w.aws.PutRole(fake.Role{ARN: "arn:aws:iam::" + a.ID + ":role/zesei-" + purpose, Trusts: []string{w.company.hub().ID}, Allow: allowed[purpose]})
		}
	}
	w.aws.DelegateHub(w.company.hub().ID)
}

// allowed are the calls that the roles may make.
var allowed = map[string][]string{
	"read": {"ec2:Describe*", "s3:Get*", "s3:Head*", "s3:List*", "s3control:Get*", "cloudtrail:LookupEvents", "securityhub:Get*", "securityhub:Describe*", "sts:GetCallerIdentity"},
	"write": {
		"ec2:Describe*", "ec2:RevokeSecurityGroup*", "ec2:AuthorizeSecurityGroup*", "ec2:CreateTags", "s3:Get*", "s3:Put*", "s3control:*",
		"securityhub:BatchUpdateFindings", "sts:GetCallerIdentity",
	},
}

func (w *world) resources() {
	for _, a := range w.company.members() {
		for _, g := range w.company.Groups {
			made := fake.SecurityGroup{Name: g.Name, Description: g.Name, Tags: map[string]string{"Name": g.Name}}
			for _, r := range g.Rules {
				made.Rules = append(made.Rules, r.fake())
			}
			w.groups[a.Name+"/"+g.Name] = w.aws.AddSecurityGroup(a.ID, w.company.Region, made)
		}
		for _, b := range w.company.Buckets {
			w.aws.AddBucket(a.ID, w.company.Region, w.bucket(a, b), w.open(a, b))
		}
	}
}

func (w *world) bucket(a account, name string) string { return "tsubame-" + a.Name + "-" + name }

func (w *world) open(a account, name string) bool {
	return slices.Contains(w.company.OpenBuckets, a.Name+"-"+name)
}

// ingress are a group's ingress rules, each in one line.
func (w *world) ingress(account account, id string) []string {
	g, _ := w.aws.SecurityGroup(account.ID, w.company.Region, id)
	out := []string{}
	for _, r := range g.Rules {
		if !r.Egress {
			out = append(out, ruleText(r))
		}
	}
	slices.Sort(out)
	return out
}

func (w *world) groupARN(a account, id string) string {
	return "arn:aws:ec2:" + w.company.Region + ":" + a.ID + ":security-group/" + id
}

// do lets a person of the company change a group with a client and keys of their
// own, as with the AWS CLI.
func (w *world) do(ctx context.Context, o opening) error {
	in := &ec2.AuthorizeSecurityGroupIngressInput{GroupId: aws.String(w.groups[o.Account+"/"+o.Group]), IpPermissions: permissions(o.Opens)}
	if _, err := w.client(o).AuthorizeSecurityGroupIngress(ctx, in); err != nil {
		return fmt.Errorf("%s opens %s in %s: %w", o.By, o.Group, o.Account, err)
	}
	return nil
}

// undo lets the same person take back what they opened.
func (w *world) undo(ctx context.Context, o opening) error {
	in := &ec2.RevokeSecurityGroupIngressInput{GroupId: aws.String(w.groups[o.Account+"/"+o.Group]), IpPermissions: permissions(o.Opens)}
	if _, err := w.client(o).RevokeSecurityGroupIngress(ctx, in); err != nil {
		return fmt.Errorf("%s closes %s in %s: %w", o.By, o.Group, o.Account, err)
	}
	return nil
}

// client is the client of whoever opens something.
func (w *world) client(o opening) *ec2.Client {
	a := w.company.account(o.Account)
	who := a.ID + "/" + o.By
	keys, ok := w.people[who]
	if !ok {
		keys = w.aws.AddUser(a.ID, o.By)
		w.people[who] = keys
	}
	return ec2.NewFromConfig(aws.Config{
		Region: w.company.Region, BaseEndpoint: aws.String(w.awsURL),
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, ""),
	})
}

func permissions(list []rule) []types.IpPermission {
	var out []types.IpPermission
	for _, r := range list {
		out = append(out, permission(r))
	}
	return out
}

func permission(r rule) types.IpPermission {
	p := types.IpPermission{IpProtocol: aws.String(r.Protocol)}
	if r.Protocol != "-1" {
		p.FromPort, p.ToPort = aws.Int32(int32(r.From)), aws.Int32(int32(r.To))
	}
	var text *string
	if r.Description != "" {
		text = aws.String(r.Description)
	}
	if r.CIDR4 != "" {
		p.IpRanges = []types.IpRange{{CidrIp: aws.String(r.CIDR4), Description: text}}
	}
	if r.CIDR6 != "" {
		p.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: aws.String(r.CIDR6), Description: text}}
	}
	return p
}

// serve answers on loopback until close; it returns the URL.
func (w *world) serve(address string, h http.Handler) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("listening: %w", err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	w.servers = append(w.servers, s)
	w.serving.Go(func() { _ = s.Serve(l) }) // ends with http.ErrServerClosed
	return "http://" + l.Addr().String(), nil
}

func (w *world) close() {
	for _, s := range w.servers {
		s.Close()
	}
	w.serving.Wait()
}
