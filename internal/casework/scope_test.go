package casework

import (
	"errors"
	"testing"

	"zesei/internal/casefile"
	"zesei/internal/control"
	"zesei/internal/store"
)

// Whatever a person writes, a scope that is taken is narrow, and says the same
// when it is read again.
func FuzzScope(f *testing.F) {
	f.Add("EC2.19", "111122223333", "", "", "", "")
	f.Add("", "", "", "arn:aws:s3:::shop", "", "")
	f.Add("", "111122223333", "ap-northeast-1", "", "", "env=sandbox")
	f.Add("dome9/rule", "", "global", "", "shop", "a=b=c")
	f.Add("", "", "", "arn:aws:iam::111122223333:root", "", "=")
	cat, err := control.Load()
	if err != nil {
		f.Fatal(err)
	}
	r := &Rules{Catalogue: cat}
	f.Fuzz(func(t *testing.T, control, account, region, resource, owner, tag string) {
		s, err := r.checkScope(store.Scope{Case: "abc", Control: control, Account: account, Region: region, Resource: resource, Owner: owner, Tag: tag})
		if err != nil {
			var refused *casefile.RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if s.Case != "" || s.Resource == "" && (s.Control == "" && s.Tag == "" || s.Account == "" && s.Owner == "") {
			t.Fatalf("%+v is too wide", s)
		}
		again, err := r.checkScope(s)
		if err != nil || again != s {
			t.Fatalf("%+v becomes %+v (%v)", s, again, err)
		}
	})
}
