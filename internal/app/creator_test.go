package app_test

import (
	"strings"
	"testing"

	"zesei/internal/casefile"
	"zesei/internal/fake/slack"
)

// made lets a user make a bucket that then fails a control.
func (w *town) made(user, bucket string) {
	w.t.Helper()
	w.makes(sandbox, user, bucket)
	w.take(w.bucketFails(sandbox, "S3.8", bucket))
	w.work()
}

func TestWhoMadeAResourceTellsItsOwnerWhereNothingElseDoes(t *testing.T) {
	w := newTown(t, 100)
	w.reconfigure(strings.NewReplacer("name: sandbox, owner: shop", "name: sandbox",
		"people:", "owner_from: [account, creator]\npeople:\n  hana: {email: hana@example.com, slack: U012HANA, owners: [shop]}\n"))
	w.made("hana@example.com", "photos")
	f := w.only(casefile.Open)
	if f.Terms.Owner != "shop" || f.Life.Creator != "hana@example.com" || !strings.Contains(f.Terms.OwnerWhy, "created by hana") {
		t.Errorf("it belongs to %s because %q, made by %q", f.Terms.Owner, f.Terms.OwnerWhy, f.Life.Creator)
	}
	if heads := w.heads("shop-sec"); len(heads) != 1 || !strings.Contains(heads[0].Text, "<@U012HANA>") {
		t.Errorf("the owner was told %+v", heads)
	}
}

func TestWhoMadeAResourceIsCalledByTheirAddressInSlack(t *testing.T) {
	w := newTown(t, 100)
	w.reconfigure(strings.NewReplacer("people:", "owner_from: [creator, account]\npeople:"))
	id := w.slack.AddUser(slack.User{Name: "jiro", Email: "jiro@example.com"})
	w.made("jiro@example.com", "photos")
	if f := w.only(casefile.Open); f.Terms.Owner != "shop" || !strings.Contains(f.Terms.OwnerWhy, "belongs to no owner") {
		t.Errorf("it belongs to %s because %q", f.Terms.Owner, f.Terms.OwnerWhy)
	}
	if heads := w.heads("shop-sec"); len(heads) != 1 || !strings.Contains(heads[0].Text, "<@"+id+">") {
		t.Errorf("the owner was told %+v", heads)
	}
}
