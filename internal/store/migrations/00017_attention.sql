-- +goose Up
-- What an owner got on a channel within the time of an attention budget.
CREATE INDEX messages_attention ON messages (owner, channel, kind, opened_at);

-- +goose Down
DROP INDEX messages_attention;
