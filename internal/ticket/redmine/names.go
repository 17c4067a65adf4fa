package redmine

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"zesei/internal/ticket"
	"zesei/internal/ticket/rest"
)

// names remembers Redmine's short lists (statuses, priorities, trackers).
type names struct {
	mu    sync.Mutex
	lists map[string]json.RawMessage // by path
}

// list reads a list once.
func (n *names) list(ctx context.Context, c *rest.Client, path, key string) (json.RawMessage, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if raw, ok := n.lists[path]; ok {
		return raw, nil
	}
	var out map[string]json.RawMessage
	if _, err := c.Do(ctx, rest.Call{Method: "GET", Path: path, Out: &out}); err != nil {
		return nil, err
	}
	if n.lists == nil {
		n.lists = map[string]json.RawMessage{}
	}
	n.lists[path] = out[key]
	return out[key], nil
}

// find is the id of a name in a list; an id stands for itself.
func (n *names) find(ctx context.Context, c *rest.Client, path, key, name string) (int, error) {
	if id, err := strconv.Atoi(name); err == nil {
		return id, nil
	}
	raw, err := n.list(ctx, c, path, key)
	if err != nil {
		return 0, err
	}
	var all []named
	if err := json.Unmarshal(raw, &all); err != nil {
		return 0, fmt.Errorf("%s: reading %s: %w", c.Name, key, err)
	}
	var have []string
	for _, one := range all {
		if strings.EqualFold(one.Name, name) {
			return one.ID, nil
		}
		have = append(have, one.Name)
	}
	return 0, &ticket.Permanent{Reason: fmt.Sprintf("%s: there is no %q among %s", c.Name, name, strings.ReplaceAll(key, "_", " ")), Hint: "it has " + strings.Join(have, ", ")}
}
