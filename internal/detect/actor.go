package detect

import (
	"strings"
	"time"

	"zesei/internal/finding"
)

var (
	pathARN       = Path{[]string{"detail", "userIdentity", "arn"}}
	pathType      = Path{[]string{"detail", "userIdentity", "type"}}
	pathInvokedBy = Path{[]string{"detail", "userIdentity", "invokedBy"}}
	pathUserName  = Path{[]string{"detail", "userIdentity", "userName"}}
	pathRoleName  = Path{[]string{"detail", "userIdentity", "sessionContext", "sessionIssuer", "userName"}}
	pathAddress   = Path{[]string{"detail", "sourceIPAddress"}}
	pathAgent     = Path{[]string{"detail", "userAgent"}}
	pathEventName = Path{[]string{"detail", "eventName"}}
	pathEventID   = Path{[]string{"detail", "eventID"}}
)

// actor reads who did it from a CloudTrail record ("CloudTrail userIdentity
// element"); nil where the event is none.
func actor(e any, at time.Time) *finding.Actor {
	a := &finding.Actor{
		Principal: pathARN.first(e), Name: pathUserName.first(e), Address: pathAddress.first(e),
		UserAgent: pathAgent.first(e), Event: pathEventName.first(e), EventID: pathEventID.first(e), At: at,
	}
	if a.Event == "" {
		return nil
	}
	if a.Principal == "" {
		a.Principal = pathInvokedBy.first(e)
	}
	if a.Name == "" {
		a.Name = strings.TrimSuffix(pathRoleName.first(e)+"/"+session(a.Principal), "/")
	}
	if a.Name == "" {
		a.Name = pathType.first(e)
	}
	return a
}

// session is the name of a role's session in its ARN:
// arn:aws:sts::111122223333:assumed-role/role/session.
func session(principal string) string {
	_, rest, ok := strings.Cut(principal, ":assumed-role/")
	if !ok {
		return ""
	}
	_, name, _ := strings.Cut(rest, "/")
	return name
}
