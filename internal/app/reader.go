package app

import (
	"slices"
	"strings"
	"time"

	"zesei/internal/casework"
)

// Readers are who reads the lists of an owner on a channel: by mail each address
// for itself, under the first, by name, of the owners that have it. Capitals tell
// no two addresses apart.
func (d *Directory) Readers(owner, channel string) []casework.Reader {
	const mail = "email:"
	if !strings.HasPrefix(channel, mail) {
		return []casework.Reader{{Owner: owner, Channel: channel}}
	}
	var out []casework.Reader
	for _, address := range strings.Split(strings.TrimPrefix(channel, mail), ",") {
		r := casework.Reader{Channel: mail + strings.ToLower(address)}
		for name, o := range d.config.Owners {
			has := slices.ContainsFunc(o.Email, func(other string) bool { return strings.EqualFold(other, address) })
			if has && (r.Owner == "" || name < r.Owner) {
				r.Owner = name
			}
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// nextMorning is the next 09:00 where the owner is.
func (a *App) nextMorning(owner string, now time.Time) time.Time {
	return nextDigest("daily", now.In(a.Config.OwnerZone(owner)))
}
