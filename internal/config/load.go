package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"zesei/internal/calendar"
	"zesei/internal/config/document"
	"zesei/internal/policy"
)

// Problem is one mistake in the file, Problems are all of them.
type (
	Problem  = document.Problem
	Problems = document.Problems
)

// Load reads zesei.yaml. The error is Problems, or an *fs.PathError where the
// file itself cannot be read. Relative names in the file are joined to its
// folder.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data, os.LookupEnv, os.ReadFile)
}

// Parse is Load for text that was already read; env and read are what `${env:…}`
// and `${file:…}` look at.
func Parse(path string, data []byte, env func(string) (string, bool), read func(string) ([]byte, error)) (*Config, error) {
	src := &sources{env: env, read: read, dir: filepath.Dir(path)}
	c := &Config{file: path, sources: src}
	c.doc = document.Parse(path, data, src.expand)
	c.doc.Into(c)
	lend(reflect.ValueOf(c).Elem(), src)
	c.check()
	if err := c.doc.Err(); err != nil {
		return nil, err
	}
	c.setDefaults()
	return c, nil
}

// Default is the configuration where there is no file: the caller's own
// credentials, a local store, English, UTC, and nobody to tell.
func Default() *Config {
	c := &Config{zone: time.UTC, sources: &sources{env: os.LookupEnv, read: os.ReadFile, dir: "."}}
	c.setDefaults()
	return c
}

func (c *Config) setDefaults() {
	word := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	span := func(s *calendar.Span, n int, unit calendar.Unit) {
		if s.IsZero() {
			*s = calendar.Span{N: n, Unit: unit}
		}
	}
	word(&c.Store, "sqlite:./zesei.db")
	word(&c.Timezone, "UTC")
	word(&c.Language, "en")
	if c.zone == nil {
		c.zone = time.UTC
	}
	if c.OwnerFrom == nil {
		c.OwnerFrom = []string{"account", "tag:owner", "tag:Owner"}
	}
	span(&c.Retention.Raw, 90, calendar.Day)
	span(&c.Retention.Closed, 400, calendar.Day)
	span(&c.Retention.Dead, 30, calendar.Day)
	if s := c.Intake.SecurityHub; s != nil {
		span(&s.Every, 15, calendar.Minute)
		if s.Products == nil {
			s.Products = DefaultProducts()
		}
	}
	if h := c.Intake.HTTP; h != nil {
		word(&h.Header, "X-Api-Key")
	}
	if s := c.Notify.Slack; s != nil {
		word(&s.APIURL, "https://slack.com/api/")
	}
	if e := c.Notify.Email; e != nil {
		word(&e.TLS, "starttls")
	}
	for name, t := range c.Ticket {
		word(&t.Kind, name)
		c.Ticket[name] = t
	}
	for i := range c.Accounts {
		if c.Accounts[i].From != "" {
			span(&c.Accounts[i].Cache, 1, calendar.Hour)
		}
	}
	for i := range c.Schedules {
		word(&c.Schedules[i].Empty, "send")
		word(&c.Schedules[i].Timezone, c.Timezone)
	}
}

// DefaultProducts are the products whose findings are taken where none are named.
func DefaultProducts() []string { return []string{"Security Hub", "GuardDuty"} }

// lend gives every Secret the sources that it reads from.
func lend(v reflect.Value, src *sources) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Secret]() {
			if s := v.Interface().(Secret); s.IsSet() {
				s.sources = src
				v.Set(reflect.ValueOf(s))
			}
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				lend(v.Field(i), src)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			lend(v.Elem(), src)
		}
	case reflect.Slice:
		for i := range v.Len() {
			lend(v.Index(i), src)
		}
	case reflect.Map:
		if v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		for _, key := range v.MapKeys() { // elements of a map cannot be set in place
			e := reflect.New(v.Type().Elem()).Elem()
			e.Set(v.MapIndex(key))
			lend(e, src)
			v.SetMapIndex(key, e)
		}
	}
}

// File is the name that was given to Load, "" for Default.
func (c *Config) File() string { return c.file }

// Path joins a relative name to the folder of the file.
func (c *Config) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.sources.dir, name)
}

// Zone is the configured time zone, UTC where none is.
func (c *Config) Zone() *time.Location { return c.zone }

// defaultPolicy is read where the configuration names no policy and it exists.
const defaultPolicy = "policy.yaml"

// LoadPolicy reads the policy that the configuration names, or policy.yaml
// beside it, or gives the built-in one where neither exists. controls and
// remedies are the known ids, nil to check none. The error is Problems, or says
// that the named file cannot be read.
func (c *Config) LoadPolicy(controls, remedies []string) (*policy.Policy, error) {
	name := c.Policy
	if name == "" {
		name = defaultPolicy
	}
	path := c.Path(name)
	data, err := c.sources.read(path)
	if c.Policy == "" && errors.Is(err, fs.ErrNotExist) {
		return policy.Default(c.zone), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	known := c.Known()
	known.Controls, known.Remedies = controls, remedies
	return policy.Load(path, data, known)
}

// Known is what a policy may refer to in this configuration. Accounts and
// environments are nil, and so not checked, where some come from elsewhere.
func (c *Config) Known() policy.Known {
	k := policy.Known{Zone: c.zone, ReadFile: c.sources.read, Expand: c.sources.expand, DefaultOwner: c.DefaultOwner()}
	if len(c.Owners) > 0 {
		k.Owners = sortedKeys(c.Owners)
	}
	for _, r := range c.Accounts {
		if r.From != "" {
			k.Accounts, k.Environments = nil, nil
			return k
		}
		k.Accounts = append(k.Accounts, string(r.ID))
		if r.Name != "" {
			k.Accounts = append(k.Accounts, r.Name)
		}
		if r.Environment != "" {
			k.Environments = append(k.Environments, r.Environment)
		}
	}
	return k
}
