package report

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"zesei/internal/config"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/policy"
)

// tags marks text by what was done to it.
type tags struct{}

func (tags) Escape(s string) string { return "«" + s + "»" }
func (tags) Mention(id string) string {
	if id == "" {
		return ""
	}
	return "<@" + id + ">"
}

func team() *config.Config {
	return &config.Config{
		OwnerFrom: []string{"account", "tag:Team", "creator"},
		Owners: map[string]config.Owner{
			"shop": {Mention: []string{"taro"}}, "silent": {}, "security": {Default: true, Mention: []string{"aoi"}},
		},
		People: map[string]config.Person{
			"taro": {Slack: "U0TARO", Owners: []string{"shop"}}, "aoi": {Slack: "U0AOI", Owners: []string{"security"}},
			"hanako": {Slack: "U0HANAKO", Email: "hanako@example.com", Owners: []string{"shop"}},
		},
	}
}

func TestTheCommentNamesEnvironmentCountAndOwners(t *testing.T) {
	rows := []Row{{Owner: "silent", Severity: finding.Low}, {Owner: "shop", Severity: finding.High}, {Owner: "shop", Severity: finding.High, Person: "hanako"}}
	got := Said(rows, About{Environment: "shop-prod", Controls: []string{"S3.1", "IAM.1"}, File: true, Unread: []string{"account 1: no role"}}, team(), tags{}, "ja").Text
	want := "🚨 «shop-prod»: 未対応の違反が *3* 件あります(対象コントロール: «S3.1, IAM.1»)。\nHIGH 2 · LOW 1\n一覧は添付の CSV ファイルにあります。\n" +
		"⚠️ 一部取得できていません: «account 1: no role»\n担当: <@U0TARO> <@U0HANAKO> «silent»"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Said(nil, About{Environment: "shop-prod"}, team(), tags{}, "en").Text; got != "✅ «shop-prod»: no open findings." {
		t.Errorf("got %q", got)
	}
}

func TestAtMostTwentyAreCalledAndTheRestInTheThread(t *testing.T) {
	c := &config.Config{Owners: map[string]config.Owner{}, People: map[string]config.Person{}}
	var rows []Row
	for i := range 50 {
		name := fmt.Sprintf("team%02d", i)
		c.Owners[name] = config.Owner{Mention: []string{name}}
		c.People[name] = config.Person{Slack: fmt.Sprintf("U%02d", i)}
		rows = append(rows, Row{Owner: name, Resource: name}, Row{Owner: name, Resource: name + "b"})
	}
	got := Said(rows, About{}, c, tags{}, "en")
	if n := strings.Count(got.Text, "<@"); n != MostMentions {
		t.Errorf("%d are called in the comment", n)
	}
	thread := strings.Join(got.Thread, "\n")
	if len(got.Thread) != 2 || strings.Count(thread, "<@") != 30 || !strings.Contains(got.Text, "30 more") {
		t.Errorf("the thread: %s", thread)
	}
}

func TestOwnersAreFoundInTheStatedOrder(t *testing.T) {
	accounts := map[string]policy.Account{"1": {ID: "1", Name: "shop-prod", Known: true, Owner: "shop"}, "2": {ID: "2", Known: true}}
	asked := 0
	creators := func(_, _, resource string) string {
		asked++
		return map[string]string{"made-by-hanako": "hanako@example.com", "made-by-name": "taro", "made-by-stranger": "x@example.com"}[resource]
	}
	for name, c := range map[string]struct {
		row    Row
		owner  string
		person string
	}{
		"the account's owner is first":       {Row{Account: "1", Resource: "made-by-hanako", tags: map[string]string{"Team": "security"}}, "shop", ""},
		"then the tag":                       {Row{Account: "2", Resource: "made-by-hanako", tags: map[string]string{"Team": "silent"}}, "silent", ""},
		"then the creator, by mail":          {Row{Account: "2", Resource: "made-by-hanako"}, "shop", "hanako"},
		"then the creator, by name":          {Row{Account: "2", Resource: "made-by-name"}, "shop", "taro"},
		"the creator before the case's own":  {Row{Account: "2", Resource: "made-by-hanako", Owner: "security"}, "shop", "hanako"},
		"a stranger leaves the case's owner": {Row{Account: "2", Resource: "made-by-stranger", Owner: "silent"}, "silent", ""},
		"nobody: the default":                {Row{Account: "2", Resource: "made-by-nobody"}, "security", ""},
	} {
		rows := []Row{c.row}
		notes := Owners(t.Context(), team(), func(id string) policy.Account { return accounts[id] }, func(_ context.Context, a, r, res string) (string, error) { return creators(a, r, res), nil }, rows)
		if rows[0].Owner != c.owner || rows[0].Person != c.person || len(notes) > 0 {
			t.Errorf("%s: got %q, person %q, notes %v", name, rows[0].Owner, rows[0].Person, notes)
		}
	}
	if asked != 5 {
		t.Errorf("CloudTrail was asked %d times, want only where the order comes to it", asked)
	}
}

func TestAnUnknownControlNamesTheNearest(t *testing.T) {
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Controls(cat, []string{"S3.1", "CR.1"})
	if err == nil || err.Error() != "unknown control CR.1; did you mean ECR.1?" {
		t.Errorf("got %v", err)
	}
	ids, err := Controls(cat, []string{"s3.1", "S3.1", "IAM.1"})
	if err != nil || strings.Join(ids, " ") != "S3.1 IAM.1" {
		t.Errorf("got %v, %v", ids, err)
	}
}
