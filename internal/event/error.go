package event

import (
	"fmt"
	"strings"
)

// wanted is what a Reader can use, for messages.
const wanted = "an ASFF or OCSF finding, an EventBridge event, a CloudTrail record or a Dome9 message"

// Error says why an item cannot be used and what was expected in its place.
type Error struct {
	Source string // as given to NewReader
	Offset int64  // where in the (decompressed) input it starts, in bytes
	Line   int64  // 1-based; the line of the fault where that is known
	Lost   int64  // how many bytes were passed over; 0 where the item is at hand
	Found  string // what stands there
	Want   string // what was expected
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Source != "" {
		fmt.Fprintf(&b, "%s: ", e.Source)
	}
	fmt.Fprintf(&b, "line %d, byte %d: %s; expected %s", e.Line, e.Offset, e.Found, e.Want)
	if e.Lost > 0 {
		fmt.Fprintf(&b, "; %d bytes were passed over", e.Lost)
	}
	return b.String()
}
