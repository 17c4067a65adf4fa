package control_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

type reference struct {
	ID       string   `json:"id"`
	Status   string   `json:"status"`
	Severity string   `json:"severity"`
	Legacy   []string `json:"legacy_generator_ids"`
	Own      []struct {
		Standard string `json:"standard"`
		ID       string `json:"id"`
	} `json:"standard_specific_ids"`
	Standards map[string]any `json:"standards"`
}

func references(t *testing.T) []reference {
	t.Helper()
	var all []reference
	if err := json.Unmarshal(shared(t, "reference/controls.json"), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryReferenceControlIsHere(t *testing.T) {
	c := load(t)
	for _, want := range references(t) {
		got, ok := c.Lookup(want.ID)
		if !ok || got.ID != want.ID {
			t.Errorf("%s: not found in its own spelling", want.ID)
			continue
		}
		if got.Severity != want.Severity || got.Active() != (want.Status == "active") || got.Retired != (want.Status == "retired") {
			t.Errorf("%s: severity %s, active %t, retired %t; reference says %s, %s", want.ID, got.Severity, got.Active(), got.Retired, want.Severity, want.Status)
		}
	}
}

// AWS's table lists CIS 1.2 rule 1.1 under CloudWatch.1; rule 1.1 was once
// IAM.20, which is retired, so the finding goes to the living control.
const ruleOneOne = "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.1"

func TestEveryLegacyGeneratorIDFindsItsControl(t *testing.T) {
	c := load(t)
	count := 0
	for _, want := range references(t) {
		for _, id := range want.Legacy {
			got, standard, ok := c.ByGenerator(id)
			if want.ID == "IAM.20" && id == ruleOneOne {
				continue
			}
			count++
			if !ok || got.ID != want.ID || standard == "" {
				t.Errorf("%s: got %v of %q, want %s", id, got, standard, want.ID)
			}
		}
	}
	if count < 480 {
		t.Errorf("only %d generator ids were tried", count)
	}
}

func TestEveryStandardSpecificIDFindsItsControl(t *testing.T) {
	c := load(t)
	names := map[string]string{"CIS v1.2.0": "cis-1.2", "CIS v1.4.0": "cis-1.4", "PCI DSS v3.2.1": "pci-dss-3.2.1"}
	for _, want := range references(t) {
		for _, own := range want.Own {
			// A few ids of the reference lost their last zero (3.10 read as a
			// number); the generator id beside them has the whole.
			cut := slices.ContainsFunc(want.Legacy, func(id string) bool { return strings.HasSuffix(id, "/"+own.ID+"0") })
			if cut || want.ID == "IAM.20" {
				continue
			}
			got, ok := c.ByStandardID(names[own.Standard], own.ID)
			if !ok || got.ID != want.ID {
				t.Errorf("%s %s: got %v, want %s", own.Standard, own.ID, got, want.ID)
			}
		}
	}
}

func TestRequirementNumbersAgreeWithTheStandardsOwnLists(t *testing.T) {
	c := load(t)
	var cis struct {
		Controls []struct{ ID, Requirement string }
	}
	if err := json.Unmarshal(shared(t, "reference/cis_1_4.json"), &cis); err != nil {
		t.Fatal(err)
	}
	var pci struct {
		Controls []struct {
			ID           string
			Requirements []string
		}
	}
	if err := json.Unmarshal(shared(t, "reference/pci_dss_3_2_1.json"), &pci); err != nil {
		t.Fatal(err)
	}
	for _, want := range cis.Controls {
		if got, _ := c.Lookup(want.ID); !slices.Equal(got.Standards["cis-1.4"], []string{want.Requirement}) {
			t.Errorf("%s in cis-1.4: %v, want %s", want.ID, got.Standards["cis-1.4"], want.Requirement)
		}
	}
	for _, want := range pci.Controls {
		if got, _ := c.Lookup(want.ID); !slices.Equal(got.Standards["pci-dss-3.2.1"], want.Requirements) {
			t.Errorf("%s in pci-dss-3.2.1: %v, want %v", want.ID, got.Standards["pci-dss-3.2.1"], want.Requirements)
		}
	}
}
