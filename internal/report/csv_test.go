package report

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"zesei/internal/finding"
)

func row(resource string) Row {
	due := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	return Row{
		Key: "0123456789ab", Resource: resource, Title: "Bucket, \"public\"", Control: "S3.8", Severity: finding.High,
		Account: "111122223333", AccountName: "shop-prod", Region: "ap-northeast-1", Owner: "shop", Due: &due, State: StateOverdue,
	}
}

// readBack opens a file as a spreadsheet does.
func readBack(t testing.TB, data []byte) [][]string {
	t.Helper()
	text, ok := strings.CutPrefix(string(data), "\ufeff")
	if !ok {
		t.Fatal("no byte order mark")
	}
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Fatal("a line does not end with CRLF")
	}
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestTheCSVOpensAsItWasMeant(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	for language, want := range map[string][][]string{
		"ja": {
			{"リソース", "違反事項", "コントロールID", "重要度", "アカウントID", "アカウント名", "リージョン", "担当", "対応期限", "状態", "ケース"},
			{"arn:aws:s3:::b", "Bucket, \"public\"", "S3.8", "HIGH", "111122223333", "shop-prod", "ap-northeast-1", "shop", "2026-11-30 18:00 +09:00", "期限超過", "0123456789ab"},
		},
		"en": {
			{"Resource", "Title", "Control ID", "Severity", "Account ID", "Account", "Region", "Owner", "Due", "State", "Case"},
			{"arn:aws:s3:::b", "Bucket, \"public\"", "S3.8", "HIGH", "111122223333", "shop-prod", "ap-northeast-1", "shop", "2026-11-30 18:00 +09:00", "overdue", "0123456789ab"},
		},
	} {
		if diff := cmp.Diff(want, readBack(t, CSV([]Row{row("arn:aws:s3:::b")}, language, tokyo))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", language, diff)
		}
	}
	if got := FileName(time.Date(2026, 11, 1, 23, 30, 0, 0, time.UTC), tokyo); got != "security-hub-findings-20261102-0830.csv" {
		t.Errorf("file name %s", got)
	}
}

func TestNoCellRunsAsAFormula(t *testing.T) {
	for _, evil := range []string{`=HYPERLINK("http://x")`, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=1+1", "\x00=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20A"} {
		got := readBack(t, CSV([]Row{row(evil)}, "en", time.UTC))[1][0]
		if !strings.HasPrefix(got, "'") {
			t.Errorf("%q is written as %q", evil, got)
		}
	}
	if got := cell("arn:aws:s3:::a=b"); got != "arn:aws:s3:::a=b" {
		t.Errorf("a harmless value became %q", got)
	}
}

func FuzzCell(f *testing.F) {
	for _, s := range []string{"", "=1", "'=1", "\ufeff=1", "\xff", "a\r\nb", "\x01\x02@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := cell(s)
		if strings.IndexAny(got, formula) == 0 || !utf8.ValidString(got) {
			t.Fatalf("%q became %q", s, got)
		}
		lines, err := csv.NewReader(bytes.NewReader(CSV([]Row{row(s)}, "ja", time.UTC)[3:])).ReadAll()
		if err != nil || len(lines) != 2 || len(lines[1]) != len(headers) {
			t.Fatalf("%q: %d lines, %v", s, len(lines), err)
		}
	})
}
