-- +goose Up
-- Tickets in trackers. Cases join a row in their own transaction.
CREATE TABLE tickets (
  id        INTEGER PRIMARY KEY,
  owner     TEXT    NOT NULL,
  control   TEXT    NOT NULL,              -- of a group; empty: the ticket is for one case
  tracker   TEXT    NOT NULL,              -- name in the configuration
  project   TEXT    NOT NULL,
  "key"     TEXT    NOT NULL,              -- as the tracker calls it; empty: not made yet
  open      INTEGER NOT NULL,              -- 1: it is to be followed in the tracker
  opened_at INTEGER NOT NULL,
  n         INTEGER NOT NULL,              -- cases that joined
  known     TEXT    NOT NULL,              -- what has been done of it, JSON
  heard     TEXT    NOT NULL               -- as the tracker was last seen to have it, until that is taken in; JSON
);
CREATE INDEX tickets_group ON tickets (owner, control, tracker, project, open);
CREATE INDEX tickets_open ON tickets (tracker, project, id) WHERE open = 1;
CREATE TABLE ticket_cases (
  ticket_id INTEGER NOT NULL,
  case_id   INTEGER NOT NULL,
  joined_at INTEGER NOT NULL,
  PRIMARY KEY (ticket_id, case_id)
) WITHOUT ROWID;
CREATE INDEX ticket_cases_case ON ticket_cases (case_id);

-- +goose Down
DROP TABLE ticket_cases; DROP TABLE tickets;
