package fake

import (
	"encoding/json"
	"net/http"
	"strings"
)

func eventBridgeService() *service {
	return &service{
		name: "events", source: "events.amazonaws.com", protocol: jsonProtocol{},
		denied:     refusal{"AccessDeniedException", http.StatusBadRequest},
		throttled:  refusal{"ThrottlingException", http.StatusBadRequest},
		operations: map[string]operation{"PutEvents": data(putEvents)},
	}
}

// PutEvent publishes an event of an AWS service, or of anyone, on the default
// bus of an account and Region: GuardDuty, Health and the like.
func (c *Cloud) PutEvent(account, region, source, detailType string, resources []string, detail json.RawMessage) {
	c.locked(func() { c.emit(account, region, source, detailType, resources, detail) })
}

func putEvents(c *call) (any, error) {
	var in struct {
		Entries []struct {
			Source, DetailType, Detail string
			Resources                  []string
		}
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if n := len(in.Entries); n < 1 || n > 10 {
		return nil, fail(http.StatusBadRequest, "ValidationException", "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10")
	}
	list := []any{}
	failed := 0
	refuse := func(code, message string) {
		failed++
		list = append(list, map[string]any{"ErrorCode": code, "ErrorMessage": message})
	}
	for i, e := range in.Entries {
		switch {
		case strings.HasPrefix(e.Source, "aws."):
			refuse("NotAuthorizedForSourceException", "Not authorized for the source.")
		case e.Source == "" || e.DetailType == "":
			refuse("InvalidArgument", "Parameter Source and DetailType are required.")
		case !json.Valid([]byte(e.Detail)) || !strings.HasPrefix(strings.TrimSpace(e.Detail), "{"):
			refuse("MalformedDetail", "Detail is malformed.")
		case i < c.partial:
			refuse("InternalFailure", "The event could not be taken.")
		default:
			c.cloud.emit(c.account(), c.regionName(), e.Source, e.DetailType, e.Resources, json.RawMessage(e.Detail))
			list = append(list, map[string]any{"EventId": c.cloud.uuid()})
		}
	}
	return map[string]any{"FailedEntryCount": failed, "Entries": list}, nil
}
