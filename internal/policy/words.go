package policy

import "zesei/internal/finding"

// Standards are the ids by which files and findings name a standard.
var Standards = []string{
	"fsbp", "cis-1.2", "cis-1.4", "cis-3.0", "cis-5.0", "pci-dss-3.2.1", "pci-dss-4.0.1",
	"nist-800-53-r5", "nist-800-171", "service-managed-ct", "resource-tagging",
}

// Classes say what a control is about. A control of none of them is unclassified.
var Classes = []string{"essential", "availability", "logging", "encryption-in-transit", "encryption-at-rest", "other"}

var (
	responseNames = []string{string(Track), string(Notify), string(Suppress), string(Disable)}
	modeNames     = []string{string(FixOff), string(FixSuggest), string(FixApprove), string(FixAuto)}
	severityNames = []string{string(finding.Critical), string(finding.High), string(finding.Medium), string(finding.Low), string(finding.Informational)}
	statusNames   = []string{string(finding.Failed), string(finding.Warning), string(finding.NotAvailable)}
)

// strength orders responses: a case takes the strongest over its standards.
func (r Response) strength() int {
	switch r {
	case Track:
		return 4
	case Notify:
		return 3
	case Suppress:
		return 2
	case Disable:
		return 1
	}
	return 0
}

// rank orders fix modes from off (0) to auto (3).
func (m FixMode) rank() int {
	switch m {
	case FixSuggest:
		return 1
	case FixApprove:
		return 2
	case FixAuto:
		return 3
	}
	return 0
}

func lower(a, b FixMode) FixMode {
	if a.rank() < b.rank() {
		return a
	}
	return b
}
