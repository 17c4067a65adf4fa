package detect

import "testing"

func TestEveryExampleOfEveryPackHolds(t *testing.T) {
	total := 0
	for _, name := range Names() {
		packs, err := Load(name)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		failures, ran, err := Test(packs[0], Options{})
		if err != nil {
			t.Error(err)
		}
		for _, f := range failures {
			t.Errorf("%s: %s: %s", f.Rule, f.Example, f.Why)
		}
		total += ran
	}
	if _, err := New(load(t, Names()...), Options{}); err != nil {
		t.Error(err)
	}
	t.Logf("%d examples", total)
}

func load(t testing.TB, names ...string) []*Pack {
	t.Helper()
	packs, err := Load(names...)
	if err != nil {
		t.Fatal(err)
	}
	return packs
}
