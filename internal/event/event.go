// Package event holds what arrives, as received: EventBridge envelopes, bare
// documents of a product, and the recognition of which is which by content.
//
// It splits an input of any size into Items one at a time (Reader), keeps each
// item's raw bytes and position, and never interprets a finding: that is package
// finding's work. Nothing here does I/O beyond the io.Reader that it is given.
package event

import (
	"encoding/json"
	"time"
)

// Format says what an item is.
type Format string

// The formats that are recognised by content.
const (
	ASFF           Format = "asff"          // one ASFF finding
	OCSF           Format = "ocsf"          // one OCSF finding
	ImportedEvent  Format = "imported"      // EventBridge "Security Hub Findings - Imported"
	CustomAction   Format = "custom-action" // EventBridge "Security Hub Findings - Custom Action"
	ImportedV2     Format = "imported-v2"   // EventBridge "Findings Imported V2" (OCSF)
	OtherEvent     Format = "event"         // any other EventBridge envelope
	CloudTrailItem Format = "cloudtrail"    // one CloudTrail record
	Dome9          Format = "dome9"         // a Dome9 compliance message
	Unknown        Format = ""              // kept as a dead letter with the reason
)

// Item is one thing taken out of an input, with where it stood.
type Item struct {
	Format Format
	Source string // file name, queue, listener
	Index  int64  // 1-based position among the input's items
	Offset int64  // byte offset of the item in the (decompressed) input
	Raw    []byte // valid until the next call of the reader
	Err    error  // why the item cannot be used; Raw then holds what could be kept of it
	// Members are those of the outermost object, in their order, as places in
	// Raw, so that who looks for some of them need not read Raw again. Nil where
	// there are more than MaxMembers. Valid as long as Raw.
	Members []Member
}

// Member is where a member of an object stands: its name, without the quotes, at
// [Name, NameEnd), its value at [Value, ValueEnd).
type Member struct{ Name, NameEnd, Value, ValueEnd int32 }

// MaxMembers is how many Members an Item tells of; a CloudTrail record has about
// 25.
const MaxMembers = 64

// Envelope is an EventBridge event (AWS: "Events in Amazon EventBridge").
type Envelope struct {
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	Time       time.Time       `json:"time"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}
