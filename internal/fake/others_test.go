package fake_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3ctypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"zesei/internal/fake"
)

// serve puts another twin behind the world's address.
func (w *world) serve(t *testing.T, h http.Handler) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	w.url = server.URL
}

func lookup(key, value string) []trailtypes.LookupAttribute {
	return []trailtypes.LookupAttribute{{AttributeKey: trailtypes.LookupAttributeKey(key), AttributeValue: &value}}
}

func TestNewBucketsHaveTodaysDefaults(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	b := newBucket(t, c, "fresh-bucket")
	e := must[*s3.GetBucketEncryptionOutput](t)(c.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b}))
	if got := e.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm; got != "AES256" {
		t.Errorf("encryption %s", got)
	}
	p := must[*s3.GetPublicAccessBlockOutput](t)(c.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})).PublicAccessBlockConfiguration
	if !*p.BlockPublicAcls || !*p.IgnorePublicAcls || !*p.BlockPublicPolicy || !*p.RestrictPublicBuckets {
		t.Errorf("public access block %+v", p)
	}
	o := must[*s3.GetBucketOwnershipControlsOutput](t)(c.s3.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: b}))
	if o.OwnershipControls.Rules[0].ObjectOwnership != "BucketOwnerEnforced" {
		t.Errorf("ownership %+v", o.OwnershipControls)
	}
	must[*s3.DeleteBucketEncryptionOutput](t)(c.s3.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: b}))
	must[*s3.GetBucketEncryptionOutput](t)(c.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b}))
}

func TestPublicPolicies(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	w.AddBucket(shop, tokyo, "old-bucket", true)
	closed := newBucket(t, c, "closed-bucket")
	policy := func(principal, condition string) *string {
		return aws.String(`{"Statement":{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:GetObject","Resource":"*"` + condition + `}}`)
	}
	_, err := c.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: closed, Policy: policy(`"*"`, "")})
	refused(t, err, "AccessDenied")
	_, err = c.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: closed, Policy: aws.String(`{"nonsense":1}`)})
	refused(t, err, "MalformedPolicy")
	for _, row := range []struct {
		policy *string
		want   bool
	}{
		{policy(`"*"`, ""), true},
		{policy(`{"AWS":"*"}`, ""), true},
		{policy(`{"AWS":["arn:aws:iam::`+bank+`:root","*"]}`, ""), true},
		{policy(`{"AWS":"arn:aws:iam::`+bank+`:root"}`, ""), false},
		{policy(`"*"`, `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`), false},
		{policy(`"*"`, `,"Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`), true},
	} {
		b := aws.String("old-bucket")
		must[*s3.PutBucketPolicyOutput](t)(c.s3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: b, Policy: row.policy}))
		got := must[*s3.GetBucketPolicyStatusOutput](t)(c.s3.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: b}))
		if *got.PolicyStatus.IsPublic != row.want {
			t.Errorf("public %v, want %v: %s", *got.PolicyStatus.IsPublic, row.want, *row.policy)
		}
	}
}

func TestBucketsBelongToAccountAndRegion(t *testing.T) {
	w := newWorld(t)
	w.AddBucket(shop, tokyo, "shop-logs", false)
	b := aws.String("shop-logs")
	_, err := newClients(w.as(bank, tokyo)).s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b})
	refused(t, err, "AccessDenied")
	_, err = newClients(w.as(shop, oregon)).s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b})
	refused(t, err, "PermanentRedirect")
	_, err = newClients(w.as(bank, tokyo)).s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: b})
	refused(t, err, "IllegalLocationConstraintException")
	u, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	virtual := w.as(shop, tokyo)
	virtual.BaseEndpoint = aws.String("http://localhost:" + u.Port())
	virtual.HTTPClient = loopback(u.Host)
	must[*s3.GetBucketVersioningOutput](t)(s3.NewFromConfig(virtual).GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: b}))
	list := must[*s3.ListBucketsOutput](t)(newClients(w.as(shop, tokyo)).s3.ListBuckets(ctx, nil))
	if len(list.Buckets) != 1 || *list.Buckets[0].Name != "shop-logs" {
		t.Fatalf("%+v", list.Buckets)
	}
}

// loopback is a client that finds the twin under whatever name it is called.
func loopback(address string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
}

func TestAccountPublicAccessBlock(t *testing.T) {
	w := newWorld(t)
	u, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	cfg := w.as(shop, tokyo)
	cfg.HTTPClient = loopback(u.Host)
	c := s3control.NewFromConfig(cfg)
	account := aws.String(shop)
	_, err = c.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: account})
	refused(t, err, "NoSuchPublicAccessBlockConfiguration")
	must[*s3control.PutPublicAccessBlockOutput](t)(c.PutPublicAccessBlock(ctx, &s3control.PutPublicAccessBlockInput{AccountId: account, PublicAccessBlockConfiguration: &s3ctypes.PublicAccessBlockConfiguration{BlockPublicPolicy: aws.Bool(true)}}))
	got := must[*s3control.GetPublicAccessBlockOutput](t)(c.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: account}))
	if !*got.PublicAccessBlockConfiguration.BlockPublicPolicy || *got.PublicAccessBlockConfiguration.BlockPublicAcls {
		t.Fatalf("%+v", got.PublicAccessBlockConfiguration)
	}
	_, err = c.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(bank)})
	refused(t, err, "AccessDenied")
}

func TestOrganizationIsListedInPages(t *testing.T) {
	w := newWorld(t)
	for i := range 25 {
		w.AddAccount(fake.Account{ID: "2222333344" + string(rune('0'+i/10)) + string(rune('0'+i%10)), OU: "Workloads/Prod", Tags: map[string]string{"Team": "shop"}})
	}
	c := organizations.NewFromConfig(w.as(shop, "us-east-1"))
	_, err := c.ListAccounts(ctx, nil)
	refused(t, err, "AWSOrganizationsNotInUseException")
	w.Organize(shop, audit)
	_, err = organizations.NewFromConfig(w.as(bank, "us-east-1")).ListAccounts(ctx, nil)
	refused(t, err, "AccessDeniedException")
	n, pages := 0, 0
	for p := organizations.NewListAccountsPaginator(c, nil); p.HasMorePages(); pages++ {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n += len(page.Accounts)
	}
	if n != 28 || pages != 2 {
		t.Fatalf("%d accounts in %d pages", n, pages)
	}
	root := must[*organizations.ListRootsOutput](t)(c.ListRoots(ctx, nil)).Roots[0]
	units := func(parent *string) []orgtypes.OrganizationalUnit {
		return must[*organizations.ListOrganizationalUnitsForParentOutput](t)(c.ListOrganizationalUnitsForParent(ctx, &organizations.ListOrganizationalUnitsForParentInput{ParentId: parent})).OrganizationalUnits
	}
	workloads := units(root.Id)
	prod := units(workloads[0].Id)
	if len(workloads) != 1 || len(prod) != 1 || *prod[0].Name != "Prod" {
		t.Fatalf("%+v %+v", workloads, prod)
	}
	in := must[*organizations.ListAccountsForParentOutput](t)(c.ListAccountsForParent(ctx, &organizations.ListAccountsForParentInput{ParentId: prod[0].Id}))
	if len(in.Accounts) != 20 || in.NextToken == nil {
		t.Fatalf("%d accounts in the unit", len(in.Accounts))
	}
	id := in.Accounts[0].Id
	parents := must[*organizations.ListParentsOutput](t)(c.ListParents(ctx, &organizations.ListParentsInput{ChildId: id}))
	tags := must[*organizations.ListTagsForResourceOutput](t)(c.ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: id}))
	if *parents.Parents[0].Id != *prod[0].Id || *tags.Tags[0].Value != "shop" {
		t.Fatalf("%+v %+v", parents.Parents, tags.Tags)
	}
	org := must[*organizations.DescribeOrganizationOutput](t)(organizations.NewFromConfig(w.as(bank, "us-east-1")).DescribeOrganization(ctx, nil))
	if *org.Organization.MasterAccountId != shop {
		t.Fatalf("%+v", org.Organization)
	}
}

func TestParametersAndTheirSecrets(t *testing.T) {
	w := newWorld(t)
	c := ssm.NewFromConfig(w.as(shop, tokyo))
	name := aws.String("/zesei/token")
	must[*ssm.PutParameterOutput](t)(c.PutParameter(ctx, &ssm.PutParameterInput{Name: name, Value: aws.String("s3cret"), Type: "SecureString"}))
	_, err := c.PutParameter(ctx, &ssm.PutParameterInput{Name: name, Value: aws.String("x"), Type: "SecureString"})
	refused(t, err, "ParameterAlreadyExists")
	sealed := must[*ssm.GetParameterOutput](t)(c.GetParameter(ctx, &ssm.GetParameterInput{Name: name}))
	plain := must[*ssm.GetParameterOutput](t)(c.GetParameter(ctx, &ssm.GetParameterInput{Name: name, WithDecryption: aws.Bool(true)}))
	if *sealed.Parameter.Value == "s3cret" || *plain.Parameter.Value != "s3cret" {
		t.Fatalf("%q %q", *sealed.Parameter.Value, *plain.Parameter.Value)
	}
	_, err = c.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("absent")})
	refused(t, err, "ParameterNotFound")
	b, err := json.Marshal(w.Journal())
	if err != nil || strings.Contains(string(b), "s3cret") {
		t.Fatalf("the journal shows a secret: %v %s", err, b)
	}
}

func TestEventsReachSubscribersAndQueues(t *testing.T) {
	w := newWorld(t)
	w.AddQueue(shop, tokyo, "zesei", "", 0)
	w.DeliverEvents(shop, tokyo, "zesei", func(e fake.Event) bool { return e.Source == "my.app" })
	r := must[*http.Request](t)(http.NewRequest(http.MethodPost, w.url, strings.NewReader(
		`{"Entries":[{"Source":"my.app","DetailType":"x","Detail":"{\"a\":1}"},{"Source":"aws.ec2","DetailType":"x","Detail":"{}"},{"Source":"my.app","DetailType":"x","Detail":"nonsense"}]}`)))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+w.keys[shop].AccessKeyID+"/20260401/"+tokyo+"/events/aws4_request, SignedHeaders=host, Signature=0")
	r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	resp := must[*http.Response](t)(http.DefaultClient.Do(r))
	defer resp.Body.Close()
	var out struct {
		FailedEntryCount int
		Entries          []struct{ EventId, ErrorCode string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.FailedEntryCount != 2 || out.Entries[0].EventId == "" || out.Entries[1].ErrorCode != "NotAuthorizedForSourceException" {
		t.Fatalf("%+v %v", out, err)
	}
	bodies := w.QueueBodies(shop, tokyo, "zesei")
	if len(bodies) != 1 || !strings.Contains(bodies[0], `"detail":{"a":1}`) || !strings.Contains(bodies[0], `"detail-type":"x"`) {
		t.Fatalf("%v", bodies)
	}
}

func TestLongPollingWaitsForAMessage(t *testing.T) {
	w := newWorld(t)
	c := newClients(w.as(shop, tokyo))
	q := newQueue(t, c, "slow", nil)
	got := make(chan string, 1)
	go func() {
		out, err := c.sqs.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: q, WaitTimeSeconds: 20})
		if err != nil || len(out.Messages) != 1 {
			got <- "nothing"
			return
		}
		got <- *out.Messages[0].Body
	}()
	time.Sleep(50 * time.Millisecond) // the receiver is most likely waiting by now; the outcome is the same if not
	if err := w.Send(shop, tokyo, "slow", "hello"); err != nil {
		t.Fatal(err)
	}
	if body := <-got; body != "hello" {
		t.Fatalf("received %q", body)
	}
}

func TestTopicReachesQueueAndConfirmedWebhook(t *testing.T) {
	w := newWorld(t)
	hook := fake.NewWebhook(nil)
	server := httptest.NewServer(hook)
	t.Cleanup(server.Close)
	queueARN := w.AddQueue(shop, tokyo, "fan", "", 0)
	c := sns.NewFromConfig(w.as(shop, tokyo))
	topic := must[*sns.CreateTopicOutput](t)(c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("alerts")})).TopicArn
	must[*sns.SubscribeOutput](t)(c.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: &queueARN, Attributes: map[string]string{"RawMessageDelivery": "true"}}))
	must[*sns.SubscribeOutput](t)(c.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("http"), Endpoint: aws.String(server.URL)}))
	must[*sns.PublishOutput](t)(c.Publish(ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String("early")}))
	var confirm map[string]string
	if got := hook.Received(); len(got) != 1 || json.Unmarshal(got[0].Body, &confirm) != nil || confirm["Type"] != "SubscriptionConfirmation" {
		t.Fatalf("%+v", got)
	}
	must[*sns.ConfirmSubscriptionOutput](t)(c.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: topic, Token: aws.String(confirm["Token"])}))
	must[*sns.PublishOutput](t)(c.Publish(ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String("late"), Subject: aws.String("s")}))
	same(t, w.QueueBodies(shop, tokyo, "fan"), "early", "late")
	var m map[string]string
	if got := hook.Received(); len(got) != 2 || json.Unmarshal(got[1].Body, &m) != nil || m["Message"] != "late" {
		t.Fatalf("%+v", got)
	}
	block, _ := pem.Decode(w.SNSCertificate())
	cert := must[*x509.Certificate](t)(x509.ParseCertificate(block.Bytes))
	text := "Message\nlate\nMessageId\n" + m["MessageId"] + "\nSubject\ns\nTimestamp\n" + m["Timestamp"] + "\nTopicArn\n" + *topic + "\nType\nNotification\n"
	sum := sha256.Sum256([]byte(text))
	signature := must[[]byte](t)(base64.StdEncoding.DecodeString(m["Signature"]))
	if err := cert.CheckSignature(x509.SHA256WithRSA, []byte(text), signature); err != nil {
		t.Fatalf("signature over %x: %v", sum, err)
	}
	if n := w.Notifications(*topic); len(n) != 2 || n[1].Subject != "s" {
		t.Fatalf("%+v", n)
	}
}
