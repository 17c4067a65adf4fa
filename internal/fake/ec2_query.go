package fake

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// numbered returns the values of prefix.1, prefix.2, …
func numbered(form url.Values, prefix string) []string {
	var values []string
	for i := 1; ; i++ {
		v, ok := form[prefix+"."+strconv.Itoa(i)]
		if !ok {
			return values
		}
		values = append(values, v[0])
	}
}

// entries returns the members of the structures prefix.1, prefix.2, … with the
// prefix taken off.
func entries(form url.Values, prefix string) []url.Values {
	var list []url.Values
	for k, v := range form {
		rest, ok := strings.CutPrefix(k, prefix+".")
		if !ok {
			continue
		}
		number, member, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 10000 {
			continue
		}
		for len(list) < n {
			list = append(list, url.Values{})
		}
		list[n-1][member] = v
	}
	return list
}

// filters reads Filter.N and answers whether an item holds all of them. values
// gives an item's values for a filter name; unknown names are refused.
func (c *call) filters(known func(name string) bool) (func(values func(name string) []string) bool, error) {
	type filter struct {
		name   string
		values []string
	}
	var all []filter
	for _, f := range entries(c.form, "Filter") {
		name := f.Get("Name")
		if !known(name) && !strings.HasPrefix(name, "tag:") && name != "tag-key" {
			return nil, fail(http.StatusBadRequest, "InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		all = append(all, filter{name, numbered(f, "Value")})
	}
	return func(values func(string) []string) bool {
		for _, f := range all {
			if !slices.ContainsFunc(values(f.name), func(have string) bool {
				return slices.ContainsFunc(f.values, func(want string) bool { return wild(want, have) })
			}) {
				return false
			}
		}
		return true
	}, nil
}

func oneOf(names ...string) func(string) bool {
	return func(n string) bool { return slices.Contains(names, n) }
}

// tagValues answers the filters tag:KEY and tag-key.
func tagValues(tags map[string]string, name string) []string {
	if name == "tag-key" {
		return slices.Collect(maps.Keys(tags))
	}
	if k, ok := strings.CutPrefix(name, "tag:"); ok {
		if v, has := tags[k]; has {
			return []string{v}
		}
	}
	return nil
}

// wild matches EC2's filter wildcards * and ?.
func wild(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	switch pattern[0] {
	case '*':
		for i := 0; i <= len(s); i++ {
			if wild(pattern[1:], s[i:]) {
				return true
			}
		}
		return false
	case '?':
		return s != "" && wild(pattern[1:], s[1:])
	}
	return s != "" && s[0] == pattern[0] && wild(pattern[1:], s[1:])
}

// page cuts one page of n items: MaxResults and NextToken of EC2, whose lowest
// page size is 5.
func (c *call) page(n int) (from, to int, next string, err error) {
	to = n
	if token := c.form.Get("NextToken"); token != "" {
		b, decodeErr := base64.StdEncoding.DecodeString(token)
		from, err = strconv.Atoi(string(b))
		if decodeErr != nil || err != nil || from > n {
			return 0, 0, "", fail(http.StatusBadRequest, "InvalidParameterValue", "Invalid value '%s' for NextToken", token)
		}
	}
	size := 1000
	if m := c.form.Get("MaxResults"); m != "" {
		if size, err = strconv.Atoi(m); err != nil || size < 5 || size > 1000 {
			return 0, 0, "", fail(http.StatusBadRequest, "InvalidParameterValue", "Value ( %s ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.", m)
		}
	}
	if from+size < n {
		to = from + size
		next = base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	return from, to, next, nil
}

// dryRun ends a request that would have succeeded.
func (c *call) dryRun() error {
	if c.form.Get("DryRun") == "true" {
		return fail(http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
	}
	return nil
}

// returned is the answer of operations that only say yes.
type returned struct {
	Return bool `xml:"return"`
}

type xmlTag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func xmlTags(tags map[string]string) []xmlTag {
	var list []xmlTag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, xmlTag{k, tags[k]})
	}
	return list
}

// tagsFor reads TagSpecification.N for one resource type.
func (c *call) tagsFor(resourceType string) (map[string]string, error) {
	tags := map[string]string{}
	for _, s := range entries(c.form, "TagSpecification") {
		if s.Get("ResourceType") != resourceType {
			return nil, fail(http.StatusBadRequest, "InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", s.Get("ResourceType"))
		}
		for _, t := range entries(s, "Tag") {
			tags[t.Get("Key")] = t.Get("Value")
		}
	}
	return tags, nil
}
