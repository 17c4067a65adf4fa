// Package baseline holds the CloudFormation templates that an account needs so
// that zesei can work there: the way of events into a queue (intake), and the
// roles by which an account is read and changed (member-role).
//
// The templates are YAML files; what the roles may do is one list for all of
// them (templates/permissions.yaml), which a test holds against the calls that
// the code makes. Partitions are ${AWS::Partition} throughout. Nothing here is
// deployed: who prints a template deploys it.
package baseline

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml"
)

//go:embed templates
var files embed.FS

// The names of the templates.
const (
	Intake     = "intake"
	MemberRole = "member-role"
)

// Names are the names of the templates.
func Names() []string { return []string{Intake, MemberRole} }

// Permissions are IAM actions by what they are for.
type Permissions struct {
	Read []string `yaml:"read"` // of the read role
	Fix  []string `yaml:"fix"`  // of the write role, on resources
	Hub  []string `yaml:"hub"`  // of the write role, on findings
	// Organization is for the role or user that lists accounts.
	Organization []string `yaml:"organization"`
}

// AllPermissions reads the list.
func AllPermissions() (Permissions, error) {
	var p Permissions
	data, err := files.ReadFile("templates/permissions.yaml")
	if err == nil {
		err = yaml.Unmarshal(data, &p)
	}
	if err != nil {
		return p, fmt.Errorf("permissions.yaml: %w", err)
	}
	return p, nil
}

// Template prints a template as YAML.
func Template(name string) ([]byte, error) {
	if !slices.Contains(Names(), name) {
		return nil, fmt.Errorf("no template is named %q: expected %s", name, strings.Join(Names(), " or "))
	}
	p, err := AllPermissions()
	if err != nil {
		return nil, err
	}
	// The delimiters are none of CloudFormation's.
	t, err := template.New(name+".yaml").Delims("<<", ">>").Funcs(template.FuncMap{"actions": actions}).ParseFS(files, "templates/"+name+".yaml")
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// actions writes a list of actions, each on a line of its own, indented.
func actions(indent int, list []string) string {
	lines := make([]string, len(list))
	for i, a := range list {
		lines[i] = "\n" + strings.Repeat(" ", indent) + "- " + a
	}
	return strings.Join(lines, "")
}
