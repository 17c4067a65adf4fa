package app

import (
	"slices"
	"testing"

	"zesei/internal/casework"
	"zesei/internal/config"
)

func TestOwnersWhoShareAnAddressShareItsReader(t *testing.T) {
	d := &Directory{config: &config.Config{Owners: map[string]config.Owner{
		"shop": {Email: []string{"taro@example.com", "shop@example.com"}},
		"app":  {Email: []string{"Taro@example.com"}},
		"web":  {Email: []string{"web@example.com"}},
	}}}
	for _, c := range []struct {
		owner, channel string
		want           []casework.Reader
	}{
		{"shop", "email:taro@example.com,shop@example.com", []casework.Reader{{Owner: "app", Channel: "email:taro@example.com"}, {Owner: "shop", Channel: "email:shop@example.com"}}},
		{"app", "email:Taro@example.com", []casework.Reader{{Owner: "app", Channel: "email:taro@example.com"}}},
		{"web", "email:web@example.com,Web@example.com", []casework.Reader{{Owner: "web", Channel: "email:web@example.com"}}},
		{"shop", "slack:#shop", []casework.Reader{{Owner: "shop", Channel: "slack:#shop"}}},
	} {
		if got := d.Readers(c.owner, c.channel); !slices.Equal(got, c.want) {
			t.Errorf("%s on %s: %v", c.owner, c.channel, got)
		}
	}
}
