package outbox

import (
	"testing"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/control"
	"zesei/internal/finding"
	"zesei/internal/policy"
)

type names map[string]string

func (n names) Account(id string) policy.Account { return policy.Account{ID: id, Name: n[id]} }
func (names) Voice(string) Voice                 { return Voice{} }

func box(t *testing.T) *Outbox {
	t.Helper()
	cat, err := control.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &Outbox{Directory: names{"111122223333": "shop-prod"}, Catalogue: cat, Now: time.Now}
}

func TestACaseAboutAnAccountNamesTheAccountAndNotItsRootUser(t *testing.T) {
	for account, want := range map[string]string{"111122223333": "shop-prod", "444455556666": "444455556666"} {
		f := &casefile.File{Key: finding.Key{Control: "Config.1", Account: account, Resource: "arn:aws:iam::" + account + ":root"}, ResourceType: finding.AccountType}
		if got := box(t).resource(f); got != want {
			t.Errorf("%s is called %q", account, got)
		}
	}
	f := &casefile.File{Key: finding.Key{Resource: "arn:aws:iam::111122223333:user/taro"}}
	if got := box(t).resource(f); got != "taro" {
		t.Errorf("a user is called %q", got)
	}
}

func TestOnlyADeadlineThatMovedSaysWhy(t *testing.T) {
	f := &casefile.File{State: casefile.Open, Terms: casefile.Terms{Due: time.Now(), DueWhy: "moved for the holidays", DueWhyJA: "祝日のため順延"}}
	if got := dueWhy(f, "ja"); got != "" {
		t.Errorf("not moved: %q", got)
	}
	f.Terms.DueMoved = true
	for language, want := range map[string]string{"ja": "祝日のため順延", "en": "moved for the holidays"} {
		if got := dueWhy(f, language); got != want {
			t.Errorf("%s: %q", language, got)
		}
	}
}
