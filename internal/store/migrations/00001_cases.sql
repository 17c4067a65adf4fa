-- +goose Up
-- Times are Unix milliseconds, UTC. Hashes are the first 16 bytes of a SHA-256.

CREATE TABLE cases (
  id            INTEGER PRIMARY KEY,
  hash          BLOB    NOT NULL,
  kind          TEXT    NOT NULL,
  "partition"   TEXT    NOT NULL,
  account       TEXT    NOT NULL,
  region        TEXT    NOT NULL,
  control       TEXT    NOT NULL,
  resource      TEXT    NOT NULL,
  resource_type TEXT    NOT NULL,
  discriminator TEXT    NOT NULL,
  title         TEXT    NOT NULL,
  severity      INTEGER NOT NULL,          -- rank: 0 informational … 4 critical
  state         TEXT    NOT NULL,          -- open, accepted, suppressed, closed
  reason        TEXT    NOT NULL,          -- why it is in that state
  response      TEXT    NOT NULL,
  class         TEXT    NOT NULL,
  owner         TEXT    NOT NULL,
  due           INTEGER,                   -- null: no deadline
  opened_at     INTEGER NOT NULL,
  closed_at     INTEGER,
  changed_at    INTEGER NOT NULL,
  first_seen    INTEGER NOT NULL,
  audit_seq     INTEGER NOT NULL,
  audit_head    BLOB    NOT NULL,
  policy        TEXT    NOT NULL,          -- hash of the policy that decided
  standards     TEXT    NOT NULL,          -- comma-separated ids
  life          TEXT    NOT NULL,          -- the rest of the case's life, JSON (casefile.Life)
  -- The order of a list: what is open first, then what is due first.
  list_state    INTEGER NOT NULL AS (CASE state WHEN 'open' THEN 0 WHEN 'accepted' THEN 1 WHEN 'suppressed' THEN 2 ELSE 3 END) VIRTUAL,
  list_due      INTEGER NOT NULL AS (coalesce(due, 9223372036854775807)) VIRTUAL
);
CREATE UNIQUE INDEX cases_hash     ON cases (hash);
-- Each field that lists are chosen by has an index in their order, so that a page
-- is read and nothing is sorted.
CREATE INDEX cases_list    ON cases (list_state, list_due, id, severity);
CREATE INDEX cases_account ON cases (account, list_state, list_due);
CREATE INDEX cases_control ON cases (control, list_state, list_due);
CREATE INDEX cases_owner   ON cases (owner, list_state, list_due);
CREATE INDEX cases_resource ON cases (resource);

-- One row for each source finding of a case.
CREATE TABLE sources (
  case_id      INTEGER NOT NULL,
  hash         BLOB    NOT NULL,
  product      TEXT    NOT NULL,
  finding_id   TEXT    NOT NULL,
  account      TEXT    NOT NULL,
  region       TEXT    NOT NULL,           -- of the finding: where its product is asked
  status       TEXT    NOT NULL,
  record_state TEXT    NOT NULL,
  workflow     TEXT    NOT NULL,
  severity     INTEGER NOT NULL,
  standards    TEXT    NOT NULL,
  observed_at  INTEGER NOT NULL,
  PRIMARY KEY (case_id, hash)
) WITHOUT ROWID;

-- The narrow table that an unchanged finding touches, and nothing else.
CREATE TABLE seen (
  hash        BLOB    NOT NULL PRIMARY KEY, -- of the source
  content     BLOB    NOT NULL,
  observed_at INTEGER NOT NULL,
  last_seen   INTEGER NOT NULL
) WITHOUT ROWID;

-- A control that a resource holds, where no case stands: score and closing need it.
CREATE TABLE passes (
  hash        BLOB    NOT NULL PRIMARY KEY, -- of the case key
  account     TEXT    NOT NULL,
  region      TEXT    NOT NULL,
  control     TEXT    NOT NULL,
  standards   TEXT    NOT NULL,
  status      TEXT    NOT NULL,
  observed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX passes_control ON passes (control, account, region);

-- The audit chain: each row carries the hash of the row before it in its case.
CREATE TABLE audit (
  case_id INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  actor   TEXT    NOT NULL,
  what    TEXT    NOT NULL,
  why     TEXT    NOT NULL,
  data    TEXT    NOT NULL,
  hash    BLOB    NOT NULL,
  PRIMARY KEY (case_id, seq)
) WITHOUT ROWID;

-- The first time that an account, a standard or a control was seen (quiet import).
CREATE TABLE firsts (
  kind TEXT    NOT NULL,
  name TEXT    NOT NULL,
  at   INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;

-- Numbers for the summary, kept in the transaction that changes a case.
CREATE TABLE counters (
  account  TEXT    NOT NULL,
  owner    TEXT    NOT NULL,
  severity INTEGER NOT NULL,
  state    TEXT    NOT NULL,
  response TEXT    NOT NULL,
  n        INTEGER NOT NULL,
  PRIMARY KEY (account, owner, severity, state, response)
) WITHOUT ROWID;

CREATE TABLE exceptions (
  id          TEXT    NOT NULL PRIMARY KEY,
  state       TEXT    NOT NULL,            -- asked, active, ended, revoked, refused
  scope       TEXT    NOT NULL,            -- JSON
  case_id     INTEGER,                     -- where the scope is one case
  reason      TEXT    NOT NULL,
  evidence    TEXT    NOT NULL,
  asked_by    TEXT    NOT NULL,
  asked_at    INTEGER NOT NULL,
  approved_by TEXT    NOT NULL,
  approved_at INTEGER,
  expires_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  close_hole  INTEGER NOT NULL DEFAULT 0   -- 1: fix by itself when it ends
);
CREATE INDEX exceptions_case ON exceptions (case_id);
CREATE INDEX exceptions_state ON exceptions (state, expires_at);

-- Bad input, kept with the reason; the same document is one row.
CREATE TABLE dead (
  id       INTEGER PRIMARY KEY,
  hash     BLOB    NOT NULL UNIQUE,
  state    TEXT    NOT NULL,               -- dead, retried
  source   TEXT    NOT NULL,
  position INTEGER NOT NULL,
  reason   TEXT    NOT NULL,
  raw      BLOB    NOT NULL,
  times    INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL
);

-- Outgoing messages. Cases join a row in their own transaction.
CREATE TABLE messages (
  id         INTEGER PRIMARY KEY,
  kind       TEXT    NOT NULL,             -- cases, import, digest
  owner      TEXT    NOT NULL,
  control    TEXT    NOT NULL,
  channel    TEXT    NOT NULL,             -- slack:#shop-sec, webhook
  opened_at  INTEGER NOT NULL,
  until      INTEGER NOT NULL,             -- cases join until then
  send_after INTEGER NOT NULL,
  n          INTEGER NOT NULL,             -- cases that joined
  told       TEXT    NOT NULL,             -- what has been delivered, JSON of the channel
  told_at    INTEGER
);
CREATE INDEX messages_group ON messages (owner, control, channel, kind, until);
CREATE TABLE message_cases (
  message_id INTEGER NOT NULL,
  case_id    INTEGER NOT NULL,
  joined_at  INTEGER NOT NULL,
  PRIMARY KEY (message_id, case_id)
) WITHOUT ROWID;
CREATE INDEX message_cases_case ON message_cases (case_id);

-- What Security Hub is to be told of a finding.
CREATE TABLE hub (
  hash       BLOB    NOT NULL PRIMARY KEY, -- of the source
  product    TEXT    NOT NULL,
  finding_id TEXT    NOT NULL,
  account    TEXT    NOT NULL,
  region     TEXT    NOT NULL,
  workflow   TEXT    NOT NULL,             -- wanted
  note       TEXT    NOT NULL,
  told       TEXT    NOT NULL,             -- workflow last told
  failures   INTEGER NOT NULL,
  next_at    INTEGER NOT NULL,             -- 0: nothing to tell
  error      TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX hub_next ON hub (account, region, next_at) WHERE next_at > 0;

-- A plan's life.
CREATE TABLE fixes (
  id           TEXT    NOT NULL PRIMARY KEY,
  state        TEXT    NOT NULL,
  mode         TEXT    NOT NULL,
  remedy       TEXT    NOT NULL,
  account      TEXT    NOT NULL,
  region       TEXT    NOT NULL,
  resource     TEXT    NOT NULL,
  plan         TEXT    NOT NULL,
  plan_hash    TEXT    NOT NULL,
  why          TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  apply_after  INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  approved_by  TEXT    NOT NULL,
  approved_at  INTEGER,
  applied_at   INTEGER,
  ended_at     INTEGER,
  log          TEXT    NOT NULL            -- steps intended, sent, done; verdicts; JSON
);
CREATE INDEX fixes_resource ON fixes (resource, created_at);
CREATE INDEX fixes_state ON fixes (state, created_at);
CREATE INDEX fixes_created ON fixes (created_at);
CREATE INDEX fixes_time ON fixes (applied_at, account);
CREATE TABLE fix_cases (
  fix_id  TEXT    NOT NULL,
  case_id INTEGER NOT NULL,
  PRIMARY KEY (fix_id, case_id)
) WITHOUT ROWID;
CREATE INDEX fix_cases_case ON fix_cases (case_id);
-- One fix at a time per resource.
CREATE TABLE leases (
  resource TEXT    NOT NULL PRIMARY KEY,
  holder   TEXT    NOT NULL,
  until    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE jobs (
  id          INTEGER PRIMARY KEY,
  kind        TEXT    NOT NULL,
  subject     TEXT    NOT NULL,
  wanted      INTEGER NOT NULL,
  done        INTEGER NOT NULL,
  run_at      INTEGER NOT NULL,
  attempts    INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  lease       TEXT    NOT NULL,            -- holder of a run; empty: not running
  state       TEXT    NOT NULL,            -- ready, dead
  error       TEXT    NOT NULL,
  waits       INTEGER NOT NULL DEFAULT 0,  -- 1: not before run_at, however far a drain looks ahead
  again       INTEGER                      -- earliest run asked for while it runs
);
CREATE UNIQUE INDEX jobs_subject ON jobs (kind, subject);
CREATE INDEX jobs_due ON jobs (state, run_at);
CREATE INDEX jobs_leased ON jobs (lease) WHERE lease <> '';

-- Small facts of the store itself.
CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- +goose Down
DROP TABLE meta; DROP TABLE jobs; DROP TABLE leases; DROP TABLE fix_cases; DROP TABLE fixes;
DROP TABLE hub; DROP TABLE message_cases; DROP TABLE messages; DROP TABLE dead; DROP TABLE exceptions;
DROP TABLE counters; DROP TABLE firsts; DROP TABLE audit; DROP TABLE passes; DROP TABLE seen;
DROP TABLE sources; DROP TABLE cases;
