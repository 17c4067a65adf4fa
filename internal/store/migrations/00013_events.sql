-- +goose Up
-- What has followed from an event, so that the same record brought again, by
-- whatever way, leads to nothing twice. Rows older than EventMemory are removed.
CREATE TABLE events_seen (
  hash BLOB    NOT NULL PRIMARY KEY,       -- of the event's id and of what followed
  day  INTEGER NOT NULL                    -- on which it came, since 1970
) WITHOUT ROWID;
CREATE INDEX events_seen_day ON events_seen (day);

-- +goose Down
DROP TABLE events_seen;
