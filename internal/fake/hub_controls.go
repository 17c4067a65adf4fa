package fake

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// standardARN writes a standard's ARN; CIS 1.2's has no Region.
func (c *call) standardARN(key string) string {
	region := c.regionName()
	if key == "cis-1.2" {
		region = ""
	}
	return c.cloud.arn("securityhub", region, "", standardPaths[key])
}

// tail is what follows "standards/" in the ARNs of a standard, of its
// subscription and of its controls.
func standardTail(key string) string {
	_, tail, _ := strings.Cut(standardPaths[key], "/")
	return tail
}

// standardOf reads a standard's key out of any ARN that names it.
func standardOf(arn string) (key, control string, ok bool) {
	_, resource, _ := cutARN(arn)
	_, tail, _ := strings.Cut(resource, "/")
	for key := range standardPaths {
		rest, found := strings.CutPrefix(tail, standardTail(key))
		if found && (rest == "" || rest[0] == '/') {
			return key, strings.TrimPrefix(rest, "/"), true
		}
	}
	return "", "", false
}

func cutARN(arn string) (account, resource string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return "", "", false
	}
	return parts[4], parts[5], true
}

func describeStandards(c *call) (any, error) {
	list := []map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(standardPaths)) {
		list = append(list, map[string]any{"StandardsArn": c.standardARN(key), "Name": standardNames[key], "Description": standardNames[key], "EnabledByDefault": key == "fsbp" || key == "cis-1.2"})
	}
	return restPage(c, "Standards", list, 100)
}

func (c *call) subscription(key string) map[string]any {
	return map[string]any{
		"StandardsArn": c.standardARN(key), "StandardsInput": map[string]any{}, "StandardsStatus": "READY",
		"StandardsControlsUpdatable": "READY_FOR_UPDATES", "StandardsSubscriptionArn": c.hubARN("subscription/" + standardTail(key)),
	}
}

func getEnabledStandards(c *call) (any, error) {
	var in struct {
		StandardsSubscriptionArns []string
		NextToken                 string
		MaxResults                int
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(c.region().hub.subscriptions)) {
		s := c.subscription(key)
		if len(in.StandardsSubscriptionArns) == 0 || slices.Contains(in.StandardsSubscriptionArns, s["StandardsSubscriptionArn"].(string)) {
			list = append(list, s)
		}
	}
	start, err := readToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	if in.MaxResults == 0 {
		in.MaxResults = 100
	}
	start = min(start, len(list))
	end := min(start+in.MaxResults, len(list))
	out := map[string]any{"StandardsSubscriptions": list[start:end]}
	if end < len(list) {
		out["NextToken"] = writeToken(end)
	}
	return out, nil
}

func batchEnableStandards(c *call) (any, error) {
	var in struct {
		StandardsSubscriptionRequests []struct{ StandardsArn string }
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	list := []any{}
	h := c.region().hub
	for _, r := range in.StandardsSubscriptionRequests {
		key, _, ok := standardOf(r.StandardsArn)
		if !ok {
			return nil, invalidInput("StandardsArn '%s' is not known", r.StandardsArn)
		}
		h.subscriptions[key] = true
		maps.DeleteFunc(h.disabled, func(k string, _ switched) bool { return strings.HasPrefix(k, key+"|") })
		list = append(list, c.subscription(key))
	}
	return map[string]any{"StandardsSubscriptions": list}, nil
}

func batchDisableStandards(c *call) (any, error) {
	var in struct{ StandardsSubscriptionArns []string }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	list := []any{}
	for _, arn := range in.StandardsSubscriptionArns {
		key, _, ok := standardOf(arn)
		if !ok || !c.region().hub.subscriptions[key] {
			return nil, invalidInput("the subscription '%s' does not exist", arn)
		}
		s := c.subscription(key)
		s["StandardsStatus"] = "DELETING"
		list = append(list, s)
		delete(c.region().hub.subscriptions, key)
	}
	return map[string]any{"StandardsSubscriptions": list}, nil
}

func (k *controlCatalog) of(standard string) []Control {
	var list []Control
	for _, c := range k.list {
		if _, ok := c.Standards[standard]; ok {
			list = append(list, c)
		}
	}
	return list
}

func describeStandardsControls(c *call) (any, error) {
	key, _, ok := standardOf(c.path["StandardsSubscriptionArn"])
	h := c.region().hub
	if !ok || !h.subscriptions[key] {
		return nil, fail(http.StatusNotFound, "ResourceNotFoundException", "the subscription '%s' does not exist", c.path["StandardsSubscriptionArn"])
	}
	list := []map[string]any{}
	for _, control := range c.cloud.catalog.of(key) {
		off, isOff := h.disabled[key+"|"+control.ID]
		one := map[string]any{
			"StandardsControlArn": c.hubARN("control/" + standardTail(key) + "/" + control.ID), "ControlStatus": "ENABLED", "ControlId": control.ID,
			"Title": control.Title, "Description": control.Description, "SeverityRating": control.Severity, "RelatedRequirements": requirements(key, control),
			"RemediationUrl": "https://docs.aws.amazon.com/console/securityhub/" + control.ID + "/remediation", "ControlStatusUpdatedAt": h.since.Format(asffTime),
		}
		if isOff {
			one["ControlStatus"], one["DisabledReason"], one["ControlStatusUpdatedAt"] = "DISABLED", off.reason, off.at.Format(asffTime)
		}
		list = append(list, one)
	}
	return restPage(c, "Controls", list, 100)
}

func requirements(key string, control Control) []string {
	list := []string{}
	for _, r := range control.Standards[key] {
		list = append(list, standardNames[key]+"/"+r)
	}
	return list
}

func updateStandardsControl(c *call) (any, error) {
	var in struct{ ControlStatus, DisabledReason string }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	arn := c.path["StandardsControlArn"]
	key, id, ok := standardOf(arn)
	if !ok || !c.region().hub.subscriptions[key] || !slices.ContainsFunc(c.cloud.catalog.of(key), func(o Control) bool { return o.ID == id }) {
		return nil, fail(http.StatusNotFound, "ResourceNotFoundException", "the control '%s' does not exist", arn)
	}
	if in.ControlStatus == "DISABLED" && in.DisabledReason == "" {
		return nil, invalidInput("DisabledReason is required to disable a control")
	}
	return nil, c.switchControl(key, id, in.ControlStatus, in.DisabledReason)
}

func (c *call) switchControl(key, id, status, reason string) error {
	h := c.region().hub
	switch status {
	case "ENABLED":
		delete(h.disabled, key+"|"+id)
	case "DISABLED":
		h.disabled[key+"|"+id] = switched{reason, c.now()}
	default:
		return invalidInput("the status '%s' is not ENABLED or DISABLED", status)
	}
	return nil
}

func listControlDefinitions(c *call) (any, error) {
	controls := c.cloud.catalog.list
	if arn := c.http.URL.Query().Get("StandardsArn"); arn != "" {
		key, _, ok := standardOf(arn)
		if !ok {
			return nil, invalidInput("StandardsArn '%s' is not known", arn)
		}
		controls = c.cloud.catalog.of(key)
	}
	list := []map[string]any{}
	for _, o := range controls {
		list = append(list, map[string]any{
			"SecurityControlId": o.ID, "Title": o.Title, "Description": o.Description, "SeverityRating": o.Severity, "CurrentRegionAvailability": "AVAILABLE",
			"RemediationUrl": "https://docs.aws.amazon.com/console/securityhub/" + o.ID + "/remediation",
		})
	}
	return restPage(c, "SecurityControlDefinitions", list, 25)
}

func batchGetControls(c *call) (any, error) {
	var in struct{ SecurityControlIds []string }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if n := len(in.SecurityControlIds); n < 1 || n > 100 {
		return nil, invalidInput("SecurityControlIds: between 1 and 100 are allowed, %d were given", n)
	}
	list, unknown := []any{}, []any{}
	for _, given := range in.SecurityControlIds {
		id := given[strings.LastIndexByte(given, '/')+1:]
		if !c.cloud.catalog.has(id) {
			unknown = append(unknown, map[string]any{"SecurityControlId": given, "ErrorCode": "NOT_FOUND", "ErrorReason": "Security control not found"})
			continue
		}
		o := c.cloud.catalog.control(id)
		status := "DISABLED"
		for key := range o.Standards {
			if _, off := c.region().hub.disabled[key+"|"+id]; c.region().hub.subscriptions[key] && !off {
				status = "ENABLED"
			}
		}
		list = append(list, map[string]any{
			"SecurityControlId": id, "SecurityControlArn": c.hubARN("security-control/" + id), "Title": o.Title, "Description": o.Description,
			"RemediationUrl": "https://docs.aws.amazon.com/console/securityhub/" + id + "/remediation", "SeverityRating": o.Severity,
			"SecurityControlStatus": status, "UpdateStatus": "READY",
		})
	}
	return map[string]any{"SecurityControls": list, "UnprocessedIds": unknown}, nil
}
