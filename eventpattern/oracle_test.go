package eventpattern_test

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// The oracle says by the plainest means what a pattern must answer: it lists
// every leaf of the event, tries every choice of leaves, and shares no code with
// the package. It knows only valid patterns and well-formed events.

type oracleLeaf struct {
	path   string
	value  any // string, json.Number, bool or nil
	places map[int]int
}

// oracleFlatten lists the leaves of an event in its order, duplicates included.
func oracleFlatten(event []byte) []oracleLeaf {
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	var leaves []oracleLeaf
	arrays := 0
	var value func(path string, places map[int]int)
	value = func(path string, places map[int]int) {
		t, err := d.Token()
		if err != nil {
			panic(err)
		}
		switch t {
		case json.Delim('{'):
			for d.More() {
				key, _ := d.Token()
				full := key.(string)
				if path != "\x00" {
					full = path + "." + full
				}
				value(full, places)
			}
			_, _ = d.Token()
		case json.Delim('['):
			id := arrays
			arrays++
			for i := 0; d.More(); i++ {
				rest := bytes.TrimLeft(event[d.InputOffset():], " \t\r\n,")
				inner := places
				if rest[0] == '{' || rest[0] == '[' {
					inner = map[int]int{id: i}
					for k, v := range places {
						inner[k] = v
					}
				}
				value(path, inner)
			}
			_, _ = d.Token()
		default:
			leaves = append(leaves, oracleLeaf{path, t, places})
		}
	}
	value("\x00", map[int]int{})
	return leaves
}

type oracleRule map[string][]any

// oracleRules reads a pattern into its alternatives of path → list.
func oracleRules(pattern []byte) []oracleRule {
	d := json.NewDecoder(bytes.NewReader(pattern))
	d.UseNumber()
	_, _ = d.Token()
	return oracleObject(d, []oracleRule{{}}, "")
}

func oracleObject(d *json.Decoder, rules []oracleRule, prefix string) []oracleRule {
	for d.More() {
		t, _ := d.Token()
		key := t.(string)
		t, _ = d.Token()
		switch {
		case key == "$or":
			var all []oracleRule
			for d.More() {
				_, _ = d.Token()
				var copies []oracleRule
				for _, r := range rules {
					c := oracleRule{}
					for k, v := range r {
						c[k] = v
					}
					copies = append(copies, c)
				}
				all = append(all, oracleObject(d, copies, prefix)...)
			}
			_, _ = d.Token()
			rules = all
		case t == json.Delim('{'):
			rules = oracleObject(d, rules, prefix+key+".")
		default:
			var list []any
			for d.More() {
				var v any
				if err := d.Decode(&v); err != nil {
					panic(err)
				}
				list = append(list, v)
			}
			_, _ = d.Token()
			for _, r := range rules {
				r[prefix+key] = list
			}
		}
	}
	_, _ = d.Token()
	return rules
}

func oracleMatch(pattern, event []byte) bool {
	leaves := oracleFlatten(event)
	for _, rule := range oracleRules(pattern) {
		var paths []string
		for p := range rule {
			paths = append(paths, p)
		}
		sort.Strings(paths) // the tests keep to characters below U+E000
		if oracleChoose(rule, paths, leaves, map[int]int{}) {
			return true
		}
	}
	return false
}

func oracleChoose(rule oracleRule, paths []string, leaves []oracleLeaf, chosen map[int]int) bool {
	if len(paths) == 0 {
		return true
	}
	present := false
	for _, l := range leaves {
		if l.path != paths[0] {
			continue
		}
		merged := map[int]int{}
		for k, v := range chosen {
			merged[k] = v
		}
		fits := true
		for k, v := range l.places {
			if old, ok := merged[k]; ok && old != v {
				fits = false
			}
			merged[k] = v
		}
		if !fits {
			continue
		}
		present = true
		for _, want := range rule[paths[0]] {
			if oracleWants(want, l.value) && oracleChoose(rule, paths[1:], leaves, merged) {
				return true
			}
		}
	}
	for _, want := range rule[paths[0]] {
		if m, ok := want.(map[string]any); ok && m["exists"] == false && !present {
			return oracleChoose(rule, paths[1:], leaves, chosen)
		}
	}
	return false
}

func oracleWants(want, got any) bool {
	s, isString := got.(string)
	switch want := want.(type) {
	case map[string]any:
		for op, arg := range want {
			if op == "exists" {
				return arg == true
			}
			if op == "anything-but" {
				return oracleAnythingBut(arg, got)
			}
			if op == "numeric" {
				return oracleNumeric(arg.([]any), got)
			}
			return isString && oracleText(op, arg, s)
		}
	case string:
		if a, ok := oracleAddress(want); ok {
			b, ok := oracleAddress(s)
			return isString && ok && a == b
		}
		return isString && s == want
	case json.Number:
		g, ok := got.(json.Number)
		if !ok {
			return false
		}
		a, okA := oracleNumber(want)
		b, okB := oracleNumber(g)
		return okA && okB && a == b || want == g
	}
	return want == got
}

func oracleText(op string, arg any, s string) bool {
	if inner, ok := arg.(map[string]any); ok {
		w := inner["equals-ignore-case"].(string)
		s, w = strings.ToLower(s), strings.ToLower(w) // the tests keep to ASCII letters
		return op == "prefix" && strings.HasPrefix(s, w) || op == "suffix" && strings.HasSuffix(s, w)
	}
	w := arg.(string)
	switch op {
	case "exactly":
		return s == w
	case "prefix":
		return strings.HasPrefix(s, w)
	case "suffix":
		return strings.HasSuffix(s, w)
	case "equals-ignore-case":
		return strings.EqualFold(s, w)
	case "wildcard":
		var re strings.Builder
		re.WriteString("(?s)^")
		for i := 0; i < len(w); i++ {
			switch {
			case w[i] == '*':
				re.WriteString(".*")
			case w[i] == '\\':
				i++
				re.WriteString(regexp.QuoteMeta(w[i : i+1]))
			default:
				re.WriteString(regexp.QuoteMeta(w[i : i+1]))
			}
		}
		return regexp.MustCompile(re.String() + "$").MatchString(s)
	case "cidr":
		p := netip.MustParsePrefix(w)
		a, ok := oracleAddress(s)
		return ok && p.Contains(a)
	}
	panic(op)
}

func oracleAnythingBut(arg, got any) bool {
	list := []any{arg}
	op := ""
	if m, ok := arg.(map[string]any); ok {
		for op = range m {
			list[0] = m[op]
		}
	}
	if l, ok := list[0].([]any); ok {
		list = l
	}
	for _, x := range list {
		if op != "" {
			if s, ok := got.(string); ok && oracleText(op, x, s) {
				return false
			}
			continue
		}
		if a, ok := x.(json.Number); ok {
			if b, ok := got.(json.Number); ok {
				m, _ := oracleNumber(a)
				n, ok := oracleNumber(b)
				if ok && m == n {
					return false
				}
			}
		} else if x == got {
			return false
		}
	}
	return true
}

func oracleNumeric(arg []any, got any) bool {
	g, ok := got.(json.Number)
	if !ok {
		return false
	}
	n, ok := oracleNumber(g)
	if !ok {
		return false
	}
	for i := 0; i < len(arg); i += 2 {
		m, _ := oracleNumber(arg[i+1].(json.Number))
		holds := map[string]bool{"=": n == m, "<": n < m, "<=": n <= m, ">": n > m, ">=": n >= m}
		if !holds[arg[i].(string)] {
			return false
		}
	}
	return true
}

// oracleNumber compares the digits of the number with the shortest form of its
// float64; the tests keep away from the smallest numbers.
func oracleNumber(n json.Number) (float64, bool) {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || math.IsInf(f, 0) {
		return 0, false
	}
	return f + 0, oracleDigits(string(n)) == oracleDigits(strconv.FormatFloat(f, 'e', -1, 64))
}

func oracleDigits(s string) string {
	mantissa, exp := strings.TrimPrefix(strings.ToLower(s), "-"), 0
	if m, e, ok := strings.Cut(mantissa, "e"); ok {
		mantissa = m
		exp, _ = strconv.Atoi(e)
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+frac, "0")
	exp -= len(frac)
	for strings.HasSuffix(digits, "0") {
		digits, exp = digits[:len(digits)-1], exp+1
	}
	if digits == "" {
		return "0"
	}
	return digits + "e" + strconv.Itoa(exp)
}

func oracleAddress(s string) (netip.Addr, bool) {
	if parts := strings.Split(s, "."); len(parts) == 4 { // leading zeros are allowed
		for i, p := range parts {
			if p != "" {
				parts[i] = strings.TrimLeft(p[:len(p)-1], "0") + p[len(p)-1:]
			}
		}
		s = strings.Join(parts, ".")
	}
	a, err := netip.ParseAddr(s)
	if err != nil || strings.Contains(s, "%") || strings.Contains(s, ":") && strings.Contains(s, ".") {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}
