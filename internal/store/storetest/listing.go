package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

func due(d time.Duration) func(*casefile.File) {
	return func(f *casefile.File) { f.Terms.Due = now.Add(d) }
}

func state(st casefile.State) func(*casefile.File) {
	return func(f *casefile.File) { f.State = st }
}

func in(account, control, owner string) func(*casefile.File) {
	return func(f *casefile.File) { f.Key.Account, f.Key.Control, f.Terms.Owner = account, control, owner }
}

// listing: order, pages and filters.
var listing = []scene{
	{"what is open is first, then what is due first, then what is older", func(s *stage) {
		s.save(one(0, state(casefile.Closed), due(-time.Hour)), one(1), one(2, due(2*time.Hour)), one(3, due(time.Hour)), one(4, state(casefile.Suppressed)),
			one(5, state(casefile.Accepted)), one(6, due(time.Hour)))
		s.lists(store.Filter{}, "3", "6", "2", "1", "5", "4", "0")
	}},
	{"pages give every case once, in the order of the whole, whatever their size", func(s *stage) {
		var files []*casefile.File
		states := []casefile.State{casefile.Open, casefile.Accepted, casefile.Suppressed, casefile.Closed}
		for i := range 60 {
			account := "111122223333"
			if i%3 == 0 {
				account = "444455556666"
			}
			files = append(files, one(i, state(states[i*7%4]), due(time.Duration(i*13%5)*time.Hour), in(account, fmt.Sprint("EC2.", i%4), "shop")))
		}
		s.save(files...)
		for _, f := range []store.Filter{
			{}, {States: []casefile.State{casefile.Open}}, {States: []casefile.State{casefile.Open, casefile.Closed}}, {Overdue: true, Now: now.Add(3 * time.Hour)},
			{Accounts: []string{"444455556666"}}, {Accounts: []string{"444455556666", "111122223333", "111122223333"}}, {Controls: []string{"EC2.1", "EC2.2"}, Accounts: []string{"111122223333", "444455556666"}},
		} {
			f.Limit = 1000
			whole := s.list(f)
			if len(whole) == 0 {
				s.Fatalf("%+v lists nothing", f)
			}
			for _, size := range []int{1, 2, 7, 59, 60} {
				f.Limit = size
				if got := s.list(f); !slices.Equal(got, whole) {
					s.Errorf("pages of %d of %+v:\n%v\nwant\n%v", size, f, got, whole)
				}
			}
		}
	}},
	{"a page is not disturbed by what is written between pages", func(s *stage) {
		for i := range 10 {
			s.save(one(i, due(time.Duration(i)*time.Hour)))
		}
		first, next, err := store.List(s.ctx, s.db.View(), store.Filter{Limit: 5})
		s.fatal(err)
		s.save(one(100, due(-time.Hour))) // it would stand on the first page
		first[2].State = casefile.Closed
		s.save(first[2].File)
		second, next, err := store.List(s.ctx, s.db.View(), store.Filter{Limit: 5, After: next})
		s.fatal(err)
		if len(second) != 5 || second[0].Key.Resource != one(5).Key.Resource || next == "" {
			s.Errorf("the second page begins with %s", second[0].Key.Resource)
		}
	}},
	{"every filter chooses, and all of them together", func(s *stage) {
		s.save(
			one(0, in("111122223333", "EC2.19", "shop")), one(1, in("444455556666", "EC2.19", "bank")), one(2, in("444455556666", "S3.8", "bank")),
			one(3, func(f *casefile.File) { f.Key.Region = "us-east-1" }), one(4, func(f *casefile.File) { f.Severity = finding.Critical }),
			one(5, state(casefile.Closed)), one(6, func(f *casefile.File) { f.Terms.Response = "notify" }), one(7, due(-time.Minute)), one(8, due(time.Minute)),
		)
		s.lists(store.Filter{Accounts: []string{"444455556666"}}, "1", "2")
		s.lists(store.Filter{Owners: []string{"bank", "nobody"}}, "1", "2")
		s.lists(store.Filter{Controls: []string{"S3.8"}}, "2")
		s.lists(store.Filter{Regions: []string{"us-east-1"}}, "3")
		s.lists(store.Filter{Severities: []finding.Severity{finding.Critical}}, "4")
		s.lists(store.Filter{States: []casefile.State{casefile.Closed}}, "5")
		s.lists(store.Filter{Responses: []string{"notify"}}, "6")
		s.lists(store.Filter{Overdue: true, Now: now}, "7")
		s.lists(store.Filter{Resource: one(8).Key.Resource}, "8")
		s.lists(store.Filter{Accounts: []string{"444455556666"}, Controls: []string{"EC2.19"}, Owners: []string{"bank"}, States: []casefile.State{casefile.Open}}, "1")
		s.lists(store.Filter{Accounts: []string{"nobody"}})
	}},
	{"text is found anywhere in title, control or resource, without case, and means itself", func(s *stage) {
		s.save(one(0, func(f *casefile.File) { f.Title = "Bucket 100%_done" }), one(1, in("111122223333", "RDS.3", "shop")), one(22))
		found := func(more ...string) {
			s.Helper()
			s.lists(store.Filter{Text: "bucket"}, "0")
			s.lists(store.Filter{Text: "rds."}, "1")
			s.lists(store.Filter{Text: "SG-22"}, append([]string{"22"}, more...)...)
			s.lists(store.Filter{Text: "0%_d"}, "0")
			s.lists(store.Filter{Text: "1__%"})
			s.lists(store.Filter{Text: `\`})
			s.lists(store.Filter{Text: `"`})
			s.lists(store.Filter{Text: `" OR "sg-" OR "`})
			s.lists(store.Filter{Text: "sg-2", Controls: []string{"EC2.19"}}, append([]string{"22"}, more...)...)
			s.lists(store.Filter{Text: "22"}, append([]string{"0", "1", "22"}, more...)...) // in each account
		}
		found()
		s.fatal(s.db.IndexText(s.ctx)) // nothing but the speed changes
		found()
		s.save(one(221)) // and what came after is found, too
		found("221")
		s.fatal(s.db.IndexText(s.ctx))
		s.fatal(s.db.IndexText(s.ctx))
		found("221")
	}},
	{"a text that many cases hold is found page by page, indexed or not", func(s *stage) {
		var files []*casefile.File
		for i := range 2500 {
			files = append(files, one(i))
		}
		s.save(files...)
		for range 2 {
			if got := s.list(store.Filter{Text: "security-group", Limit: 700}); len(got) != 2500 {
				s.Errorf("%d found, want all", len(got))
			}
			if got := s.list(store.Filter{Text: "sg-12", Limit: 50}); len(got) != 111 {
				s.Errorf("%d found, want sg-12, sg-120 … and sg-1200 …", len(got))
			}
			s.fatal(s.db.IndexText(s.ctx))
		}
	}},
	{"a key's beginning finds its case, or says why not", func(s *stage) {
		f := one(1)
		s.save(f)
		key := store.ShortKey(f.Key)
		got, err := store.FindCase(s.ctx, s.db.View(), strings.ToUpper(key))
		if err != nil || got.Key != f.Key {
			s.Errorf("%v %v", got, err)
		}
		if _, err := store.FindCase(s.ctx, s.db.View(), "000000000000"); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("%v, want ErrNotFound", err)
		}
		for _, bad := range []string{"abc", "xyzw", strings.Repeat("a", 33)} {
			if _, err := store.FindCase(s.ctx, s.db.View(), bad); err == nil || errors.Is(err, store.ErrNotFound) {
				s.Errorf("%q: %v, want what is wrong with it", bad, err)
			}
		}
		var many *store.AmbiguousError
		for i := range 3000 { // some two share four digits
			s.save(one(i + 2))
			if i%500 != 499 {
				continue
			}
			all, _, err := store.List(s.ctx, s.db.View(), store.Filter{Limit: 5000})
			s.fatal(err)
			seen := map[string]bool{}
			for _, c := range all {
				p := store.ShortKey(c.Key)[:4]
				if seen[p] {
					if _, err := store.FindCase(s.ctx, s.db.View(), p); !errors.As(err, &many) || len(many.Keys) < 2 {
						s.Errorf("%s: %v, want the keys that it may mean", p, err)
					}
					return
				}
				seen[p] = true
			}
		}
		s.Error("no two cases share a beginning")
	}},
	{"a cursor that no list gave is refused", func(s *stage) {
		if _, _, err := store.List(s.ctx, s.db.View(), store.Filter{After: "yesterday"}); err == nil {
			s.Error("accepted")
		}
	}},
	{"a case is read back as it was written, new and changed", func(s *stage) {
		f := one(1, due(time.Hour), func(f *casefile.File) {
			f.Life = casefile.Life{Recurrences: 2, Tags: map[string]string{"owner": "shop"}, Proof: "seen", Actor: &finding.Actor{Principal: "arn:aws:iam::1:user/x"}}
			f.AuditSeq, f.AuditHead = 3, []byte{1, 2}
		})
		s.save(f)
		same := func() {
			s.Helper()
			got, err := store.CasesByHash(s.ctx, s.db.View(), [][16]byte{f.Key.Hash()})
			s.fatal(err)
			g := got[f.Key.Hash()]
			g.Sources = nil
			if fmt.Sprintf("%+v %+v", *g, g.Life.Actor) != fmt.Sprintf("%+v %+v", *f, f.Life.Actor) {
				s.Errorf("read\n%+v\nwritten\n%+v", *g, *f)
			}
		}
		f.Life.Actor = nil
		s.save(f)
		same()
		f.State, f.Reason, f.ClosedAt, f.Severity, f.Standards, f.Terms.Due = casefile.Closed, casefile.Fixed, now.Add(time.Hour), finding.Critical, nil, time.Time{}
		s.save(f)
		same()
	}},
	{"a second case of the same key is refused", func(s *stage) {
		s.save(one(1))
		if err := s.db.Update(s.ctx, func(tx *store.Tx) error { return store.SaveCase(s.ctx, tx, one(1)) }); err == nil {
			s.Error("accepted")
		}
	}},
}
