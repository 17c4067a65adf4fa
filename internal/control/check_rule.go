package control

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

const maxPort = 65535

// highRiskPorts are the ports of EC2.19 (Security Hub user guide, "EC2.19").
var highRiskPorts = []int64{
	20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389,
	4333, 5000, 5432, 5500, 5601, 8080, 8088, 8888, 9200, 9300,
}

// defaultParameters are Security Hub's defaults for the parameters of controls
// that may be customised (user guide, "EC2.18").
func defaultParameters() map[string]map[string][]int64 {
	return map[string]map[string][]int64{
		"EC2.18": {"authorizedTcpPorts": {80, 443}, "authorizedUdpPorts": {}},
	}
}

// source is whether a rule admits every address of a family.
type source struct{ anyIPv4, anyIPv6 bool }

// sourceOf reads the source of an ingress rule. A prefix length of 0 is every
// address of its family, whatever the address before it; a referenced group and
// a prefix list are not (Security Hub speaks of the two networks only).
func sourceOf(rule map[string]any) (source, error) {
	var s source
	for _, key := range []string{"CidrIp", "CidrIpv6"} {
		value, ok := rule[key]
		if !ok || value == nil || value == "" {
			continue
		}
		text, ok := value.(string)
		if !ok {
			return source{}, fmt.Errorf("%s is not known yet", key)
		}
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return source{}, fmt.Errorf("%s %q is not a network", key, text)
		}
		if prefix.Bits() == 0 {
			s.anyIPv4 = s.anyIPv4 || prefix.Addr().Is4()
			s.anyIPv6 = s.anyIPv6 || prefix.Addr().Is6()
		}
	}
	return s, nil
}

// span is a range of ports, both ends included.
type span struct{ from, to int64 }

func (s span) touches(ports []int64) bool {
	for _, p := range ports {
		if s.from <= p && p <= s.to {
			return true
		}
	}
	return false
}

// exceeds says whether some port of the span is not in ports.
func (s span) exceeds(ports []int64) bool {
	allowed := make(map[int64]bool, len(ports))
	for _, p := range ports {
		allowed[p] = true
	}
	for p := s.from; p <= s.to; p++ {
		if !allowed[p] {
			return true
		}
	}
	return false
}

// spanOf gives the ports of protocol that a rule opens, and whether it carries
// the protocol at all. Protocol -1 is every protocol and every port. The port
// fields of ICMP are type and code and those of other protocols mean nothing
// (EC2 API reference, "IpPermission"): such a rule opens no port.
func spanOf(rule map[string]any, protocol string) (span, bool, error) {
	own, err := protocolOf(rule)
	if err != nil {
		return span{}, false, err
	}
	switch own {
	case "-1":
		return span{0, maxPort}, true, nil
	case protocol:
	default:
		return span{}, false, nil
	}
	from, stated, err := number(rule, "FromPort")
	if err != nil {
		return span{}, false, err
	}
	if !stated {
		from = 0
	}
	to, stated, err := number(rule, "ToPort")
	if err != nil {
		return span{}, false, err
	}
	if !stated {
		to = maxPort
	}
	if from == -1 && (to == -1 || !stated) { // written for "all"
		return span{0, maxPort}, true, nil
	}
	if from < 0 || to > maxPort || from > to {
		return span{}, false, fmt.Errorf("ports %d-%d are no range", from, to)
	}
	return span{from, to}, true, nil
}

// protocolOf gives tcp, udp, icmp, icmpv6, -1 or the text as it stands. EC2
// answers with names; templates may hold names in any case or IANA's numbers.
func protocolOf(rule map[string]any) (string, error) {
	var text string
	switch v := rule["IpProtocol"].(type) {
	case string:
		text = strings.ToLower(strings.TrimSpace(v))
	case nil:
		return "", fmt.Errorf("IpProtocol is missing")
	default:
		n, _, err := number(rule, "IpProtocol")
		if err != nil {
			return "", err
		}
		text = strconv.FormatInt(n, 10)
	}
	if n, err := strconv.Atoi(text); err == nil {
		text = strconv.Itoa(n)
	}
	switch text {
	case "all":
		return "-1", nil
	case "6":
		return "tcp", nil
	case "17":
		return "udp", nil
	case "1":
		return "icmp", nil
	case "58", "icmp6", "ipv6-icmp":
		return "icmpv6", nil
	case "":
		return "", fmt.Errorf("IpProtocol is empty")
	}
	return text, nil
}

// number reads a whole number in any of the forms that JSON, YAML and live
// reads give; false where it is absent.
func number(rule map[string]any, key string) (int64, bool, error) {
	wrong := fmt.Errorf("%s %v is not a whole number", key, rule[key])
	switch v := rule[key].(type) {
	case nil:
		return 0, false, nil
	case int64:
		return v, true, nil
	case int:
		return int64(v), true, nil
	case int32:
		return int64(v), true, nil
	case uint64:
		if v > math.MaxInt64 {
			return 0, false, wrong
		}
		return int64(v), true, nil
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return 0, false, wrong
		}
		return int64(v), true, nil
	case json.Number:
		return parsed(v.String(), wrong)
	case string:
		return parsed(strings.TrimSpace(v), wrong)
	}
	return 0, false, fmt.Errorf("%s is not known yet", key)
}

func parsed(text string, wrong error) (int64, bool, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false, wrong
	}
	return n, true, nil
}
