package finding

import (
	"strings"
	"testing"

	"zesei/internal/event"
)

func TestTheContentHashMovesWithWhatDecides(t *testing.T) {
	doc := func() document { return fixture(t, "ec2.19-consolidated.json") }
	base := one(t, doc().raw(t)).ContentHash
	for path, value := range map[string]any{
		"UpdatedAt": "2026-11-20T03:59:00Z", "LastObservedAt": "2026-11-20T03:59:00Z", "ProcessedAt": "2026-11-20T03:59:00Z", "FirstObservedAt": "2026-11-20T03:59:00Z",
	} {
		if got := one(t, doc().with(path, value).raw(t)).ContentHash; got != base {
			t.Errorf("%s moves the hash", path)
		}
	}
	for path, value := range map[string]any{
		"Compliance.Status": "PASSED", "RecordState": "ARCHIVED", "Workflow.Status": "NOTIFIED", "Severity.Label": "LOW", "Title": "x",
		"Resources": []any{resource("AwsEc2SecurityGroup", "sg-0a")}, "Compliance.StatusReasons": []any{map[string]any{"ReasonCode": "R"}},
		"Note": map[string]any{"UpdatedBy": "zesei"}, "Compliance.AssociatedStandards": []any{},
	} {
		if got := one(t, doc().with(path, value).raw(t)).ContentHash; got == base {
			t.Errorf("%s does not move the hash", path)
		}
	}
	tagged := doc()
	tagged["Resources"].([]any)[0].(map[string]any)["Tags"] = map[string]any{"Team": "shop"}
	if one(t, tagged.raw(t)).ContentHash == base {
		t.Error("a tag does not move the hash, though it may forbid a fix")
	}
}

func TestTextStaysDataAndLinksGoToAWS(t *testing.T) {
	f := one(t, fixture(t, "ec2.19-consolidated.json").with("Title", "a\x1b[31mred\u202e <!channel>\n"+strings.Repeat("あ", 400)).raw(t))
	if strings.ContainsAny(f.Title, "\x1b\u202e\n") || !strings.HasPrefix(f.Title, "a[31mred <!channel> あ") || len(f.Title) > maxTitle {
		t.Errorf("title %q of %d bytes", f.Title, len(f.Title))
	}
	for address, kept := range map[string]bool{
		"https://docs.aws.amazon.com/console/securityhub/EC2.19/remediation": true,
		"https://docs.amazonaws.cn/x":                                        true,
		"http://docs.aws.amazon.com/x":                                       false,
		"https://docs.aws.amazon.com.evil.test/":                             false,
		"https://evil.test/docs.aws.amazon.com":                              false,
		"https://user@docs.aws.amazon.com/":                                  false,
		"https://docs.aws.amazon.com:8443/":                                  false,
		"javascript:alert(1)//docs.aws.amazon.com":                           false,
		"": false,
	} {
		f := one(t, fixture(t, "ec2.19-consolidated.json").with("Remediation.Recommendation.Url", address).raw(t))
		if (f.RemediationURL != "") != kept {
			t.Errorf("%q is kept as %q", address, f.RemediationURL)
		}
	}
}

func TestAFindingDoesNotReferToTheItemsMemory(t *testing.T) {
	raw := fixture(t, "ec2.19-consolidated.json").in(t, "Security Hub Findings - Imported", "111122223333")
	item := event.Item{Format: event.ImportedEvent, Raw: raw}
	all, err := NewDecoder(newTestCatalogue()).Decode(item, received)
	if err != nil {
		t.Fatal(err)
	}
	before := string(all[0].Raw) + all[0].Title + all[0].Subjects[0].Key.Resource
	for i := range raw {
		raw[i] = 'x'
	}
	if before != string(all[0].Raw)+all[0].Title+all[0].Subjects[0].Key.Resource {
		t.Error("the finding changed with the item")
	}
}
