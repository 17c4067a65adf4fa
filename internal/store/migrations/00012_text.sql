-- +goose Up
-- Trigrams of what a list's text filter looks at. It follows cases at its own
-- pace (IndexText), because it would cost intake a fifth of its speed; what it
-- has not reached is read row by row. Title, control and resource of a case never
-- change.
CREATE VIRTUAL TABLE case_text USING fts5(t, content='', tokenize='trigram', detail=none, columnsize=0);

-- +goose Down
DROP TABLE case_text;
