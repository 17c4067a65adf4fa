package fake

import (
	"maps"
	"net/http"
)

// tagged is the tag map of a resource and its type, or nil.
func (s *ec2State) tagged(id string) (*map[string]string, string) {
	for _, g := range s.groups {
		if g.ID == id {
			return &g.Tags, "security-group"
		}
		for i := range g.Rules {
			if g.Rules[i].ID == id {
				return &g.Rules[i].Tags, "security-group-rule"
			}
		}
	}
	for _, v := range s.vpcs {
		if v.ID == id {
			return &v.Tags, "vpc"
		}
	}
	for _, n := range s.interfaces {
		if n.ID == id {
			return &n.Tags, "network-interface"
		}
	}
	return nil, ""
}

func createTags(c *call) (any, error) {
	return eachTagged(c, func(tags map[string]string, key, value string, _ bool) { tags[key] = value })
}

// deleteTags removes a tag whatever its value, unless a value is named.
func deleteTags(c *call) (any, error) {
	return eachTagged(c, func(tags map[string]string, key, value string, given bool) {
		if !given || tags[key] == value {
			delete(tags, key)
		}
	})
}

func eachTagged(c *call, change func(tags map[string]string, key, value string, given bool)) (any, error) {
	s := c.region().ec2
	ids := numbered(c.form, "ResourceId")
	for _, id := range ids {
		if tags, _ := s.tagged(id); tags == nil {
			return nil, fail(http.StatusBadRequest, "InvalidID", "The ID '%s' is not valid", id)
		}
	}
	if err := c.dryRun(); err != nil {
		return nil, err
	}
	for _, id := range ids {
		tags, _ := s.tagged(id)
		next := maps.Clone(*tags)
		if next == nil {
			next = map[string]string{}
		}
		for _, t := range entries(c.form, "Tag") {
			change(next, t.Get("Key"), t.Get("Value"), t.Has("Value"))
		}
		*tags = next
		c.resources = append(c.resources, trailResource{Name: id})
	}
	return returned{true}, nil
}

type xmlTagDescription struct {
	ID    string `xml:"resourceId"`
	Type  string `xml:"resourceType"`
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func describeTags(c *call) (any, error) {
	holds, err := c.filters(oneOf("key", "resource-id", "resource-type", "value"))
	if err != nil {
		return nil, err
	}
	s := c.ec2()
	var ids []string
	for _, g := range s.groups {
		ids = append(ids, g.ID)
		for _, r := range g.Rules {
			ids = append(ids, r.ID)
		}
	}
	for _, v := range s.vpcs {
		ids = append(ids, v.ID)
	}
	for _, n := range s.interfaces {
		ids = append(ids, n.ID)
	}
	var found []xmlTagDescription
	for _, id := range ids {
		tags, kind := s.tagged(id)
		for _, t := range xmlTags(*tags) {
			if holds(func(name string) []string {
				if v, ok := map[string]string{"key": t.Key, "resource-id": id, "resource-type": kind, "value": t.Value}[name]; ok {
					return []string{v}
				}
				if name == "tag:"+t.Key {
					return []string{t.Value}
				}
				return nil
			}) {
				found = append(found, xmlTagDescription{id, kind, t.Key, t.Value})
			}
		}
	}
	from, to, next, err := c.page(len(found))
	if err != nil {
		return nil, err
	}
	return struct {
		Tags []xmlTagDescription `xml:"tagSet>item"`
		Next string              `xml:"nextToken,omitempty"`
	}{found[from:to], next}, nil
}
