package outbox

import (
	"context"
	"encoding/json"
	"fmt"

	"zesei/internal/notify"
	"zesei/internal/store"
)

// failure is zesei's own trouble to tell people something, as it was when the
// message was made: no case stands behind it.
func (o *Outbox) failure(ctx context.Context, row store.Message, m notify.Message) (notify.Message, error) {
	body, err := store.Trouble(ctx, o.DB.View(), row.ID)
	if err != nil {
		return m, err
	}
	m.Kind, m.Trouble = notify.Failure, &notify.Trouble{}
	if err := json.Unmarshal(body, m.Trouble); err != nil {
		return m, fmt.Errorf("reading what message %d tells: %w", row.ID, err)
	}
	return m, nil
}
