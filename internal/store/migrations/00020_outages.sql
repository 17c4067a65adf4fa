-- +goose Up
-- What a message of kind failure tells. key tells once what must be told once.
CREATE TABLE troubles (
  message_id INTEGER NOT NULL PRIMARY KEY,
  key        TEXT    NOT NULL UNIQUE,
  body       TEXT    NOT NULL              -- JSON
);

-- Since when nothing goes out by a channel, and what people were told of it. The
-- row stays when the channel works again, until it fails the next time.
CREATE TABLE outages (
  id       INTEGER PRIMARY KEY,
  channel  TEXT    NOT NULL UNIQUE,        -- slack; slack:#shop-sec; message 17
  since    INTEGER NOT NULL,               -- first failure
  last_at  INTEGER NOT NULL,               -- last failure
  over_at  INTEGER,                        -- when something went out again; null: it lasts
  sure     INTEGER NOT NULL,               -- 1: trying again does not mend it
  reason   TEXT    NOT NULL,
  hint     TEXT    NOT NULL,
  hint_ja  TEXT    NOT NULL,
  told     INTEGER NOT NULL DEFAULT 0,     -- how often people were told, of this one and those before
  told_at  INTEGER,                        -- when people were told last that it fails; null: they were not, or that it works
  told_in  INTEGER                         -- the message of that
);

-- +goose Down
DROP TABLE outages;
DROP TABLE troubles;
