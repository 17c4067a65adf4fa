package cli

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"zesei/internal/app"
	"zesei/internal/awscloud"
	"zesei/internal/config"
	"zesei/internal/policy"
)

//go:embed files/zesei.yaml.tmpl
var zeseiFile string

type initCmd struct {
	Policy   string `default:"observe" enum:"s2,strict,observe" help:"s2: work through what matters, tell the rest. strict: everything has a deadline. observe: look first."`
	Dir      string `default:"." help:"Where to write zesei.yaml and policy.yaml."`
	Timezone string `help:"Zone of deadlines, as Asia/Tokyo (default: by the Region, else the machine's, else UTC)."`
	Language string `default:"" enum:"ja,en," help:"What people read: ja or en (default: that of the terminal)."`
}

// facts are what the files say of where zesei runs. Empty: not known.
type facts struct {
	Account, Name, ARN string
	Region             string // where Security Hub is read
	Hub                string // one sentence
	Timezone, Language string
}

func (c *initCmd) Run(e *env) error {
	names := []string{filepath.Join(c.Dir, app.DefaultFile), filepath.Join(c.Dir, "policy.yaml")}
	for _, name := range names {
		if _, err := os.Lstat(name); err == nil {
			return use("%s is there already: nothing was written; move it away, or choose another --dir", name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return wrongUse{err}
		}
	}
	f := facts{Language: c.language()}
	if err := e.look(&f); err != nil {
		return err
	}
	if f.Timezone = c.Timezone; f.Timezone == "" {
		f.Timezone = zoneNear(f.Region, c.Policy)
	} else if _, err := time.LoadLocation(f.Timezone); err != nil {
		return use("--timezone %s: there is no such zone; expected an IANA name such as Asia/Tokyo", f.Timezone)
	}
	text, err := zeseiYAML(f)
	if err != nil {
		return err
	}
	rules, _ := policy.Shipped(c.Policy) // kong has checked the name
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return wrongUse{err}
	}
	for i, data := range [][]byte{text, rules} {
		if err := writeNew(names[i], data); err != nil {
			return err
		}
	}
	if e.root.JSON {
		return e.print(map[string]any{"written": names, "policy": c.Policy, "account": f.Account, "region": f.Region})
	}
	fmt.Fprintf(e.Out, "wrote %s and %s (policy %s)\n", names[0], names[1], c.Policy)
	if f.Account == "" {
		fmt.Fprintln(e.Out, "no AWS credentials were found: name your accounts in zesei.yaml")
	} else {
		fmt.Fprintf(e.Out, "account %s, Region %s. %s\n", f.Account, dash(f.Region), f.Hub)
	}
	fmt.Fprintln(e.Out, "next: read both files, then `zesei config check`")
	return nil
}

// zeseiYAML fills the template in, and holds it to what `config check` says.
func zeseiYAML(f facts) ([]byte, error) {
	t, err := template.New(app.DefaultFile).Parse(zeseiFile)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if err := t.Execute(&b, f); err != nil {
		return nil, err
	}
	data := []byte(b.String())
	if _, err := config.Parse(app.DefaultFile, data, os.LookupEnv, os.ReadFile); err != nil {
		return nil, fmt.Errorf("what would be written is not right: %w", err)
	}
	return data, nil
}

// writeNew never writes over a file that came to be meanwhile.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return wrongUse{err}
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func (c *initCmd) language() string {
	switch {
	case c.Language != "":
		return c.Language
	case strings.HasPrefix(os.Getenv("LC_ALL")+os.Getenv("LC_MESSAGES")+os.Getenv("LANG"), "ja"):
		return "ja"
	}
	return "en"
}

// zoneNear is the zone of deadlines that suits a Region or a policy.
func zoneNear(region, rules string) string {
	switch {
	case region == "ap-northeast-1", region == "ap-northeast-3":
		return "Asia/Tokyo"
	case os.Getenv("TZ") != "":
		if _, err := time.LoadLocation(os.Getenv("TZ")); err == nil {
			return os.Getenv("TZ")
		}
	case region == "" && rules == "s2":
		return "Asia/Tokyo" // its calendar is Japan's
	}
	return "UTC"
}

// lookTime bounds how long the account is looked at.
const lookTime = 20 * time.Second

// look learns where zesei runs from the caller's own credentials, if there are
// any. It only reads.
func (e *env) look(f *facts) error {
	dir, err := os.MkdirTemp("", "zesei-init-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	a, err := app.Open(e.ctx, app.Options{Config: config.Default(), Policy: policy.Default(nil), Store: "sqlite:" + filepath.Join(dir, "none.db"), Now: e.Now, Log: e.log})
	if err != nil {
		return err
	}
	defer a.Close()
	own := a.Directory.Accounts()
	if len(own) == 0 {
		return nil // no credentials, or none that AWS takes: the log says so
	}
	ctx, cancel := context.WithTimeout(e.ctx, lookTime)
	defer cancel()
	id, err := a.Cloud.Identity(ctx)
	if err != nil {
		return nil //nolint:nilerr // what cannot be learned is left for the person to fill in
	}
	f.Account, f.Name, f.ARN = id.Account, "account-"+id.Account, id.ARN
	cfg, err := a.Cloud.Ambient(ctx, "")
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	f.Region = cfg.Region
	f.hub(ctx, cfg)
	return nil
}

// hub learns whether Security Hub is on, and where it brings findings together.
func (f *facts) hub(ctx context.Context, cfg aws.Config) {
	api := securityhub.NewFromConfig(cfg)
	if _, err := api.DescribeHub(ctx, nil); err != nil {
		f.Hub = "Security Hub cannot be read there: " + awscloud.Code(err)
		if awscloud.Code(err) == "InvalidAccessException" {
			f.Hub = "Security Hub is not switched on there."
		}
		return
	}
	f.Hub = "Security Hub is on."
	list, err := api.ListFindingAggregators(ctx, nil)
	if err != nil || len(list.FindingAggregators) == 0 {
		return
	}
	// arn:aws:securityhub:REGION:ACCOUNT:finding-aggregator/ID
	if p := strings.Split(aws.ToString(list.FindingAggregators[0].FindingAggregatorArn), ":"); len(p) > 3 && p[3] != "" {
		f.Region, f.Hub = p[3], "Security Hub is on, and brings the findings of its Regions together in "+p[3]+"."
	}
}
