package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"zesei/internal/policy"
)

//go:embed files/*.tmpl
var templates embed.FS

// configuration is what the templates of zesei.yaml and policy.yaml see.
type configuration struct {
	Company, Store, Language, Region, Hub, Token, Slack, User string
	Accounts                                                  []account
	Owners                                                    []owner
	People                                                    []person
	Trackers                                                  []tracking
	URLs                                                      map[string]string // of the trackers
	Quiet                                                     bool              // people have quiet hours
}

// writeFiles writes the files that the company's security team wrote, and env,
// with which another shell reaches the twin.
func (d *Demo) writeFiles() error {
	c := d.world.company
	conf := configuration{
		Company: c.Name.In(d.language), Store: "sqlite:" + filepath.Join(d.Dir, "zesei.db"), Language: d.language, Region: c.Region,
		Hub: c.hub().ID, Token: d.world.token, Slack: d.world.slackURL + "/api/", User: d.user,
		Accounts: c.Accounts, Owners: c.Owners, Trackers: c.Trackers, URLs: d.world.trackerURLs, Quiet: d.set,
	}
	for _, p := range c.People {
		if p.Name == d.user { // the reader bears that name, and approves as well
			p.Approver, conf.User = true, ""
		}
		conf.People = append(conf.People, p)
	}
	parsed, err := template.New("").Funcs(template.FuncMap{"t": d.t, "json": quoted}).ParseFS(templates, "files/*.tmpl")
	if err != nil {
		return fmt.Errorf("reading the demo's templates: %w", err)
	}
	texts := map[string]string{}
	for _, name := range []string{"zesei.yaml", "about.yaml", "fix.yaml", "limits.yaml", "controls.yaml"} {
		var b bytes.Buffer
		if err := parsed.ExecuteTemplate(&b, name+".tmpl", conf); err != nil {
			return fmt.Errorf("writing the demo's %s: %w", name, err)
		}
		texts[name] = b.String()
	}
	if texts["policy.yaml"], err = ownPolicy(texts); err != nil {
		return err
	}
	for _, name := range []string{"zesei.yaml", "policy.yaml"} {
		if err := os.WriteFile(filepath.Join(d.Dir, name), []byte(texts[name]), 0o600); err != nil {
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

// ownPolicy is the policy s2 that comes with zesei, with what this company adds:
// which fixes may be applied, how many, and a class for what GuardDuty finds.
func ownPolicy(added map[string]string) (string, error) {
	shipped, _ := policy.Shipped("s2")
	text := string(shipped)
	for _, change := range []struct{ old, new string }{
		{"\nfix:\n", "\nfix:\n" + added["fix.yaml"]},
		{"\nlimits: {fixes: 20 per hour, per_account: 5 per hour}\n", "\n" + added["limits.yaml"]},
	} {
		if strings.Count(text, change.old) != 1 {
			return "", fmt.Errorf("the demo's policy: s2 has not one %q", change.old)
		}
		text = strings.Replace(text, change.old, change.new, 1)
	}
	return added["about.yaml"] + text + "\n" + added["controls.yaml"], nil
}

func (d *Demo) envFile() string { return filepath.Join(d.Dir, "env") }

// Config is the path of the demo's zesei.yaml.
func (d *Demo) Config() string { return filepath.Join(d.Dir, "zesei.yaml") }

// quoted writes a text so that YAML reads it as text.
func quoted(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}
