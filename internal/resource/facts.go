package resource

// Unread is the key in Facts under which a reader says what it could not read:
// a map from the name of a property or fact to the reason. A property named
// there is neither present nor absent; a check that needs it answers unknown. A
// reader of templates names here what it cannot resolve before deploy.
const Unread = "unread"

// UnreadParts gives the names and reasons of what could not be read; nil when
// all was read.
func (r Resource) UnreadParts() map[string]string {
	m, _ := r.Facts[Unread].(map[string]string)
	return m
}
