package config

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"zesei/internal/config/document"
)

// Secret is a reference to a secret. It holds no secret value, and however it is
// printed it shows at most that there is one. The zero Secret is unset.
type Secret struct {
	kind    string // env, file, secretsmanager, ssm
	name    string
	sources *sources
}

// SecretResolver fetches secrets that live in AWS. Kind is secretsmanager (name:
// an ARN, with #key for one key of a JSON secret) or ssm (name: a parameter).
type SecretResolver interface {
	Resolve(ctx context.Context, kind, name string) (string, error)
}

// sources are where `${env:…}` and `${file:…}` look.
type sources struct {
	env  func(string) (string, bool)
	read func(string) ([]byte, error)
	dir  string // relative file names are joined to it
}

const hidden = "‹secret›"

var referenceKinds = []string{"env", "file", "secretsmanager", "ssm"}

// IsSet says whether the configuration names a secret.
func (s Secret) IsSet() bool { return s.kind != "" }

// Reference is where the secret lives, such as env:SLACK_TOKEN. It is no secret.
func (s Secret) Reference() string {
	if !s.IsSet() {
		return ""
	}
	return s.kind + ":" + s.name
}

// Value fetches the secret. env and file are read here, everything else by r,
// which may be nil. A trailing line break of a file is left out.
func (s Secret) Value(ctx context.Context, r SecretResolver) (string, error) {
	switch {
	case !s.IsSet():
		return "", nil
	case s.kind == "env" || s.kind == "file":
		return s.sources.value(s.kind, s.name)
	case r == nil:
		return "", fmt.Errorf("read secret %s: nothing here can reach AWS", s.Reference())
	}
	v, err := r.Resolve(ctx, s.kind, s.name)
	if err != nil {
		return "", fmt.Errorf("read secret %s: %w", s.Reference(), err)
	}
	return v, nil
}

func (s *sources) value(kind, name string) (string, error) {
	if kind == "env" {
		if v, ok := s.env(name); ok {
			return v, nil
		}
		return "", fmt.Errorf("environment variable %s is not set", name)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.dir, name)
	}
	data, err := s.read(name)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}

// expand replaces a reference in text that is no secret.
func (s *sources) expand(reference string) (string, error) {
	kind, name, _ := strings.Cut(reference, ":")
	switch {
	case kind == "env" || kind == "file":
		return s.value(kind, name)
	case slices.Contains(referenceKinds, kind):
		return "", fmt.Errorf("${%s:…} may stand only where a secret belongs", kind)
	}
	return "", fmt.Errorf("${%s} is no reference: write ${env:NAME} or ${file:PATH}, or $${ for the characters themselves", reference)
}

// ReadValue reads a reference. Plain text is refused.
func (s *Secret) ReadValue(v document.Value) {
	const expected = "${env:NAME}, ${file:PATH}, ${secretsmanager:ARN#key} or ${ssm:NAME}"
	raw := strings.TrimSpace(v.Raw())
	inner, opened := strings.CutPrefix(raw, "${")
	inner, closed := strings.CutSuffix(inner, "}")
	if v.Kind() == document.Sequence || v.Kind() == document.Mapping || !opened || !closed || strings.ContainsAny(inner, "{}") {
		v.Wrong("secrets stand here by reference only", expected, "put the secret there, and revoke it if this file was shared")
		return
	}
	kind, name, _ := strings.Cut(inner, ":")
	if !slices.Contains(referenceKinds, kind) || name == "" {
		v.Wrong(fmt.Sprintf("${%s:…} is no reference", kind), expected, document.DidYouMean(kind, referenceKinds))
		return
	}
	*s = Secret{kind: kind, name: name}
}

// String shows that there is a secret, never more.
func (s Secret) String() string {
	if !s.IsSet() {
		return ""
	}
	return hidden
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// Format prints String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText is String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// JSONSchema says that it is a reference.
func (Secret) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^\$\{(env|file|secretsmanager|ssm):.+\}$`, Examples: []any{"${env:SLACK_TOKEN}"}}
}
