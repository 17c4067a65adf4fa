-- +goose Up
-- What reports count. Days are written yyyymmdd, in the configured time zone.

-- How many cases stand alike, kept in the transaction that changes a case.
CREATE TABLE standing (
  owner     TEXT    NOT NULL,
  kind      TEXT    NOT NULL,
  control   TEXT    NOT NULL,
  standards TEXT    NOT NULL,
  severity  INTEGER NOT NULL,
  state     TEXT    NOT NULL,
  n         INTEGER NOT NULL,
  PRIMARY KEY (owner, kind, control, standards, severity, state)
) WITHOUT ROWID;
INSERT INTO standing SELECT owner, kind, control, standards, severity, state, count(*) FROM cases GROUP BY 1, 2, 3, 4, 5, 6;

-- How many cases went from one state to another on a day, kept likewise.
CREATE TABLE moves (
  day      INTEGER NOT NULL,
  owner    TEXT    NOT NULL,
  severity INTEGER NOT NULL,
  was      TEXT    NOT NULL,              -- empty: there was no case
  became   TEXT    NOT NULL,
  n        INTEGER NOT NULL,
  PRIMARY KEY (day, owner, severity, was, became)
) WITHOUT ROWID;

-- How many cases stood on a day, written once a day.
CREATE TABLE days (
  day      INTEGER NOT NULL,
  owner    TEXT    NOT NULL,
  severity INTEGER NOT NULL,
  open     INTEGER NOT NULL,
  overdue  INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  PRIMARY KEY (day, owner, severity)
) WITHOUT ROWID;

-- The scores of a day, written with it.
CREATE TABLE scores (
  day      INTEGER NOT NULL,
  standard TEXT    NOT NULL,              -- all: every standard
  scope    TEXT    NOT NULL,              -- all, account, owner
  name     TEXT    NOT NULL,              -- of the account or owner; empty with all
  passed   INTEGER NOT NULL,
  failed   INTEGER NOT NULL,
  unknown  INTEGER NOT NULL,
  no_data  INTEGER NOT NULL,
  PRIMARY KEY (scope, name, standard, day)
) WITHOUT ROWID;
CREATE INDEX scores_day ON scores (day);

-- How old an owner's open cases are, and how many are overdue, is read from the
-- index that its list is read from.
DROP INDEX cases_owner;
CREATE INDEX cases_owner ON cases (owner, list_state, list_due, id, severity, opened_at);
-- How long closed cases took, by when they were closed.
CREATE INDEX cases_closed ON cases (closed_at, reason, owner, severity, opened_at) WHERE closed_at IS NOT NULL;

-- +goose Down
DROP INDEX cases_closed;
DROP INDEX cases_owner;
CREATE INDEX cases_owner ON cases (owner, list_state, list_due);
DROP TABLE scores; DROP TABLE days; DROP TABLE moves; DROP TABLE standing;
