package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"

	"zesei/internal/config/document"
)

// StatedSecret is a secret that the configuration names, and the key that does.
type StatedSecret struct {
	Field  string // such as intake.http.secret
	Secret Secret
}

// Secrets lists the secrets that the configuration names, by key.
func (c *Config) Secrets() []StatedSecret {
	var out []StatedSecret
	stated(reflect.ValueOf(c).Elem(), "", &out)
	return out
}

// AbsentSecrets lists the secrets from the environment and from files that are
// not to be had here. That is no mistake of the file: a secret may exist only
// where zesei runs.
func (c *Config) AbsentSecrets() Problems {
	var out Problems
	for _, s := range c.Secrets() {
		if s.Secret.kind != "env" && s.Secret.kind != "file" {
			continue
		}
		v, err := s.Secret.Value(context.Background(), nil)
		if err == nil && v != "" {
			continue
		}
		p := Problem{File: c.file, Field: s.Field, Message: "the secret is empty here", Hint: s.Secret.Remedy()}
		var path *fs.PathError
		switch {
		case errors.As(err, &path):
			p.Message = fmt.Sprintf("the secret cannot be read here: %s: %v", path.Path, path.Err)
		case err != nil:
			p.Message = "the secret cannot be read here: " + err.Error()
		}
		if c.doc != nil {
			at := c.doc.At(s.Field)
			p.Line, p.Column = at.Line, at.Column
		}
		out = append(out, p)
	}
	return out
}

// Remedy says what to do where the secret cannot be read.
func (s Secret) Remedy() string {
	switch s.kind {
	case "env":
		return "set " + s.name + " where zesei runs, and start it anew"
	case "file":
		return "write the file where zesei runs, readable for it"
	case "":
		return ""
	}
	return "let the role that zesei runs with read it, and see that it exists"
}

// stated walks through what can hold a secret.
func stated(v reflect.Value, path string, out *[]StatedSecret) {
	switch v.Kind() {
	case reflect.Struct:
		if s, ok := v.Interface().(Secret); ok {
			if s.IsSet() {
				*out = append(*out, StatedSecret{path, s})
			}
			return
		}
		names, index := document.Fields(v.Type())
		for i, name := range names {
			if path != "" {
				name = path + "." + name
			}
			stated(v.FieldByIndex(index[i]), name, out)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			stated(v.Elem(), path, out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			stated(v.Index(i), fmt.Sprintf("%s[%d]", path, i), out)
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int {
			if a.String() < b.String() {
				return -1
			}
			return 1
		})
		for _, key := range keys {
			stated(v.MapIndex(key), path+"."+key.String(), out)
		}
	}
}
