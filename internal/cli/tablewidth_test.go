package cli

import (
	"bytes"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
)

func narrowTable(t *testing.T, width int) string {
	t.Helper()
	var out bytes.Buffer
	e := &env{IO: IO{Out: &out, Width: width}}
	err := printTable(e, []string{"KEY", "DUE", "TITLE"}, [][]string{
		{"0123456789ab", "2027-01-01 09:00 JST", "S3 汎用バケットではブロックパブリックアクセス設定が有効になっていること"},
		{"ba9876543210", "-", "required: short"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestATableIsCutToTheTerminalInItsTextOnly(t *testing.T) {
	out := narrowTable(t, 60)
	for line := range strings.SplitSeq(strings.TrimRight(out, "\n"), "\n") {
		if w := lipgloss.Width(line); w > 60 {
			t.Errorf("%d columns: %s", w, line)
		}
	}
	for _, want := range []string{"0123456789ab", "2027-01-01 09:00 JST", "S3 汎用", "…", "required: short"} {
		if !strings.Contains(out, want) {
			t.Errorf("without %q:\n%s", want, out)
		}
	}
}

func TestATableInAPipeIsNeverCut(t *testing.T) {
	if out := narrowTable(t, 0); strings.Contains(out, "…") || !strings.Contains(out, "有効になっていること") {
		t.Errorf("cut:\n%s", out)
	}
}

func TestATableThatCannotFitKeepsKeysAndTimes(t *testing.T) {
	out := narrowTable(t, 10)
	if !strings.Contains(out, "0123456789ab  2027-01-01 09:00 JST") {
		t.Errorf("\n%s", out)
	}
}
