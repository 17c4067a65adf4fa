-- +goose Up
-- Signed statements over the ends of all audit chains. The signing key is kept
-- outside the database.
CREATE TABLE checkpoints (
  number     INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  cases      INTEGER NOT NULL,
  root       BLOB    NOT NULL,              -- of the tree over all cases
  previous   BLOB    NOT NULL,              -- hash of the checkpoint before; empty for the first
  key        TEXT    NOT NULL,              -- fingerprint
  public_key BLOB    NOT NULL,
  signature  BLOB    NOT NULL,
  copied     TEXT    NOT NULL               -- where a copy is kept; empty: nowhere
);
CREATE INDEX checkpoints_copied ON checkpoints (number) WHERE copied = '';
-- How far the chain of a case had come at a checkpoint; a row only where it had
-- grown since the one before.
CREATE TABLE checkpoint_heads (
  case_id    INTEGER NOT NULL,
  checkpoint INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  PRIMARY KEY (case_id, checkpoint)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE checkpoint_heads; DROP TABLE checkpoints;
