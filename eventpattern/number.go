package eventpattern

import (
	"math"
	"strconv"
)

// maxDigits is the longest decimal that the shortest form of a float64 can have.
const maxDigits = 17

// comparable gives the value of a JSON number and whether EventBridge can
// compare it: only a number that is the shortest decimal of a float64 can be
// compared, 9007199254740993 or 1e309 cannot. -0 is 0. The text must be a valid
// JSON number.
func comparable(text []byte) (float64, bool) {
	// Whole numbers of up to 15 digits are nearly all there are.
	if n := len(text); n <= 15 {
		var v int64
		i := 0
		if text[0] == '-' {
			i = 1
		}
		for ; i < n; i++ {
			c := text[i] - '0'
			if c > 9 {
				return comparableDecimal(text)
			}
			v = v*10 + int64(c)
		}
		if text[0] == '-' {
			v = -v
		}
		return float64(v), true
	}
	return comparableDecimal(text)
}

// decimal is a number as 0.d1d2d3... times ten to the power exp, without zeros
// at either end. Zero has no digits.
type decimal struct {
	digits [maxDigits]byte
	n      int
	exp    int
	neg    bool
}

// parseDecimal reads a valid JSON number. It reports false for more digits than
// any float64 has in its shortest form, and for absurd exponents.
func parseDecimal(text []byte) (d decimal, ok bool) {
	i := 0
	if text[i] == '-' {
		d.neg = true
		i++
	}
	point, zeros, seen := false, 0, false
	for ; i < len(text) && text[i] != 'e' && text[i] != 'E'; i++ {
		c := text[i]
		switch {
		case c == '.':
			point = true
			continue
		case c == '0' && !seen: // a leading zero only moves the point
			if point {
				d.exp--
			}
			continue
		}
		seen = true
		if !point {
			d.exp++
		}
		if c == '0' {
			zeros++
			continue
		}
		for ; zeros > 0; zeros-- {
			if d.n == maxDigits {
				return d, false
			}
			d.digits[d.n] = '0'
			d.n++
		}
		if d.n == maxDigits {
			return d, false
		}
		d.digits[d.n] = c
		d.n++
	}
	if d.n == 0 {
		return decimal{}, true
	}
	if i < len(text) {
		e, neg := 0, false
		for i++; i < len(text); i++ {
			switch c := text[i]; c {
			case '-':
				neg = true
			case '+':
			default:
				if e = e*10 + int(c-'0'); e > 1<<30 {
					return d, false
				}
			}
		}
		if neg {
			e = -e
		}
		d.exp += e
	}
	return d, true
}

func comparableDecimal(text []byte) (float64, bool) {
	d, ok := parseDecimal(text)
	if !ok || d.exp > 310 || d.exp < -330 {
		return 0, false
	}
	if d.n == 0 {
		return 0, true
	}
	var room [32]byte
	b := room[:0]
	if d.neg {
		b = append(b, '-')
	}
	b = append(b, '0', '.')
	b = append(b, d.digits[:d.n]...)
	b = append(b, 'e')
	b = strconv.AppendInt(b, int64(d.exp), 10)
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || f == 0 || math.IsInf(f, 0) {
		return 0, false
	}
	if d.n < 15 && d.exp > -300 {
		return f, true // so few digits are always the shortest form
	}
	return f, sameDecimal(f, d)
}

// sameDecimal reports whether d is the decimal that Java writes for f: the
// shortest that reads back as f, but of two digits at least, which matters for
// the smallest numbers (4.9e-324, not 5e-324).
func sameDecimal(f float64, d decimal) bool {
	var room [32]byte
	s := strconv.AppendFloat(room[:0], math.Abs(f), 'e', -1, 64)
	if len(s) > 1 && s[1] == 'e' {
		s = strconv.AppendFloat(room[:0], math.Abs(f), 'e', 1, 64)
	}
	short, ok := parseDecimal(s)
	return ok && short.n == d.n && short.exp == d.exp && short.digits == d.digits
}
