package awscloud

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// Secrets resolves the secrets that a configuration names, with the ambient
// credentials: `${secretsmanager:ARN#key}` and `${ssm:NAME}`. Values are never
// kept, logged or put into an error.
type Secrets struct{ cloud *Cloud }

// NewSecrets makes a resolver over c.
func NewSecrets(c *Cloud) *Secrets { return &Secrets{cloud: c} }

// Resolve gives the value of ref. kind is "secretsmanager" (an ARN or name, and
// after # the key of a JSON object, without which the whole string is taken) or
// "ssm" (a parameter's name or ARN, decrypted).
func (s *Secrets) Resolve(ctx context.Context, kind, ref string) (string, error) {
	switch kind {
	case "secretsmanager":
		return s.secret(ctx, ref)
	case "ssm":
		return s.parameter(ctx, ref)
	}
	return "", fmt.Errorf("secret %s:%s: unknown kind %q, want secretsmanager or ssm", kind, ref, kind)
}

func (s *Secrets) secret(ctx context.Context, ref string) (string, error) {
	id, key, hasKey := strings.Cut(ref, "#")
	cfg, err := s.cloud.Ambient(ctx, regionOf(id))
	if err != nil {
		return "", err
	}
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(id)})
	if err != nil {
		return "", fmt.Errorf("read secret %s: %w", id, err)
	}
	if out.SecretString == nil {
		return "", fmt.Errorf("secret %s holds bytes, want a string", id)
	}
	if !hasKey {
		return *out.SecretString, nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(*out.SecretString), &object) != nil {
		return "", fmt.Errorf("secret %s is not a JSON object: write the reference without #%s to take the whole string", id, key)
	}
	raw, ok := object[key]
	if !ok {
		return "", fmt.Errorf("secret %s has no key %q", id, key)
	}
	var value string
	if json.Unmarshal(raw, &value) != nil {
		return "", fmt.Errorf("secret %s: the value of key %q is not a string", id, key)
	}
	return value, nil
}

func (s *Secrets) parameter(ctx context.Context, name string) (string, error) {
	cfg, err := s.cloud.Ambient(ctx, regionOf(name))
	if err != nil {
		return "", err
	}
	out, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
	if err != nil {
		return "", fmt.Errorf("read parameter %s: %w", name, err)
	}
	if out.Parameter == nil || out.Parameter.Value == nil {
		return "", fmt.Errorf("parameter %s has no value", name)
	}
	return *out.Parameter.Value, nil
}

// regionOf is the Region that an ARN names; "" for a plain name.
func regionOf(id string) string {
	a, err := arn.Parse(id)
	if err != nil {
		return ""
	}
	return a.Region
}
