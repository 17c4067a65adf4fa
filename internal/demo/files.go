package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed files/*.tmpl
var templates embed.FS

// configuration is what the templates of zesei.yaml and policy.yaml see.
type configuration struct {
	Company, Store, Language, Region, Hub, Token, Slack, User string
	Accounts                                                  []account
	Owners                                                    []owner
	People                                                    []person
}

// writeFiles writes the files that the company's security team wrote, and env,
// with which another shell reaches the twin.
func (d *Demo) writeFiles() error {
	c := d.world.company
	conf := configuration{
		Company: c.Name.In(d.language), Store: "sqlite:" + filepath.Join(d.Dir, "zesei.db"), Language: d.language, Region: c.Region,
		Hub: c.hub().ID, Token: d.world.token, Slack: d.world.slackURL + "/api/", User: d.user,
		Accounts: c.Accounts, Owners: c.Owners,
	}
	for _, p := range c.People {
		if p.Name != d.user {
			conf.People = append(conf.People, p)
		}
	}
	for i, o := range conf.Owners {
		if o.Mention == d.user { // the person of that name is the reader now
			conf.Owners = append([]owner(nil), conf.Owners...)
			conf.Owners[i].Mention = conf.People[0].Name
		}
	}
	parsed, err := template.New("").Funcs(template.FuncMap{"t": d.t, "json": quoted}).ParseFS(templates, "files/*.tmpl")
	if err != nil {
		return fmt.Errorf("reading the demo's templates: %w", err)
	}
	for _, name := range []string{"zesei.yaml", "policy.yaml"} {
		var b bytes.Buffer
		if err := parsed.ExecuteTemplate(&b, name+".tmpl", conf); err != nil {
			return fmt.Errorf("writing the demo's %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(d.Dir, name), b.Bytes(), 0o600); err != nil {
			return fmt.Errorf("writing the demo's files: %w", err)
		}
	}
	k := d.world.keys
	env := fmt.Sprintf("# %s\nexport AWS_ENDPOINT_URL=%s AWS_REGION=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s\nunset AWS_SESSION_TOKEN AWS_PROFILE\n",
		d.t("reaches the demo's twin of AWS, never the real one: . %s", "デモ用の AWS ツインへの接続設定です（本物の AWS には接続しません）: . %s", d.envFile()),
		d.world.awsURL, c.Region, k.AccessKeyID, k.SecretAccessKey)
	if err := os.WriteFile(d.envFile(), []byte(env), 0o600); err != nil {
		return fmt.Errorf("writing the demo's files: %w", err)
	}
	return nil
}

func (d *Demo) envFile() string { return filepath.Join(d.Dir, "env") }

// Config is the path of the demo's zesei.yaml.
func (d *Demo) Config() string { return filepath.Join(d.Dir, "zesei.yaml") }

// quoted writes a text so that YAML reads it as text.
func quoted(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}
