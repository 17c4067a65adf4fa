package config

import (
	"encoding/json"

	"github.com/invopop/jsonschema"

	"zesei/internal/policy"
)

// Schema describes zesei.yaml as JSON Schema (2020-12), with that of policy.yaml
// under $defs/policy, for editors and for `zesei config schema`.
func Schema() ([]byte, error) {
	r := jsonschema.Reflector{FieldNameTag: "yaml", Anonymous: true, DoNotReference: true, RequiredFromJSONSchemaTags: true}
	s := r.Reflect(&Config{})
	s.Title = "zesei.yaml"
	p := policy.Schema()
	p.Version = ""
	s.Definitions = jsonschema.Definitions{"policy": p}
	return json.MarshalIndent(s, "", "  ")
}
