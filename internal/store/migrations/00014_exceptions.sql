-- +goose Up
-- An exception may cover many cases. What is left to be done about them is kept,
-- so that a process that was killed goes on where it was.
ALTER TABLE exceptions ADD COLUMN renews    TEXT    NOT NULL DEFAULT '';  -- id of the exception that this one follows
ALTER TABLE exceptions ADD COLUMN ended_by  TEXT    NOT NULL DEFAULT '';
ALTER TABLE exceptions ADD COLUMN ended_why TEXT    NOT NULL DEFAULT '';
ALTER TABLE exceptions ADD COLUMN warned_at INTEGER;                      -- people were told that it ends soon
ALTER TABLE exceptions ADD COLUMN phase     TEXT    NOT NULL DEFAULT '';  -- cover, end: what is being done to its cases
ALTER TABLE exceptions ADD COLUMN swept     INTEGER NOT NULL DEFAULT 0;   -- id of the last case that was looked at
CREATE INDEX exceptions_wide   ON exceptions (expires_at) WHERE state = 'active' AND case_id IS NULL;
CREATE INDEX exceptions_phase  ON exceptions (id) WHERE phase <> '';
CREATE INDEX exceptions_renews ON exceptions (renews) WHERE renews <> '';

-- The cases that an exception covers, or did.
CREATE TABLE exception_cases (
  exception_id TEXT    NOT NULL,
  case_id      INTEGER NOT NULL,
  since        INTEGER NOT NULL,
  until        INTEGER,                     -- null: it covers the case now
  PRIMARY KEY (exception_id, case_id)
) WITHOUT ROWID;
CREATE INDEX exception_cases_case ON exception_cases (case_id);
INSERT INTO exception_cases (exception_id, case_id, since, until)
  SELECT id, case_id, approved_at, ended_at FROM exceptions WHERE case_id IS NOT NULL AND approved_at IS NOT NULL;

-- The audit chain of each exception, beside those of its cases.
CREATE TABLE exception_chains (
  n            INTEGER PRIMARY KEY,
  exception_id TEXT    NOT NULL UNIQUE,
  hash         BLOB    NOT NULL UNIQUE,     -- names the chain
  seq          INTEGER NOT NULL,
  head         BLOB    NOT NULL
);
CREATE TABLE exception_audit (
  n    INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  at   INTEGER NOT NULL,
  actor TEXT   NOT NULL,
  what TEXT    NOT NULL,
  why  TEXT    NOT NULL,
  data TEXT    NOT NULL,
  hash BLOB    NOT NULL,
  PRIMARY KEY (n, seq)
) WITHOUT ROWID;

-- The exceptions that a message is about.
CREATE TABLE message_exceptions (
  message_id   INTEGER NOT NULL,
  exception_id TEXT    NOT NULL,
  PRIMARY KEY (message_id, exception_id)
) WITHOUT ROWID;
CREATE INDEX message_exceptions_of ON message_exceptions (exception_id);

-- +goose Down
DROP TABLE message_exceptions; DROP TABLE exception_audit; DROP TABLE exception_chains; DROP TABLE exception_cases;
DROP INDEX exceptions_renews; DROP INDEX exceptions_phase; DROP INDEX exceptions_wide;
ALTER TABLE exceptions DROP COLUMN swept;
ALTER TABLE exceptions DROP COLUMN phase;
ALTER TABLE exceptions DROP COLUMN warned_at;
ALTER TABLE exceptions DROP COLUMN ended_why;
ALTER TABLE exceptions DROP COLUMN ended_by;
ALTER TABLE exceptions DROP COLUMN renews;
