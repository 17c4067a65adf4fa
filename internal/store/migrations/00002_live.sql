-- +goose Up
-- SNS messages that were taken in, so that a repeated one is not taken twice.
-- Rows older than the time within which a message is accepted are removed.
CREATE TABLE deliveries (
  id TEXT    NOT NULL PRIMARY KEY,         -- topic and MessageId
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX deliveries_at ON deliveries (at);

-- +goose Down
DROP TABLE deliveries;
