package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/notify"
)

// InDoubt is a post or an upload whose last step got no answer: it may stand in
// the channel. Shared looks for the file, Say for a message with a key, before
// it is repeated; who cannot look tells a person.
type InDoubt struct {
	FileID string // of an upload
	err    error
}

func (e *InDoubt) Error() string {
	if e.FileID == "" {
		return fmt.Sprintf("post to Slack: %v; look into the channel before repeating it", e.err)
	}
	return fmt.Sprintf("share file %s in Slack: %v; look into the channel before repeating it", e.FileID, e.err)
}

func (e *InDoubt) Unwrap() error { return e.err }

// UploadCSV posts a file into a channel (an id, a #name or a user id), with a
// comment in mrkdwn whose outside text the caller has passed through Escape, in
// a thread where thread is a message's ts. It returns the file's id.
//
// The flow is Slack's current one: files.getUploadURLExternal, the bytes to the
// URL that it names, files.completeUploadExternal. A fault in the first two
// leaves nothing visible and may be repeated; the last one without an answer is
// an *InDoubt.
func (d *Deliverer) UploadCSV(ctx context.Context, channel, name string, content []byte, comment, thread string) (string, error) {
	return d.Upload(ctx, channel, name, content, comment, thread, nil)
}

// Upload is UploadCSV that tells intend the file's id before the file becomes
// visible, so that Shared can look for it after a crash. An error of intend ends
// the upload.
func (d *Deliverer) Upload(ctx context.Context, channel, name string, content []byte, comment, thread string, intend func(fileID string) error) (string, error) {
	if len(content) == 0 {
		return "", &notify.Permanent{Reason: "upload " + name + " to Slack: the file is empty", Hint: "Slack takes no empty files", HintJA: "Slack は空のファイルを受け付けません", Scope: notify.MessageOnly}
	}
	id, err := d.resolve(ctx, channel)
	if err != nil {
		return "", fmt.Errorf("upload %s to Slack: %w", name, err)
	}
	var slot *slackgo.GetUploadURLExternalResponse
	err = d.patiently(ctx, func() (err error) {
		slot, err = d.api.GetUploadURLExternalContext(ctx, slackgo.GetUploadURLExternalParameters{FileName: name, FileSize: len(content)})
		return err
	})
	if err != nil {
		return "", certain(classify("files.getUploadURLExternal", channel, err))
	}
	err = d.patiently(ctx, func() error {
		return d.api.UploadToURL(ctx, slackgo.UploadToURLParameters{UploadURL: slot.UploadURL, Reader: bytes.NewReader(content), Filename: name})
	})
	if err != nil {
		return "", certain(classify("upload of "+name, channel, err))
	}
	if intend != nil {
		if err := intend(slot.FileID); err != nil {
			return "", err
		}
	}
	if err := d.pace.wait(ctx, id); err != nil {
		return "", err
	}
	err = d.patiently(ctx, func() error {
		_, err := d.api.CompleteUploadExternalContext(ctx, slackgo.CompleteUploadExternalParameters{
			Files: []slackgo.FileSummary{{ID: slot.FileID, Title: name}}, Channel: id, InitialComment: cut(comment, maxText), ThreadTimestamp: thread,
		})
		return err
	})
	if err != nil {
		if err = classify("files.completeUploadExternal", channel, err); ambiguous(err) {
			return slot.FileID, &InDoubt{FileID: slot.FileID, err: certain(err)}
		}
		return "", err
	}
	return slot.FileID, nil
}

// certain drops the doubt from an error of a step that nobody can see.
func certain(err error) error {
	var d *doubtful
	if errors.As(err, &d) {
		return d.err
	}
	return err
}

// Escape makes text from outside fit for mrkdwn, one line of it.
func Escape(text string) string { return markup{}.Escape(notify.Clean(text)) }

// Mention calls a person (U…, W…) or a user group (S…); "" for anything else.
func Mention(id string) string { return markup{}.Mention(id) }
