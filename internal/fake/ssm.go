package fake

import (
	"net/http"
	"strings"
	"time"
)

func ssmService() *service {
	return &service{
		name: "ssm", source: "ssm.amazonaws.com", protocol: jsonProtocol{},
		denied:    refusal{"AccessDeniedException", http.StatusBadRequest},
		throttled: refusal{"ThrottlingException", http.StatusBadRequest},
		operations: map[string]operation{
			"GetParameter": read(getParameter),
			"PutParameter": write(putParameter),
		},
	}
}

type parameter struct {
	kind, value string
	version     int
	at          time.Time
}

// PutParameter stores a SecureString parameter.
func (c *Cloud) PutParameter(account, region, name, value string) {
	c.locked(func() {
		r := c.region(account, region)
		p := r.params[name]
		if p == nil {
			p = &parameter{kind: "SecureString"}
			r.params[name] = p
		}
		p.value, p.at, p.version = value, c.now(), p.version+1
	})
}

func getParameter(c *call) (any, error) {
	var in struct {
		Name           string
		WithDecryption bool
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	name := in.Name
	if _, resource, ok := cutARN(name); ok {
		name = strings.TrimPrefix(resource, "parameter")
	}
	p := c.region().params[name]
	if p == nil {
		p = c.region().params[strings.TrimPrefix(name, "/")]
	}
	if p == nil {
		return nil, fail(http.StatusBadRequest, "ParameterNotFound", "Parameter %s not found.", in.Name)
	}
	value := p.value
	if p.kind == "SecureString" && !in.WithDecryption {
		value = "AQICAHencrypted" + strings.Repeat("x", 16) // what KMS would return is opaque
	}
	return map[string]any{"Parameter": map[string]any{
		"Name": name, "Type": p.kind, "Value": value, "Version": p.version, "LastModifiedDate": p.at.Unix(), "DataType": "text",
		"ARN": c.cloud.arn("ssm", c.regionName(), c.account(), "parameter/"+strings.TrimPrefix(name, "/")),
	}}, nil
}

func putParameter(c *call) (any, error) {
	var in struct {
		Name, Value, Type string
		Overwrite         bool
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	r := c.region()
	p := r.params[in.Name]
	if p != nil && !in.Overwrite {
		return nil, fail(http.StatusBadRequest, "ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	}
	if p == nil {
		p = &parameter{kind: orText(in.Type, "String")}
		r.params[in.Name] = p
	}
	if in.Type != "" {
		p.kind = in.Type
	}
	p.value, p.at, p.version = in.Value, c.now(), p.version+1
	return map[string]any{"Version": p.version, "Tier": "Standard"}, nil
}
