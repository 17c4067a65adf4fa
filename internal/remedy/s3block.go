package remedy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

// blockSettings are the four switches of a public access block.
type blockSettings struct {
	BlockPublicAcls       bool
	BlockPublicPolicy     bool
	IgnorePublicAcls      bool
	RestrictPublicBuckets bool
}

var allBlocked = blockSettings{true, true, true, true}

// Buckets and accounts have the same setting under the same operation names, in
// two services.
var accessBlock = setting{"PublicAccessBlockConfiguration", "PutPublicAccessBlock", "DeletePublicAccessBlock"}

// blockCall are the parameters of both services: Bucket and its owner in s3,
// AccountId in s3control.
type blockCall struct {
	Bucket              string         `json:"Bucket,omitempty"`
	ExpectedBucketOwner string         `json:"ExpectedBucketOwner,omitempty"`
	AccountID           string         `json:"AccountId,omitempty"`
	Configuration       *blockSettings `json:"PublicAccessBlockConfiguration,omitempty"`
}

// planBlock sets all four switches. Undo writes back what was set, or removes
// the block where there was none.
func planBlock(req Request, service, control string, call blockCall) (Plan, error) {
	prior, err := accessBlock.read(req.Resource)
	if err != nil {
		return Plan{}, err
	}
	var was *blockSettings
	if err := json.Unmarshal(prior, &was); err != nil {
		return Plan{}, unread(req.Resource, accessBlock.property)
	}
	if was != nil && *was == allBlocked {
		return Plan{}, fmt.Errorf("%w: all four settings of %s are on", ErrNothingToDo, req.Resource.ID)
	}
	p := Plan{Prior: prior, Post: Post{Pass: []string{control}}}
	p.Summary = say("%s: block public access", "%s：パブリックアクセスをブロックします", req.Resource.ID)
	undo := call
	call.Configuration = &allBlocked
	p.Steps = []Step{{service, accessBlock.put, canonical(call), say("turn all four settings on", "4 つの設定をすべて有効にする")}}
	if was == nil {
		p.Inverse = []Step{{service, accessBlock.remove, canonical(undo), say("remove the block", "ブロックの設定を削除する")}}
		return p, nil
	}
	undo.Configuration = was
	p.Inverse = []Step{{service, accessBlock.put, canonical(undo), say("put the settings back", "設定を元の値に戻す")}}
	return p, nil
}

// bucketBlock turns a bucket's public access block on (S3.8). Where a public
// policy, a public grant or a website shows that somebody wants the bucket
// public, or where that cannot be read, it only suggests.
type bucketBlock struct{}

var _ Remedy = bucketBlock{}

func (bucketBlock) About() About {
	return About{
		Name: "s3-public-access-block", Types: []string{live.Bucket}, Controls: []string{"S3.8"},
		Title:       say("Block public access to a bucket", "バケットへのパブリックアクセスをブロックする"),
		Permissions: []string{"s3:PutBucketPublicAccessBlock"},
		Events:      []string{"DeleteBucketPublicAccessBlock", "PutBucketPublicAccessBlock"},
	}
}

func (bucketBlock) Plan(req Request) (Plan, error) {
	p, err := planBlock(req, "s3", "S3.8", blockCall{Bucket: req.Resource.ID, ExpectedBucketOwner: req.Resource.Account})
	if err != nil {
		return Plan{}, err
	}
	p.SuggestOnly = publicBucket(req.Resource)
	return p, nil
}

// publicBucket says what shows that a bucket is, or may be, meant to be public.
// A policy that nobody judged counts as public.
func publicBucket(r resource.Resource) []Words {
	var out []Words
	for _, part := range []string{live.FactPolicy, live.FactPolicyPublic, "WebsiteConfiguration", live.FactGrants} {
		if why := r.UnreadParts()[part]; why != "" {
			out = append(out, say("whether it is meant to be public cannot be told: %s: %s", "公開を意図したバケットか判断できません（%s：%s）", part, why))
		}
	}
	public, judged := r.Facts[live.FactPolicyPublic].(bool)
	policy, _ := r.Facts[live.FactPolicy].(string)
	switch {
	case public:
		out = append(out, say("its policy makes the bucket public: the block would cut that access off", "バケットポリシーで公開されています。ブロックするとそのアクセスが遮断されます"))
	case !judged && policy != "":
		out = append(out, say("it has a policy of which AWS did not say whether it is public", "バケットポリシーが公開かどうか AWS から判定を得られません"))
	}
	if _, ok := r.Properties["WebsiteConfiguration"]; ok {
		out = append(out, say("it serves a website", "静的ウェブサイトとして使われています"))
	}
	grants, _ := r.Facts[live.FactGrants].([]live.Grant)
	if slices.ContainsFunc(grants, func(g live.Grant) bool {
		return strings.HasSuffix(g.Grantee, "/global/AllUsers") || strings.HasSuffix(g.Grantee, "/global/AuthenticatedUsers")
	}) {
		out = append(out, say("its ACL grants access to everybody", "ACL で全員にアクセスを許可しています"))
	}
	return out
}

func (bucketBlock) Unchanged(p Plan, sent []Step, r resource.Resource) error {
	if why := publicBucket(r); len(why) > 0 && len(p.SuggestOnly) == 0 {
		return &ChangedError{why[0]}
	}
	return accessBlock.unchanged(p, sent, r, member(accessBlock.property))
}

func (bucketBlock) Rest(s Step, r resource.Resource) (Step, bool, error) {
	return accessBlock.rest(s, r, member(accessBlock.property))
}

// accountBlock turns the account-wide block on (S3.1). It reaches every bucket of
// the account, also those that are meant to be public, so a person always looks
// first.
type accountBlock struct{}

var _ Remedy = accountBlock{}

func (accountBlock) About() About {
	return About{
		Name: "s3-account-public-access-block", Types: []string{live.Account, live.AccountPublicAccessBlock}, Controls: []string{"S3.1"},
		Title:       say("Block public access to all buckets of an account", "アカウントの全バケットへのパブリックアクセスをブロックする"),
		Permissions: []string{"s3:PutAccountPublicAccessBlock"},
		Events:      []string{"DeleteAccountPublicAccessBlock", "PutAccountPublicAccessBlock"},
	}
}

func (accountBlock) Plan(req Request) (Plan, error) {
	p, err := planBlock(req, "s3control", "S3.1", blockCall{AccountID: req.Resource.Account})
	if err != nil {
		return Plan{}, err
	}
	p.Wait = append(p.Wait, say("it reaches every bucket of the account, also any that serves the public on purpose", "アカウント内のすべてのバケットに影響し、意図的に公開しているバケットも遮断されます"))
	return p, nil
}

func (accountBlock) Unchanged(p Plan, sent []Step, r resource.Resource) error {
	return accessBlock.unchanged(p, sent, r, member(accessBlock.property))
}

func (accountBlock) Rest(s Step, r resource.Resource) (Step, bool, error) {
	return accessBlock.rest(s, r, member(accessBlock.property))
}

func (bucketBlock) Reversible(p Plan, r resource.Resource) error {
	return accessBlock.unchanged(p, slices.Concat(p.Steps, p.Inverse), r, member(accessBlock.property))
}

func (accountBlock) Reversible(p Plan, r resource.Resource) error {
	return accessBlock.unchanged(p, slices.Concat(p.Steps, p.Inverse), r, member(accessBlock.property))
}
