package casework

import "zesei/internal/store"

// Reader is who reads a list of cases. Owners who are told at one address share
// a reader, so that a person who answers for two teams gets one mail of each
// kind, and not one a team: the rows of such lists stand under the Owner of the
// reader, in whose language, zone and hours they are written.
type Reader struct{ Owner, Channel string }

// ReadersOf are where cases of an owner are told in messages of a kind.
func (r *Rules) ReadersOf(kind, owner, channel string) []Reader {
	if r.Readers != nil && (kind == store.MessageDigest || kind == store.MessageReminder) {
		return r.Readers(owner, channel)
	}
	return []Reader{{owner, channel}}
}
