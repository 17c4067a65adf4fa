package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	slackgo "github.com/slack-go/slack"

	"zesei/internal/notify"
)

// hints are the refusals that repeating does not cure, and what a person can do.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
var hints = map[string]string{
	"channel_not_found":                  "check the channel's name or id in the owner's `slack:`, and invite the app to it if it is private",
	"not_in_channel":                     "invite the app to the channel (/invite @zesei)",
	"is_archived":                        "the channel is archived: name another in the owner's `slack:`",
	"restricted_action":                  "a workspace setting forbids the app to post there",
	"restricted_action_read_only":        "the channel is read-only for the app",
	"restricted_action_thread_locked":    "the thread is locked",
	"cannot_reply_to_message":            "the message takes no replies",
	"invalid_auth":                       "the token is not valid: check the secret that notify.slack.token names",
	"not_authed":                         "Slack saw no token: check the secret that notify.slack.token names",
	"account_inactive":                   "the token belongs to a removed app or user: install the app again",
	"token_revoked":                      "the token has been revoked: install the app again",
	"token_expired":                      "the token has expired: install the app again",
	"missing_scope":                      "the app lacks a scope: install it again from zesei's manifest",
	"no_permission":                      "the token may not do this: install the app again from zesei's manifest",
	"not_allowed_token_type":             "a bot token (xoxb-…) is needed",
	"ekm_access_denied":                  "the workspace's administrators have suspended access",
	"org_login_required":                 "the workspace is being moved to an organization",
	"access_denied":                      "Slack denies the app this",
	"team_access_not_granted":            "the app is not installed in that workspace",
	"messages_tab_disabled":              "turn the app's Messages tab on, or name a channel",
	"user_not_found":                     "check the user id in the owner's `slack:`",
	"invalid_arguments":                  "Slack does not take this message",
	"invalid_metadata_format":            "Slack does not take this message's metadata",
	"metadata_must_be_sent_from_app":     "a bot token (xoxb-…) is needed",
	"invalid_channel":                    "check the channel in the owner's `slack:`",
	"file_uploads_disabled":              "the workspace does not allow files",
	"file_uploads_except_images_blocked": "the workspace allows images only",
	"storage_limit_reached":              "the workspace has no room left for files",
}

// undecided are Slack's answers that do not say whether anything was posted.
var undecided = map[string]bool{
	"internal_error": true, "fatal_error": true, "service_unavailable": true, "request_timeout": true,
}

// refusal is Slack's own word for an error it answered with, else "".
func refusal(err error) string {
	var answer slackgo.SlackErrorResponse
	if errors.As(err, &answer) {
		return answer.Err
	}
	return ""
}

// doubtful is an error after which nobody knows whether Slack did it.
type doubtful struct{ err error }

func (e *doubtful) Error() string { return e.err.Error() + " (it may have arrived)" }
func (e *doubtful) Unwrap() error { return e.err }

func ambiguous(err error) bool {
	var d *doubtful
	return errors.As(err, &d)
}

// classify turns an error of a call into one that says what to do: wait
// (*notify.RetryAfter), give up (*notify.Permanent), look first (doubtful), or
// try again. Errors name the method and Slack's word, never a URL or the token.
func classify(method, target string, err error) error {
	var known *notify.Permanent
	var limited *slackgo.RateLimitedError
	var status slackgo.StatusCodeError
	switch code := refusal(err); {
	case errors.As(err, &known):
		return known
	case errors.As(err, &limited):
		return &notify.RetryAfter{After: limited.RetryAfter, By: "Slack"}
	case code == "ratelimited", code == "rate_limited", code == "message_limit_exceeded":
		return &notify.RetryAfter{After: time.Minute, By: "Slack"}
	case undecided[code]:
		return &doubtful{fmt.Errorf("%s: Slack answered %q", method, code)}
	case hints[code] != "":
		return &notify.Permanent{Reason: fmt.Sprintf("%s to %s: Slack answered %q", method, target, code), Hint: hints[code], HintJA: hintsJA[code], Scope: scopes[code]}
	case code != "":
		return fmt.Errorf("%s: Slack answered %q", method, code)
	case errors.As(err, &status) && status.Code == 429: // without a Retry-After
		return &notify.RetryAfter{After: time.Minute, By: "Slack"}
	case errors.As(err, &status) && status.Code < 500:
		return fmt.Errorf("%s: HTTP status %d", method, status.Code)
	case errors.As(err, &status):
		return &doubtful{fmt.Errorf("%s: HTTP status %d", method, status.Code)}
	}
	return &doubtful{fmt.Errorf("%s: %w", method, scrub(err))}
}

// scrub takes the URL out of a transport error: an upload URL is a secret.
func scrub(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() && !errors.Is(u.Err, context.Canceled) {
			return errors.New("no answer in time")
		}
		return u.Err
	}
	return err
}
