package fake

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func cloudTrailService() *service {
	return &service{
		name: "cloudtrail", source: "cloudtrail.amazonaws.com", protocol: jsonProtocol{},
		denied:     refusal{"AccessDeniedException", http.StatusBadRequest},
		throttled:  refusal{"ThrottlingException", http.StatusBadRequest},
		operations: map[string]operation{"LookupEvents": read(lookupEvents)},
	}
}

// trailResource is a resource that CloudTrail lists for an event.
type trailResource struct {
	Type string `json:"ResourceType,omitempty"`
	Name string `json:"ResourceName"`
}

type trailRecord struct {
	at        time.Time
	id, name  string
	source    string
	user      string
	accessKey string
	readOnly  bool
	resources []trailResource
	record    json.RawMessage
}

// recordTrail writes the CloudTrail record of a call that changes state,
// publishes it where the account has a trail, and tells OnChange. Held: mu.
func (c *Cloud) recordTrail(k *call, err error) {
	now := k.now().Truncate(time.Second)
	params := k.trailParameters()
	readOnly := k.operation == "AssumeRole"
	record := map[string]any{
		"eventVersion": "1.11", "userIdentity": c.userIdentity(k), "eventTime": now.Format(time.RFC3339),
		"eventSource": k.service.source, "eventName": k.trailName(), "awsRegion": k.regionName(), "sourceIPAddress": sourceIP(k.http),
		"userAgent": k.http.UserAgent(), "requestParameters": params, "responseElements": k.response, "requestID": k.requestID,
		"eventID": c.uuid(), "readOnly": readOnly, "eventType": "AwsApiCall", "managementEvent": true,
		"recipientAccountId": k.account(), "eventCategory": "Management",
	}
	if err != nil {
		e := asAPIError(err)
		record["errorCode"], record["errorMessage"], record["responseElements"] = e.Code, e.Message, nil
		if k.service.name == "ec2" {
			record["errorCode"] = "Client." + e.Code
		}
	}
	b, jsonErr := json.Marshal(record)
	if jsonErr != nil {
		panic("fake: a CloudTrail record cannot be written: " + jsonErr.Error())
	}
	r := k.region()
	r.trail = append(r.trail, trailRecord{
		at: now, id: record["eventID"].(string), name: k.trailName(), source: k.service.source, user: userName(k.who), accessKey: k.scope.accessKeyID,
		readOnly: readOnly, resources: k.resources, record: b,
	})
	if a := c.accounts[k.account()]; a.Trail && !readOnly {
		c.emit(k.account(), k.regionName(), "aws."+strings.TrimSuffix(k.service.source, ".amazonaws.com"), "AWS API Call via CloudTrail", nil, json.RawMessage(b))
	}
	if err == nil && !readOnly {
		ch := Change{Time: k.now(), Account: k.account(), Region: k.regionName(), Service: k.service.name, Operation: k.operation, Session: k.who.Session}
		for _, res := range k.resources {
			ch.Resources = append(ch.Resources, res.Name)
		}
		c.changed(ch)
	}
}

// trailName is the event name where CloudTrail's differs from the API's.
func (c *call) trailName() string {
	switch c.operation {
	case "PutPublicAccessBlock":
		if c.service.name == "s3" {
			return "PutBucketPublicAccessBlock"
		}
		return "PutAccountPublicAccessBlock"
	case "DeletePublicAccessBlock":
		return "DeleteBucketPublicAccessBlock"
	}
	return c.operation
}

func userName(p Principal) string {
	if p.Session != "" {
		return p.Session
	}
	return p.ARN[strings.LastIndexByte(p.ARN, '/')+1:]
}

func (c *Cloud) userIdentity(k *call) map[string]any {
	id := map[string]any{
		"type": k.who.Type, "principalId": k.who.ID, "arn": k.who.ARN, "accountId": k.who.Account, "accessKeyId": k.scope.accessKeyID,
	}
	if k.who.Type != "AssumedRole" {
		id["userName"] = userName(k.who)
		return id
	}
	issuer, _, _ := strings.Cut(k.who.ID, ":")
	id["sessionContext"] = map[string]any{
		"sessionIssuer": map[string]any{
			"type": "Role", "principalId": issuer, "arn": k.who.RoleARN, "accountId": k.who.Account,
			"userName": k.who.RoleARN[strings.LastIndexByte(k.who.RoleARN, '/')+1:],
		},
		"attributes": map[string]any{"creationDate": c.keys[k.scope.accessKeyID].issued.UTC().Format(time.RFC3339), "mfaAuthenticated": "false"},
	}
	return id
}

func sourceIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func lookupEvents(c *call) (any, error) {
	var in struct {
		LookupAttributes   []struct{ AttributeKey, AttributeValue string }
		StartTime, EndTime *float64
		MaxResults         *int
		NextToken          string
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if len(in.LookupAttributes) > 1 {
		return nil, fail(http.StatusBadRequest, "InvalidLookupAttributesException", "only one lookup attribute is allowed")
	}
	size := 50
	if in.MaxResults != nil {
		if size = *in.MaxResults; size < 1 || size > 50 {
			return nil, fail(http.StatusBadRequest, "InvalidMaxResultsException", "MaxResults must be between 1 and 50")
		}
	}
	if in.StartTime != nil && in.EndTime != nil && *in.StartTime > *in.EndTime {
		return nil, fail(http.StatusBadRequest, "InvalidTimeRangeException", "the start time is after the end time")
	}
	start, err := readToken(in.NextToken)
	if err != nil {
		return nil, fail(http.StatusBadRequest, "InvalidNextTokenException", "the token is not valid")
	}
	var found []trailRecord
	for _, r := range c.region().trail {
		at := float64(r.at.Unix())
		if in.StartTime != nil && at < *in.StartTime || in.EndTime != nil && at > *in.EndTime {
			continue
		}
		ok := true
		for _, a := range in.LookupAttributes {
			ok = r.has(a.AttributeKey, a.AttributeValue)
		}
		if ok {
			found = append(found, r)
		}
	}
	slices.Reverse(found) // newest first
	list := []any{}
	for _, r := range found[min(start, len(found)):min(start+size, len(found))] {
		list = append(list, map[string]any{
			"EventId": r.id, "EventName": r.name, "ReadOnly": strconv.FormatBool(r.readOnly), "AccessKeyId": r.accessKey, "EventTime": r.at.Unix(),
			"EventSource": r.source, "Username": r.user, "Resources": append([]trailResource{}, r.resources...), "CloudTrailEvent": string(r.record),
		})
	}
	out := map[string]any{"Events": list}
	if start+size < len(found) {
		out["NextToken"] = writeToken(start + size)
	}
	return out, nil
}

func (r trailRecord) has(key, value string) bool {
	switch key {
	case "EventName":
		return r.name == value
	case "EventId":
		return r.id == value
	case "EventSource":
		return r.source == value
	case "Username":
		return r.user == value
	case "AccessKeyId":
		return r.accessKey == value
	case "ReadOnly":
		return strconv.FormatBool(r.readOnly) == value
	}
	return slices.ContainsFunc(r.resources, func(x trailResource) bool {
		return key == "ResourceName" && x.Name == value || key == "ResourceType" && x.Type == value
	})
}
