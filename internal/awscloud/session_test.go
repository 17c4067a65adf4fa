package awscloud

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const (
	readRole  = "arn:aws:iam::444455556666:role/zesei-read"
	writeRole = "arn:aws:iam::444455556666:role/zesei-write"
)

func withRoles(a Account) func(*Config) {
	return func(c *Config) {
		c.Accounts = func(id string) Account {
			if id == member {
				return a
			}
			return Account{}
		}
	}
}

func accessKey(t *testing.T, cfg aws.Config) string {
	t.Helper()
	got, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got.AccessKeyID
}

func noAccess(t *testing.T, err error, want string) {
	t.Helper()
	var refused *NoAccessError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v, want a *NoAccessError of one line with %q", err, want)
	}
	if Classify(err) != Denied {
		t.Errorf("%v is %s, want denied", err, Classify(err))
	}
}

func TestAmbientCredentialsServeTheirOwnAccountOnly(t *testing.T) {
	w := &wire{}
	c := over(t, w, nil)
	var wg sync.WaitGroup
	for _, purpose := range []Purpose{Read, Write} {
		for range 4 {
			wg.Go(func() {
				cfg, err := c.For(t.Context(), home, region, purpose, "zesei-1")
				if err != nil || accessKey(t, cfg) != "AKIA"+home {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	_, err := c.For(t.Context(), member, region, Read, "")
	noAccess(t, err, "no read access to account 444455556666: no read role is configured and the ambient credentials are of account 111122223333")
	if n := w.count("GetCallerIdentity"); n != 1 {
		t.Errorf("asked %d times who the credentials are, want once", n)
	}
	if id, err := c.Identity(t.Context()); err != nil || id.Account != home || id.Partition != "aws" {
		t.Errorf("%+v, %v", id, err)
	}
}

func TestARoleIsAssumedWithExternalIDAndSessionName(t *testing.T) {
	w := &wire{}
	c := over(t, w, withRoles(Account{ReadRole: readRole, WriteRole: writeRole, ExternalID: "shared"}))
	for _, s := range []struct {
		purpose       Purpose
		session, name string
		role          string
	}{{Read, "", "zesei-read", readRole}, {Write, "zesei-01ABC", "zesei-01ABC", writeRole}} {
		w.calls = nil
		for range 3 {
			cfg, err := c.For(t.Context(), member, "us-west-2", s.purpose, s.session)
			if err != nil || accessKey(t, cfg) != "ASIA"+member || cfg.Region != "us-west-2" {
				t.Fatal(err, cfg.Region)
			}
		}
		got := w.calls[0]
		if got.Get("RoleArn") != s.role || got.Get("RoleSessionName") != s.name || got.Get("ExternalId") != "shared" {
			t.Errorf("assumed %v", got)
		}
		if w.count("AssumeRole") != 1 || w.count("GetCallerIdentity") != 1 {
			t.Errorf("%s: %d roles, %d identities, want one of each", s.purpose, w.count("AssumeRole"), w.count("GetCallerIdentity"))
		}
	}
}

func TestAWriteNeverUsesTheReadRole(t *testing.T) {
	c := over(t, &wire{}, withRoles(Account{ReadRole: readRole}))
	_, err := c.For(t.Context(), member, region, Write, "zesei-1")
	noAccess(t, err, "no write role is configured")
}

func TestARoleMustLandInTheAccount(t *testing.T) {
	c := over(t, &wire{leads: map[string]string{readRole: "777788889999"}}, withRoles(Account{ReadRole: readRole}))
	_, err := c.For(t.Context(), member, region, Read, "")
	noAccess(t, err, "led to account 777788889999")

	w := &wire{}
	c = over(t, w, withRoles(Account{ReadRole: "arn:aws:iam::777788889999:role/zesei-read"}))
	_, err = c.For(t.Context(), member, region, Read, "")
	noAccess(t, err, "is of account 777788889999")
	c = over(t, w, withRoles(Account{ReadRole: "zesei-read"}))
	_, err = c.For(t.Context(), member, region, Read, "")
	noAccess(t, err, `"zesei-read" is not a role ARN`)
	if len(w.calls) != 0 {
		t.Errorf("%d calls for roles that cannot be right", len(w.calls))
	}
}

func TestARefusalIsBelievedForAMinute(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	w := &wire{refuse: map[string]bool{readRole: true}}
	c := over(t, w, func(cfg *Config) {
		withRoles(Account{ReadRole: readRole})(cfg)
		cfg.Now = func() time.Time { return now }
	})
	for range 5 {
		_, err := c.For(t.Context(), member, region, Read, "")
		noAccess(t, err, "may not be assumed (AccessDenied): check its trust policy and external id")
	}
	if w.count("AssumeRole") != 1 {
		t.Errorf("asked %d times within a minute", w.count("AssumeRole"))
	}
	w.refuse = nil
	now = now.Add(refusalLife)
	if _, err := c.For(t.Context(), member, region, Read, ""); err != nil {
		t.Errorf("after the role was mended: %v", err)
	}
}

func TestAThrottledSignInIsNoRefusalAndIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := true
		w := &wire{answer: func(_ *http.Request, form url.Values) (*http.Response, error) {
			if busy && form.Get("Action") == "AssumeRole" {
				return stsError(400, "Throttling"), nil
			}
			return nil, nil
		}}
		c := over(t, w, withRoles(Account{ReadRole: readRole}))
		_, err := c.For(t.Context(), member, region, Read, "")
		if Classify(err) != Throttled {
			t.Errorf("%v is %s", err, Classify(err))
		}
		busy = false
		if _, err := c.For(t.Context(), member, region, Read, ""); err != nil {
			t.Error(err)
		}
	})
}

func TestSessionsOfOldFixesAreForgotten(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := over(t, &wire{}, func(cfg *Config) {
		withRoles(Account{WriteRole: writeRole})(cfg)
		cfg.Now = func() time.Time { return now }
	})
	for _, id := range []string{"zesei-1", "zesei-2", "zesei-3"} {
		if _, err := c.For(t.Context(), member, region, Write, id); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(2 * sessionLife)
	if _, err := c.For(t.Context(), member, region, Write, "zesei-4"); err != nil {
		t.Fatal(err)
	}
	if len(c.sessions) != 1 {
		t.Errorf("%d sessions kept, want the last", len(c.sessions))
	}
}

func TestWrongUseOfForIsSaid(t *testing.T) {
	c := over(t, &wire{}, nil)
	for _, u := range []struct {
		account string
		purpose Purpose
		session string
		want    string
	}{
		{"1111", Read, "", "not 12 digits"},
		{home, "look", "", "neither read nor write"},
		{home, Write, "", "must be named zesei-<fix id>"},
		{home, Write, "mine", "must be named zesei-<fix id>"},
		{home, Write, "zesei-a b", "want 2 to 64"},
	} {
		if _, err := c.For(t.Context(), u.account, region, u.purpose, u.session); err == nil || !strings.Contains(err.Error(), u.want) {
			t.Errorf("%+v: %v", u, err)
		}
	}
}

func TestCredentialsStayInTheirPartition(t *testing.T) {
	c := over(t, &wire{}, nil)
	_, err := c.For(t.Context(), home, "cn-north-1", Read, "")
	noAccess(t, err, "Region cn-north-1 is in partition aws-cn, the credentials are of partition aws")

	c = over(t, &wire{partition: "aws-cn"}, func(cfg *Config) { cfg.Region = "cn-northwest-1" })
	if cfg, err := c.For(t.Context(), home, "global", Read, ""); err != nil || cfg.Region != "cn-northwest-1" {
		t.Errorf("a global resource in China: %s, %v", cfg.Region, err)
	}
	for region, want := range map[string]string{"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-east-1": "aws-us-gov", "": "aws"} {
		if got := Partition(region); got != want {
			t.Errorf("Partition(%q) = %s", region, got)
		}
	}
}

func TestWithoutCredentialsTheErrorSaysSo(t *testing.T) {
	for _, none := range []aws.CredentialsProvider{nil, credentials.NewStaticCredentialsProvider("", "", "")} {
		c := over(t, &wire{}, func(cfg *Config) { cfg.Base.Credentials = none })
		_, err := c.For(t.Context(), home, region, Read, "")
		noAccess(t, err, "no AWS credentials were found")
	}
}

func TestWaitingForASessionEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(req *http.Request, _ url.Values) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}}
		c := over(t, w, nil)
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if _, err := c.For(ctx, home, region, Read, ""); err == nil {
				t.Error("want an error")
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.For(ctx, home, region, Read, ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		wg.Wait()
	})
}

func TestAnErrorAboutTheCallerNamesNoAccount(t *testing.T) {
	if got := (&NoAccessError{Purpose: Read, Reason: "no AWS credentials were found"}).Error(); got != "no AWS credentials were found" {
		t.Error(got)
	}
}
