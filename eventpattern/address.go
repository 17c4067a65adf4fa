package eventpattern

// address is an IP address. The zero value is none.
type address struct {
	family uint8 // 4, 6, or 0 for none
	octets [16]byte
}

// parseAddress reads an address as EventBridge does: IPv4 as four decimal
// numbers (leading zeros are no octal), IPv6 as hexadecimal groups and colons
// only, without dotted tail or zone. An IPv4-mapped IPv6 address is the IPv4
// address. Anything else is no address.
func parseAddress(s []byte) address {
	if len(s) < 2 || len(s) > 128 {
		return address{}
	}
	colon := false
	for _, c := range s {
		switch {
		case c == ':':
			colon = true
		case c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f':
		default:
			return address{}
		}
	}
	if colon {
		return parseIPv6(s)
	}
	return parseIPv4(s)
}

func parseIPv4(s []byte) address {
	a := address{family: 4}
	if len(s) > 15 {
		return address{}
	}
	part, digits, v := 0, 0, 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			if digits == 0 || v > 255 || part > 3 {
				return address{}
			}
			a.octets[part] = byte(v)
			part, digits, v = part+1, 0, 0
			continue
		}
		c := s[i] - '0'
		if c > 9 {
			return address{}
		}
		digits++
		v = v*10 + int(c)
	}
	if part != 4 {
		return address{}
	}
	return a
}

func parseIPv6(s []byte) address {
	a := address{family: 6}
	i, n, gap := 0, 0, -1 // n octets are set; the gap of :: is before octet gap
	if s[0] == ':' {
		if s[1] != ':' {
			return address{}
		}
		i = 1
	}
	v, digit := 0, false
	for i < len(s) {
		c := s[i]
		i++
		if c == ':' {
			if !digit {
				if gap >= 0 {
					return address{}
				}
				gap = n
				continue
			}
			if i == len(s) || n+2 > 16 {
				return address{}
			}
			a.octets[n], a.octets[n+1] = byte(v>>8), byte(v)
			n, v, digit = n+2, 0, false
			continue
		}
		d, ok := hexDigit(c)
		if v = v<<4 | d; !ok || v > 0xffff {
			return address{}
		}
		digit = true
	}
	if digit {
		if n+2 > 16 {
			return address{}
		}
		a.octets[n], a.octets[n+1] = byte(v>>8), byte(v)
		n += 2
	}
	if gap >= 0 {
		if n == 16 {
			return address{}
		}
		copy(a.octets[16-(n-gap):], a.octets[gap:n])
		clear(a.octets[gap : 16-(n-gap)])
		n = 16
	}
	if n != 16 {
		return address{}
	}
	return a.unmapped()
}

// unmapped turns ::ffff:a00:1 into 10.0.0.1.
func (a address) unmapped() address {
	for _, o := range a.octets[:10] {
		if o != 0 {
			return a
		}
	}
	if a.octets[10] != 0xff || a.octets[11] != 0xff {
		return a
	}
	v4 := address{family: 4}
	copy(v4.octets[:4], a.octets[12:])
	return v4
}

// size is the number of bits of an address of this family.
func (a address) size() int {
	if a.family == 4 {
		return 32
	}
	return 128
}

// masked keeps the first bits of the address.
func (a address) masked(bits int) address {
	full := bits / 8
	if full < 16 {
		a.octets[full] &= byte(uint16(0xff00) >> (bits % 8))
		clear(a.octets[full+1:])
	}
	return a
}

func (a address) within(network address, bits int) bool {
	return a.family == network.family && a.masked(bits) == network
}

func hexDigit(c byte) (int, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0'), true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10, true
	}
	return 0, false
}
