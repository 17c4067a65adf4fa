package audit_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"zesei/internal/audit"
	"zesei/internal/casework"
	"zesei/internal/finding"
)

func (s *scene) evidence(language string, from, to time.Time) (audit.Packed, map[string]string) {
	s.t.Helper()
	percent, lower := 83, 80
	e := &audit.Evidence{DB: s.db, Exporter: s.exporter(), Standard: "pci-dss-3.2.1", StandardTitle: "PCI DSS v3.2.1", From: from, To: to, Language: language,
		Zone: time.FixedZone("JST", 9*3600), Score: map[string]int{"score": 83}, Percent: &percent,
		Days:  []audit.DayScore{{Day: 20261117, NoData: 6}, {Day: 20261118, Percent: &lower, Passed: 4, Failed: 1}, {Day: 20261119, Percent: &lower, Passed: 4, Failed: 1}, {Day: 20261120, Percent: &percent, Passed: 5, Unknown: 1}},
		Title: func(string) string { return "<b>title</b>" }, Account: func(id string) string { return "=shop " + id }}
	var b bytes.Buffer
	p, err := e.Pack(context.Background(), &b)
	if err != nil {
		s.t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			s.t.Fatal(err)
		}
		r.Close()
		out[f.Name] = string(text)
	}
	return p, out
}

func TestEvidenceHoldsTheCasesOfThePeriodAndProvesEach(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	s.fails(0, 1)
	s.now = start.AddDate(0, 0, 1)
	s.said(finding.Passed, 0, 1) // closed before the period
	s.now = start.AddDate(0, 1, 0)
	s.fails(1, 4)
	x, err := s.work.AskException(ctx, casework.Person{ID: "cli:hanako"}, casework.Ask{Case: s.file(2).ID, Reason: "a <test>", Evidence: "https://wiki.example.com/x", Until: s.now.Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.work.ApproveException(ctx, casework.Person{ID: "cli:taro", Approver: true}, x.ID); err != nil {
		t.Fatal(err)
	}
	s.checkpoint()
	from, to := start.AddDate(0, 0, 15), s.now.AddDate(0, 0, 1)
	s.now = to.Add(time.Hour)
	s.fails(4, 5) // after the period
	p, files := s.evidence("ja", from, to)
	if p != (audit.Packed{Cases: 3, Open: 2, Exceptions: 1, Anchored: 3, Checkpoint: 1}) {
		t.Errorf("got %+v", p)
	}
	n := 0
	for name, text := range files {
		if strings.HasPrefix(name, "cases/") {
			n++
			if v := verify(t, []byte(text), s.signer.Public()); v.Result() != "consistent and anchored" {
				t.Errorf("%s: %s %v", name, v.Result(), v.Broken)
			}
		}
	}
	if n != 3 {
		t.Errorf("%d case files", n)
	}
	page := files["index.html"]
	for _, want := range []string{"監査証跡: PCI DSS v3.2.1", "83%", "&lt;b&gt;title", "a &lt;test&gt;", "cli:taro", strings.ReplaceAll(s.signer.Public().Fingerprint(), "+", "&#43;")} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if !strings.Contains(files["cases.csv"], ",'=shop ") {
		t.Errorf("a formula stands in the CSV:\n%s", files["cases.csv"])
	}
	if got, want := files["scores.csv"], "day,score,passed,failed,unknown,no data\n2026-11-17,–,0,0,0,6\n2026-11-18,80%,4,1,0,0\n2026-11-19,80%,4,1,0,0\n2026-11-20,83%,5,0,1,0\n"; got != want {
		t.Errorf("scores.csv is\n%s\nwant\n%s", got, want)
	}
	if !strings.Contains(page, "4 日分の記録") || !strings.Contains(page, "<td>2026-11-18<td>80%") || strings.Contains(page, "<td>2026-11-19") {
		t.Errorf("the page does not list the days on which the score changed:\n%s", page)
	}
	for _, want := range []string{"<td>未解決", "<td>リスク受容", "<td>ケース ", "<td>有効"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	key, err := audit.ParsePublicKey([]byte(files["keys/1.pem"]))
	if err != nil || !bytes.Equal(key, s.signer.Public()) {
		t.Errorf("keys: %v", err)
	}
	if p, files := s.evidence("en", start.AddDate(-1, 0, 0), start.AddDate(-1, 1, 0)); p.Cases != 0 || !strings.Contains(files["index.html"], "No case of this standard stood in the period.") {
		t.Errorf("an empty period: %+v", p)
	}
}
