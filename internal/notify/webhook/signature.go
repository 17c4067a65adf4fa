package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader carries the signature of a delivery.
const SignatureHeader = "Zesei-Signature"

// Window is how far a signature's time may be from the receiver's.
const Window = 5 * time.Minute

// ErrSignature is what Verify returns for a body that was not signed with the
// secret, or not within the Window.
var ErrSignature = errors.New("the signature does not hold")

// Sign returns the value of SignatureHeader for a body sent now.
func Sign(secret, body []byte, now time.Time) string {
	t := strconv.FormatInt(now.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret []byte, t string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Verify checks, for a receiver, the value of SignatureHeader against the raw
// body. Several v1 values may stand there while a secret is changed; one that
// holds is enough. The comparison takes the same time whatever differs.
func Verify(secret []byte, header string, body []byte, now time.Time) error {
	if len(secret) == 0 {
		return fmt.Errorf("%w: no secret", ErrSignature)
	}
	var stamp string
	var given [][]byte
	for _, field := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "t":
			if stamp != "" {
				return fmt.Errorf("%w: two times", ErrSignature)
			}
			stamp = value
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil {
				given = append(given, sum)
			}
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp {
		return fmt.Errorf("%w: no time", ErrSignature)
	}
	if off := now.Unix() - seconds; off > int64(Window.Seconds()) || off < -int64(Window.Seconds()) {
		return fmt.Errorf("%w: its time is more than %s off", ErrSignature, Window)
	}
	want := mac(secret, stamp, body)
	held := false
	for _, sum := range given {
		held = hmac.Equal(sum, want) || held
	}
	if !held {
		return ErrSignature
	}
	return nil
}
