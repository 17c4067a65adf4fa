package remedy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"zesei/internal/resource"
	"zesei/internal/resource/live"
)

const optionKMSKey = "kms_key" // key ARN, id or alias; empty: SSE-S3

// bucketEncryption sets default encryption where a bucket has none (S3.4): with
// keys that S3 manages, or with `kms_key`. A bucket that has any is left alone.
type bucketEncryption struct{}

var _ Remedy = bucketEncryption{}

var encryption = setting{"BucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption"}

// kmsKey is what S3 takes as KMSMasterKeyID: id, alias, or the ARN of either
// (Amazon S3 API Reference, ServerSideEncryptionByDefault).
var kmsKey = regexp.MustCompile(`^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:)?((key/)?(mrk-)?[0-9a-f-]{32,36}|alias/[A-Za-z0-9/_-]+)$`)

// The API's own shapes.
type encryptionRule struct {
	Default struct {
		SSEAlgorithm   string `json:"SSEAlgorithm"`
		KMSMasterKeyID string `json:"KMSMasterKeyID,omitempty"`
	} `json:"ApplyServerSideEncryptionByDefault"`
	BucketKeyEnabled bool `json:"BucketKeyEnabled,omitempty"`
}

type encryptionCall struct {
	Bucket              string `json:"Bucket"`
	ExpectedBucketOwner string `json:"ExpectedBucketOwner"`
	Configuration       *struct {
		Rules []encryptionRule `json:"Rules"`
	} `json:"ServerSideEncryptionConfiguration,omitempty"`
}

func (bucketEncryption) About() About {
	return About{
		Name: "s3-encryption", Types: []string{live.Bucket}, Controls: []string{"S3.4"},
		Title:       say("Encrypt new objects of a bucket by default", "バケットの新しいオブジェクトをデフォルトで暗号化する"),
		Options:     map[string][]string{optionKMSKey: nil},
		Permissions: []string{"s3:PutEncryptionConfiguration"},
		Events:      []string{"DeleteBucketEncryption"},
	}
}

func (bucketEncryption) Plan(req Request) (Plan, error) {
	prior, err := encryption.read(req.Resource)
	if err != nil {
		return Plan{}, err
	}
	if string(prior) != "null" {
		return Plan{}, fmt.Errorf("%w: %s already has default encryption", ErrNothingToDo, req.Resource.ID)
	}
	call := encryptionCall{Bucket: req.Resource.ID, ExpectedBucketOwner: req.Resource.Account}
	undo := call
	var rule encryptionRule
	rule.Default.SSEAlgorithm = "AES256"
	with := say("keys that S3 manages (SSE-S3)", "S3 管理のキー（SSE-S3）")
	p := Plan{Prior: prior, Post: Post{Pass: []string{"S3.4"}}}
	if key := req.With[optionKMSKey]; key != "" {
		if !kmsKey.MatchString(key) {
			return Plan{}, refuse("options", "kms_key: %q is neither a KMS key ARN, a key id nor an alias", "kms_key: %q は KMS キーの ARN、キー ID、エイリアスのいずれでもありません", key)
		}
		rule.Default.SSEAlgorithm, rule.Default.KMSMasterKeyID, rule.BucketKeyEnabled = "aws:kms", key, true
		with = say("KMS key %s", "KMS キー %s", key)
		p.Warnings = append(p.Warnings, say("whoever writes or reads new objects needs the right to use the key", "新しいオブジェクトを読み書きする主体には、このキーの使用権限が必要になります"))
	}
	call.Configuration = &struct {
		Rules []encryptionRule `json:"Rules"`
	}{[]encryptionRule{rule}}
	p.Summary = Words{fmt.Sprintf("%s: encrypt new objects by default with %s", req.Resource.ID, with.EN), fmt.Sprintf("%s：新しいオブジェクトを %s でデフォルト暗号化します", req.Resource.ID, with.JA)}
	p.Steps = []Step{{"s3", encryption.put, canonical(call), p.Summary}}
	p.Inverse = []Step{{"s3", encryption.remove, canonical(undo), say("remove the default encryption", "デフォルト暗号化の設定を削除する")}}
	p.Warnings = append(p.Warnings,
		say("objects that exist already stay as they are", "既存のオブジェクトは変更されません"),
		say("undo leaves objects that were encrypted meanwhile encrypted, and S3 goes on encrypting new ones with SSE-S3", "元に戻しても、その間に暗号化されたオブジェクトは暗号化されたままで、S3 は新しいオブジェクトを SSE-S3 で暗号化し続けます"))
	return p, nil
}

// sameEncryption compares algorithm and key; the API and CloudFormation name the
// parts differently.
func sameEncryption(step Step, now json.RawMessage) (bool, error) {
	var call encryptionCall
	if err := json.Unmarshal(step.Params, &call); err != nil {
		return false, fmt.Errorf("read the parameters of %s: %w", step.Operation, err)
	}
	var have struct {
		Rules []struct {
			Default struct{ SSEAlgorithm, KMSMasterKeyID string } `json:"ServerSideEncryptionByDefault"`
		} `json:"ServerSideEncryptionConfiguration"`
	}
	if err := json.Unmarshal(now, &have); err != nil {
		return false, fmt.Errorf("read BucketEncryption: %w", err)
	}
	if call.Configuration == nil || len(call.Configuration.Rules) == 0 || len(have.Rules) == 0 {
		return false, nil
	}
	want, is := call.Configuration.Rules[0].Default, have.Rules[0].Default
	return want.SSEAlgorithm == is.SSEAlgorithm && want.KMSMasterKeyID == is.KMSMasterKeyID, nil
}

func (bucketEncryption) Unchanged(p Plan, sent []Step, r resource.Resource) error {
	return encryption.unchanged(p, sent, r, sameEncryption)
}

func (bucketEncryption) Rest(s Step, r resource.Resource) (Step, bool, error) {
	return encryption.rest(s, r, sameEncryption)
}

func (bucketEncryption) Reversible(p Plan, r resource.Resource) error {
	return encryption.unchanged(p, slices.Concat(p.Steps, p.Inverse), r, sameEncryption)
}
