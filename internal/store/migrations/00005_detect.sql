-- +goose Up
-- State of detection thresholds: what was counted, by rule and key.
CREATE TABLE windows (
  key     TEXT    NOT NULL PRIMARY KEY,
  state   BLOB    NOT NULL,
  touched INTEGER NOT NULL                -- when it was last written: events of an old file
) WITHOUT ROWID;                          -- carry old times, and are still being counted
CREATE INDEX windows_touched ON windows (touched);

-- Happenings that are told once and open no case.
CREATE TABLE notices (
  id       INTEGER PRIMARY KEY,
  hash     BLOB    NOT NULL UNIQUE,       -- of the source: a repeated delivery is one
  message  INTEGER NOT NULL,              -- the row that tells it; 0: nobody is told
  rule     TEXT    NOT NULL,
  severity INTEGER NOT NULL,
  title_en TEXT    NOT NULL,
  title_ja TEXT    NOT NULL,
  account  TEXT    NOT NULL,
  region   TEXT    NOT NULL,
  resource TEXT    NOT NULL,
  actor    TEXT    NOT NULL,              -- JSON; empty: not known
  at       INTEGER NOT NULL
);
CREATE INDEX notices_message ON notices (message);

-- +goose Down
DROP TABLE notices; DROP TABLE windows;
