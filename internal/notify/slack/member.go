package slack

import (
	"context"
	"fmt"

	slackgo "github.com/slack-go/slack"
)

// Member is the id of the member with a mail address (users.lookupByEmail; the
// app needs the scope users:read.email); "" where there is none.
func (d *Deliverer) Member(ctx context.Context, address string) (string, error) {
	var u *slackgo.User
	err := d.patiently(ctx, func() (err error) {
		u, err = d.api.GetUserByEmailContext(ctx, address)
		return err
	})
	switch {
	case refusal(err) == "users_not_found":
		return "", nil
	case err != nil:
		return "", fmt.Errorf("looking for the Slack member of a mail address: %w", classify("users.lookupByEmail", "", err))
	}
	return u.ID, nil
}
