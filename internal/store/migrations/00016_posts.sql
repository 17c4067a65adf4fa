-- +goose Up
-- Which message a post of a channel belongs to, so that words written under it
-- find their cases. Only channels that name their posts have rows.
CREATE TABLE posts (
  channel    TEXT    NOT NULL,             -- id that the service gave the channel
  ts         TEXT    NOT NULL,             -- id that the service gave the post
  message_id INTEGER NOT NULL,
  part       TEXT    NOT NULL,             -- main, case/<key>, …
  PRIMARY KEY (channel, ts)
) WITHOUT ROWID;
INSERT INTO posts (channel, ts, message_id, part)
  SELECT m.told ->> '$.channel', p.value ->> '$.id', m.id, p.key
  FROM messages m, json_each(iif(m.told = '', '{}', m.told), '$.parts') p
  WHERE m.told <> '' AND coalesce(m.told ->> '$.channel', '') <> '' AND coalesce(p.value ->> '$.id', '') <> ''
  ON CONFLICT DO NOTHING;

-- +goose Down
DROP TABLE posts;
