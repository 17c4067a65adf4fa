package app_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zesei/internal/fake/tracker"
)

// A ticket of a control waits for more cases to join it; a pass is at its end.
func TestAPassMakesTheTicketsOfWhatItFound(t *testing.T) {
	p := newPlace(t, hubYAML)
	twin := tracker.New(tracker.Redmine, tracker.Options{Now: p.now})
	server := httptest.NewServer(twin)
	t.Cleanup(server.Close)
	t.Setenv("LIVE_REDMINE", "twin-token")
	b, err := os.ReadFile(filepath.Join(p.dir, "zesei.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("zesei.yaml", strings.ReplaceAll(string(b), `owners: {sec: {slack: "#sec",`, `ticket: {redmine: {url: "`+server.URL+`", token: "${env:LIVE_REDMINE}"}}
owners: {sec: {slack: "#sec", ticket: {in: redmine, project: shop},`))
	for i := range 3 {
		p.says(i, "FAILED")
	}
	a := p.open()
	p.pass(a)
	if all := twin.Issues(); len(all) != 1 {
		t.Fatalf("%d tickets after the pass, want one for the control", len(all))
	}
	p.pass(a)
	if all := twin.Issues(); len(all) != 1 || len(all[0].Comments) != 0 {
		t.Errorf("the second pass said more: %+v", all)
	}
}
