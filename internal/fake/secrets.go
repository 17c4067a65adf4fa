package fake

import (
	"net/http"
	"strings"
	"time"
)

func secretsService() *service {
	return &service{
		name: "secretsmanager", source: "secretsmanager.amazonaws.com", protocol: jsonProtocol{},
		denied:    refusal{"AccessDeniedException", http.StatusBadRequest},
		throttled: refusal{"ThrottlingException", http.StatusBadRequest},
		operations: map[string]operation{
			"GetSecretValue": read(getSecretValue),
			"CreateSecret":   write(createSecret),
			"PutSecretValue": write(putSecretValue),
		},
	}
}

type secret struct {
	arn, name string
	versions  []secretVersion // the last is AWSCURRENT, the one before AWSPREVIOUS
}

type secretVersion struct {
	id, text string
	binary   []byte
	at       time.Time
}

type secretInput struct {
	Name, SecretId, SecretString, ClientRequestToken string
	SecretBinary                                     []byte
	VersionId, VersionStage                          string
}

// PutSecret stores a secret, or a new version of it, and returns its ARN.
func (c *Cloud) PutSecret(account, region, name, value string) string {
	var arn string
	c.locked(func() {
		r := c.region(account, region)
		s := r.secrets[name]
		if s == nil {
			s = &secret{arn: c.arn("secretsmanager", region, account, "secret:"+name+"-"+c.hex(6)), name: name}
			r.secrets[name] = s
		}
		s.versions = append(s.versions, secretVersion{id: c.uuid(), text: value, at: c.now()})
		arn = s.arn
	})
	return arn
}

func createSecret(c *call) (any, error) {
	var in secretInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if in.Name == "" {
		return nil, fail(http.StatusBadRequest, "ValidationException", "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null")
	}
	r := c.region()
	if r.secrets[in.Name] != nil {
		return nil, fail(http.StatusBadRequest, "ResourceExistsException", "The operation failed because the secret %s already exists.", in.Name)
	}
	s := &secret{arn: c.cloud.arn("secretsmanager", c.regionName(), c.account(), "secret:"+in.Name+"-"+c.cloud.hex(6)), name: in.Name}
	r.secrets[in.Name] = s
	out := map[string]any{"ARN": s.arn, "Name": s.name}
	if in.SecretString != "" || in.SecretBinary != nil {
		out["VersionId"] = c.addVersion(s, in)
	}
	return out, nil
}

func (c *call) addVersion(s *secret, in secretInput) string {
	id := orText(in.ClientRequestToken, c.cloud.uuid())
	s.versions = append(s.versions, secretVersion{id: id, text: in.SecretString, binary: in.SecretBinary, at: c.now()})
	return id
}

// secret finds by name, ARN, or ARN without the random ending.
func (c *call) secret(id string) (*secret, error) {
	for _, s := range c.region().secrets {
		if id == s.name || id == s.arn || strings.HasPrefix(id, "arn:") && len(s.arn) == len(id)+7 && strings.HasPrefix(s.arn, id+"-") {
			return s, nil
		}
	}
	if owner, _, ok := cutARN(id); ok && owner != c.account() {
		return nil, c.denied()
	}
	return nil, fail(http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

func putSecretValue(c *call) (any, error) {
	var in secretInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	s, err := c.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	for _, v := range s.versions { // the token makes a repeated call harmless
		if in.ClientRequestToken != "" && v.id == in.ClientRequestToken {
			if v.text != in.SecretString {
				return nil, fail(http.StatusBadRequest, "ResourceExistsException", "A resource with the ID you requested already exists.")
			}
			return map[string]any{"ARN": s.arn, "Name": s.name, "VersionId": v.id, "VersionStages": []string{"AWSCURRENT"}}, nil
		}
	}
	return map[string]any{"ARN": s.arn, "Name": s.name, "VersionId": c.addVersion(s, in), "VersionStages": []string{"AWSCURRENT"}}, nil
}

func getSecretValue(c *call) (any, error) {
	var in secretInput
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	s, err := c.secret(in.SecretId)
	if err != nil {
		return nil, err
	}
	for i := len(s.versions) - 1; i >= 0; i-- {
		v := s.versions[i]
		stage := map[int]string{len(s.versions) - 1: "AWSCURRENT", len(s.versions) - 2: "AWSPREVIOUS"}[i]
		if in.VersionId != "" && in.VersionId != v.id || in.VersionId == "" && stage != orText(in.VersionStage, "AWSCURRENT") {
			continue
		}
		out := map[string]any{"ARN": s.arn, "Name": s.name, "VersionId": v.id, "CreatedDate": v.at.Unix(), "VersionStages": []string{stage}}
		if v.binary != nil {
			out["SecretBinary"] = v.binary
		} else {
			out["SecretString"] = v.text
		}
		return out, nil
	}
	return nil, fail(http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: %s", orText(in.VersionStage, "AWSCURRENT"))
}
