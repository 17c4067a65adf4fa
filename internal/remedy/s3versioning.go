package remedy

import (
	"encoding/json"
	"fmt"
	"slices"

	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

// bucketVersioning enables versioning (S3.14). Undo suspends it again only while
// no object has a version; a bucket can never become unversioned again.
type bucketVersioning struct{}

var _ Remedy = bucketVersioning{}

var versioning = setting{property: "VersioningConfiguration", put: "PutBucketVersioning"}

type versioningCall struct {
	Bucket              string         `json:"Bucket"`
	ExpectedBucketOwner string         `json:"ExpectedBucketOwner"`
	Configuration       versioningWith `json:"VersioningConfiguration"`
}

type versioningWith struct {
	Status string `json:"Status"`
}

func (bucketVersioning) About() About {
	return About{
		Name: "s3-versioning", Types: []string{live.Bucket}, Controls: []string{"S3.14"},
		Title:       say("Keep earlier versions of a bucket's objects", "バケットのオブジェクトの旧バージョンを保持する"),
		Permissions: []string{"s3:ListBucketVersions", "s3:PutBucketVersioning"},
		Events:      []string{"PutBucketVersioning"},
	}
}

func (bucketVersioning) Plan(req Request) (Plan, error) {
	r := req.Resource
	prior, err := versioning.read(r)
	if err != nil {
		return Plan{}, err
	}
	var was versioningWith
	if err := json.Unmarshal(prior, &was); err != nil {
		return Plan{}, unread(r, "VersioningConfiguration")
	}
	if was.Status == "Enabled" {
		return Plan{}, fmt.Errorf("%w: versioning of %s is enabled", ErrNothingToDo, r.ID)
	}
	if mfa, _ := r.Facts[live.FactMFADelete].(bool); mfa {
		return Plan{}, refuse("kind", "%s has MFA delete, so only its root user with the device can change versioning", "%s は MFA Delete が有効なため、バージョニングの変更にはルートユーザーと MFA デバイスが必要です", r.ID)
	}
	call := func(status string) json.RawMessage {
		return canonical(versioningCall{r.ID, r.Account, versioningWith{status}})
	}
	return Plan{
		Prior: prior, Post: Post{Pass: []string{"S3.14"}},
		Summary: say("%s: enable versioning", "%s：バージョニングを有効にします", r.ID),
		Steps:   []Step{{"s3", versioning.put, call("Enabled"), say("enable versioning", "バージョニングを有効にする")}},
		Inverse: []Step{{"s3", versioning.put, call("Suspended"), say("suspend versioning, while no object has a version", "オブジェクトにバージョンがなければバージョニングを停止する")}},
		Warnings: []Words{
			say("earlier versions are stored and charged until a lifecycle rule removes them", "旧バージョンはライフサイクルルールで削除するまで保存され、料金がかかります"),
			say("undo cannot make the bucket unversioned again: it can only suspend, and does not where objects have versions", "元に戻しても未使用の状態には戻せません。停止のみ可能で、オブジェクトにバージョンがある場合は停止もしません"),
		},
	}, nil
}

func (bucketVersioning) Unchanged(p Plan, sent []Step, r resource.Resource) error {
	return versioning.unchanged(p, sent, r, member("VersioningConfiguration"))
}

func (bucketVersioning) Rest(s Step, r resource.Resource) (Step, bool, error) {
	return versioning.rest(s, r, member("VersioningConfiguration"))
}

func (bucketVersioning) Reversible(p Plan, r resource.Resource) error {
	return versioning.unchanged(p, slices.Concat(p.Steps, p.Inverse), r, member("VersioningConfiguration"))
}
