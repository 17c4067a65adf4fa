package fake

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (c *call) association(key string, o Control) map[string]any {
	one := map[string]any{
		"StandardsArn": c.standardARN(key), "SecurityControlId": o.ID, "SecurityControlArn": c.hubARN("security-control/" + o.ID), "AssociationStatus": "ENABLED",
		"RelatedRequirements": requirements(key, o), "StandardsControlTitle": o.Title, "StandardsControlDescription": o.Description,
	}
	if off, isOff := c.region().hub.disabled[key+"|"+o.ID]; isOff {
		one["AssociationStatus"], one["UpdatedReason"], one["UpdatedAt"] = "DISABLED", off.reason, off.at.Format(time.RFC3339)
	}
	return one
}

func listAssociations(c *call) (any, error) {
	id := c.http.URL.Query().Get("SecurityControlId")
	id = id[strings.LastIndexByte(id, '/')+1:]
	if !c.cloud.catalog.has(id) {
		return nil, fail(http.StatusNotFound, "ResourceNotFoundException", "the control '%s' does not exist", id)
	}
	o := c.cloud.catalog.control(id)
	list := []map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(o.Standards)) {
		if c.region().hub.subscriptions[key] {
			list = append(list, c.association(key, o))
		}
	}
	return restPage(c, "StandardsControlAssociationSummaries", list, 25)
}

func batchGetAssociations(c *call) (any, error) {
	var in struct {
		StandardsControlAssociationIds []struct{ SecurityControlId, StandardsArn string }
	}
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	list, unknown := []any{}, []any{}
	for _, q := range in.StandardsControlAssociationIds {
		key, o, ok := c.associated(q.StandardsArn, q.SecurityControlId)
		if !ok {
			unknown = append(unknown, map[string]any{"StandardsControlAssociationId": q, "ErrorCode": "NOT_FOUND", "ErrorReason": "Association not found"})
			continue
		}
		list = append(list, c.association(key, o))
	}
	return map[string]any{"StandardsControlAssociationDetails": list, "UnprocessedAssociations": unknown}, nil
}

// associated finds a control in an enabled standard.
func (c *call) associated(standardARN, control string) (string, Control, bool) {
	id := control[strings.LastIndexByte(control, '/')+1:]
	key, _, ok := standardOf(standardARN)
	o := c.cloud.catalog.control(id)
	_, member := o.Standards[key]
	return key, o, ok && member && c.region().hub.subscriptions[key]
}

func batchUpdateAssociations(c *call) (any, error) {
	type update struct{ StandardsArn, SecurityControlId, AssociationStatus, UpdatedReason string }
	var in struct{ StandardsControlAssociationUpdates []update }
	if err := c.bind(&in); err != nil {
		return nil, err
	}
	if n := len(in.StandardsControlAssociationUpdates); n < 1 || n > 100 {
		return nil, invalidInput("StandardsControlAssociationUpdates: between 1 and 100 are allowed, %d were given", n)
	}
	failed := []any{}
	for i, u := range in.StandardsControlAssociationUpdates {
		key, o, ok := c.associated(u.StandardsArn, u.SecurityControlId)
		code, reason := "NOT_FOUND", "Association not found"
		if ok && i < c.partial {
			ok, code, reason = false, "LIMIT_EXCEEDED", "Too many updates"
		}
		if ok {
			if err := c.switchControl(key, o.ID, u.AssociationStatus, u.UpdatedReason); err != nil {
				return nil, err
			}
			continue
		}
		failed = append(failed, map[string]any{"StandardsControlAssociationUpdate": u, "ErrorCode": code, "ErrorReason": reason})
	}
	return map[string]any{"UnprocessedAssociationUpdates": failed}, nil
}
