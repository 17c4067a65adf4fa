-- +goose Up
-- When a case is next to be brought to mind; null: never.
ALTER TABLE cases ADD COLUMN remind_at INTEGER;
CREATE INDEX cases_remind ON cases (remind_at) WHERE remind_at IS NOT NULL;

-- +goose Down
DROP INDEX cases_remind;
ALTER TABLE cases DROP COLUMN remind_at;
