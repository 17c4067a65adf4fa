package policy

import "github.com/invopop/jsonschema"

// Schema describes policy.yaml as JSON Schema (2020-12).
func Schema() *jsonschema.Schema {
	s := reflectInline(&File{})
	s.Version = jsonschema.Version
	s.Title = "policy.yaml"
	return s
}

// reflectInline describes a value without references to other definitions.
func reflectInline(v any) *jsonschema.Schema {
	r := jsonschema.Reflector{FieldNameTag: "yaml", Anonymous: true, DoNotReference: true, RequiredFromJSONSchemaTags: true}
	s := r.Reflect(v)
	s.Version = ""
	return s
}
