package eventpattern

import (
	"bytes"
	"fmt"
)

// maxStars is how many * one wildcard may hold. EventBridge does not publish
// its limit; it refuses "*:*:*:*:*:event-bus/*", the longest that is known.
const maxStars = 5

// glob is a wildcard: the literals between the stars. One literal means no star.
type glob struct {
	parts [][]byte
}

// parseGlob reads a wildcard. \* and \\ are the only escapes.
func parseGlob(s string) (glob, error) {
	g := glob{parts: [][]byte{nil}}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '*':
			if i+1 < len(s) && s[i+1] == '*' {
				return g, fmt.Errorf("wildcard: two * in a row at byte %d of the value; one matches any run of characters", i)
			}
			if len(g.parts) > maxStars {
				return g, fmt.Errorf("wildcard: too complex: use at most %d *", maxStars)
			}
			g.parts = append(g.parts, nil)
			continue
		case '\\':
			if i++; i == len(s) || s[i] != '*' && s[i] != '\\' {
				return g, fmt.Errorf(`wildcard: bad escape at byte %d of the value; only \* and \\ are allowed`, i-1)
			}
			c = s[i]
		}
		last := len(g.parts) - 1
		g.parts[last] = append(g.parts[last], c)
	}
	return g, nil
}

// literal gives the text of a wildcard without stars.
func (g *glob) literal() (string, bool) {
	return string(g.parts[0]), len(g.parts) == 1
}

func (g *glob) fits(s []byte) bool {
	first, last := g.parts[0], g.parts[len(g.parts)-1]
	if len(g.parts) == 1 {
		return bytes.Equal(s, first)
	}
	if len(s) < len(first)+len(last) || !bytes.HasPrefix(s, first) || !bytes.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range g.parts[1 : len(g.parts)-1] {
		i := bytes.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}

// longest is the length of the longest literal.
func (g *glob) longest() int {
	n := 0
	for _, p := range g.parts {
		n = max(n, len(p))
	}
	return n
}
