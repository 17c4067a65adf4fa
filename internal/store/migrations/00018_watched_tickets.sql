-- +goose Up
-- A ticket that was closed is still looked at for a while: a person may open it.
ALTER TABLE tickets ADD COLUMN watch_until INTEGER NOT NULL DEFAULT 0; -- Unix ms; 0: not looked at
CREATE INDEX tickets_watched ON tickets (tracker, project, watch_until) WHERE open = 0;

-- +goose Down
DROP INDEX tickets_watched;
ALTER TABLE tickets DROP COLUMN watch_until;
