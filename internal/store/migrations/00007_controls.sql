-- +goose Up
-- Changes of controls in Security Hub, asked for by people.
CREATE TABLE control_runs (
  id       TEXT    NOT NULL PRIMARY KEY,
  at       INTEGER NOT NULL,
  actor    TEXT    NOT NULL,
  plan     TEXT    NOT NULL,               -- hash
  ended_at INTEGER,                        -- null: under way, or cut off
  summary  TEXT    NOT NULL                -- JSON; empty before the end
) WITHOUT ROWID;
CREATE INDEX control_runs_at ON control_runs (at);
CREATE TABLE control_changes (
  run      TEXT    NOT NULL,
  n        INTEGER NOT NULL,               -- place in the plan, from 0
  account  TEXT    NOT NULL,
  region   TEXT    NOT NULL,
  standard TEXT    NOT NULL,
  control  TEXT    NOT NULL,
  prior    TEXT    NOT NULL,               -- JSON: state before
  wanted   TEXT    NOT NULL,               -- enabled, disabled
  reason   TEXT    NOT NULL,
  rule     TEXT    NOT NULL,
  state    TEXT    NOT NULL,               -- planned, sent, done, failed
  why      TEXT    NOT NULL,
  at       INTEGER,                        -- of the last move
  PRIMARY KEY (run, n)
) WITHOUT ROWID;
CREATE INDEX control_changes_open ON control_changes (state) WHERE state IN ('planned', 'sent');
CREATE INDEX control_changes_item ON control_changes (account, region, standard, control, at);

-- +goose Down
DROP TABLE control_changes; DROP TABLE control_runs;
