package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// signatureAge is how old, or how far ahead, a signed request may be.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
const signatureAge = 5 * time.Minute

var (
	errUnsigned = errors.New("the request carries no signature of Slack's")
	errForged   = errors.New("the request's signature is not Slack's")
	errStale    = errors.New("the request was signed more than five minutes from now")
)

// Verify says whether a request was signed by Slack with the app's signing secret:
// HMAC-SHA256 over "v0:<timestamp>:<body>", compared in constant time, not more
// than five minutes from now. An empty secret verifies nothing.
func Verify(secret string, header http.Header, body []byte, now time.Time) error {
	stamp, signature := header.Get("X-Slack-Request-Timestamp"), header.Get("X-Slack-Signature")
	if stamp == "" || signature == "" {
		return errUnsigned
	}
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errUnsigned
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	want := "v0=" + hex.EncodeToString(mac.Sum(nil))
	if secret == "" || !hmac.Equal([]byte(want), []byte(signature)) {
		return errForged
	}
	if age := now.Sub(time.Unix(at, 0)); age > signatureAge || age < -signatureAge {
		return errStale
	}
	return nil
}
