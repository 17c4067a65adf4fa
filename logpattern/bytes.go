package logpattern

import "unsafe"

// unsafeBytes lends a string's bytes for reading, so that searching for them
// does not allocate.
func unsafeBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// unsafeString lends bytes as a string to a callee that does not keep it.
func unsafeString[T string | []byte](s T) string {
	switch s := any(s).(type) {
	case string:
		return s
	case []byte:
		return unsafe.String(unsafe.SliceData(s), len(s))
	}
	return string(s)
}
