package remedy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"zesei/internal/awscloud"
	"zesei/internal/resource"
)

// sender sends the steps of one fix to one resource's account.
type sender struct {
	clients Clients
	ref     resource.Ref
	session string
	now     func() time.Time
}

// send carries a step out. EC2 refuses a whole call when one of its entries is
// there (or gone) already; the entries are then sent one by one, and one that is
// there (or gone) counts as done.
func (s sender) send(ctx context.Context, step Step) (Result, error) {
	ids, err := s.once(ctx, step)
	if err == nil {
		return Result{At: s.now(), RuleIDs: ids}, nil
	}
	if !standsAlready(err) {
		return Result{}, fmt.Errorf("%s %s: %w", step.Service, step.Operation, err)
	}
	single, splitErr := splitGroupStep(step)
	if splitErr != nil {
		return Result{}, splitErr
	}
	r := Result{Found: true}
	for i := 0; len(single) > 1 && i < len(single); i++ {
		ids, err := s.once(ctx, single[i])
		if err != nil && !standsAlready(err) {
			return Result{}, fmt.Errorf("%s %s, part %d of %d: %w", step.Service, step.Operation, i+1, len(single), err)
		}
		r.RuleIDs = append(r.RuleIDs, ids...)
	}
	r.At = s.now()
	return r, nil
}

// standsAlready recognises EC2's answers that mean that an entry is there, or
// gone, already.
// Source: Amazon EC2 API Reference, "Error codes for the Amazon EC2 API".
func standsAlready(err error) bool {
	switch awscloud.Code(err) {
	case "InvalidPermission.Duplicate", "InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound":
		return true
	}
	return false
}

func splitGroupStep(step Step) ([]Step, error) {
	call, _, _, err := readGroupStep(step)
	if err != nil {
		return nil, err
	}
	var out []Step
	part := func(one groupCall) {
		s := step
		s.Params = canonical(one)
		out = append(out, s)
	}
	for _, p := range call.IPPermissions {
		part(groupCall{GroupID: call.GroupID, IPPermissions: []permission{p}, TagSpecifications: call.TagSpecifications})
	}
	for _, id := range call.SecurityGroupRuleIDs {
		part(groupCall{GroupID: call.GroupID, SecurityGroupRuleIDs: []string{id}})
	}
	return out, nil
}

// once makes one call with exactly the step's parameters, and returns the ids of
// the security group rules that AWS names in its answer.
func (s sender) once(ctx context.Context, step Step) ([]string, error) {
	switch step.Service {
	case "ec2":
		api, err := s.clients.EC2(ctx, s.ref, s.session)
		if err != nil {
			return nil, err
		}
		return sendEC2(ctx, api, step)
	case "s3":
		api, err := s.clients.S3(ctx, s.ref, s.session)
		if err != nil {
			return nil, err
		}
		return nil, sendS3(ctx, api, step)
	case "s3control":
		api, err := s.clients.S3Control(ctx, s.ref, s.session)
		if err != nil {
			return nil, err
		}
		switch step.Operation {
		case "PutPublicAccessBlock":
			_, err = call(ctx, step, api.PutPublicAccessBlock)
		case "DeletePublicAccessBlock":
			_, err = call(ctx, step, api.DeletePublicAccessBlock)
		default:
			return nil, wrongStep(step)
		}
		return nil, err
	}
	return nil, wrongStep(step)
}

// call reads the step's parameters into the client's own input, whose fields
// carry the API's names. A parameter that the client does not know is an error:
// nothing of an approved plan is left out silently.
func call[In, Out, Opt any](ctx context.Context, step Step, do func(context.Context, *In, ...func(*Opt)) (*Out, error)) (*Out, error) {
	in := new(In)
	d := json.NewDecoder(bytes.NewReader(step.Params))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return nil, &awscloud.UnsentError{Err: fmt.Errorf("read the parameters of %s: %w", step.Operation, err)}
	}
	return do(ctx, in)
}

func sendEC2(ctx context.Context, api EC2, step Step) ([]string, error) {
	switch step.Operation {
	case "AuthorizeSecurityGroupIngress":
		out, err := call(ctx, step, api.AuthorizeSecurityGroupIngress)
		if err != nil {
			return nil, err
		}
		return addedIDs(out.SecurityGroupRules), accepted(step, out.Return)
	case "AuthorizeSecurityGroupEgress":
		out, err := call(ctx, step, api.AuthorizeSecurityGroupEgress)
		if err != nil {
			return nil, err
		}
		return addedIDs(out.SecurityGroupRules), accepted(step, out.Return)
	case "RevokeSecurityGroupIngress":
		out, err := call(ctx, step, api.RevokeSecurityGroupIngress)
		if err != nil {
			return nil, err
		}
		return revokedIDs(out.RevokedSecurityGroupRules), accepted(step, out.Return)
	case "RevokeSecurityGroupEgress":
		out, err := call(ctx, step, api.RevokeSecurityGroupEgress)
		if err != nil {
			return nil, err
		}
		return revokedIDs(out.RevokedSecurityGroupRules), accepted(step, out.Return)
	}
	return nil, wrongStep(step)
}

// accepted turns an answer of "false" into an error: whether the call was done
// is then for a look at the group to say.
func accepted(step Step, ok *bool) error {
	if ok != nil && !aws.ToBool(ok) {
		return &awscloud.InDoubtError{Err: fmt.Errorf("%s answered false", step.Operation)}
	}
	return nil
}

func addedIDs(rules []types.SecurityGroupRule) []string {
	var out []string
	for _, r := range rules {
		out = append(out, aws.ToString(r.SecurityGroupRuleId))
	}
	return out
}

func revokedIDs(rules []types.RevokedSecurityGroupRule) []string {
	var out []string
	for _, r := range rules {
		out = append(out, aws.ToString(r.SecurityGroupRuleId))
	}
	return out
}

func sendS3(ctx context.Context, api S3, step Step) error {
	var err error
	switch step.Operation {
	case "PutBucketEncryption":
		_, err = call(ctx, step, api.PutBucketEncryption)
	case "DeleteBucketEncryption":
		_, err = call(ctx, step, api.DeleteBucketEncryption)
	case "PutBucketVersioning":
		_, err = call(ctx, step, api.PutBucketVersioning)
	case "PutPublicAccessBlock":
		_, err = call(ctx, step, api.PutPublicAccessBlock)
	case "DeletePublicAccessBlock":
		_, err = call(ctx, step, api.DeletePublicAccessBlock)
	default:
		return wrongStep(step)
	}
	return err
}
