package finding

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of text that is kept, in bytes. ASFF allows 256 for a title, 1024 for
// a description and 512 for an id; OCSF sets none.
const (
	maxTitle       = 512
	maxDescription = 4096
	maxName        = 1024
	maxResources   = 1000
)

// clean makes outside text fit to be kept: no control or formatting characters
// (they can hide or reorder what a person reads), line breaks and tabs as
// spaces, valid UTF-8, no longer than limit bytes and cut between characters.
// What is left is data and is escaped where it is shown.
func clean(s string, limit int) string {
	plain := len(s) <= limit
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f
	}
	if plain {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			r = ' '
		case r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf):
			continue
		}
		if b.Len()+utf8.RuneLen(r) > limit {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// documentation returns an address if it is https on a host of AWS's
// documentation, else nothing: a finding must not lead a person elsewhere.
func documentation(address string) string {
	if address == "" || len(address) > maxName {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" {
		return ""
	}
	switch strings.ToLower(u.Hostname()) {
	case "docs.aws.amazon.com", "docs.amazonaws.cn":
		return u.String()
	}
	return ""
}
