package awscloud

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Kind says what an error lets a caller conclude.
type Kind string

// The kinds of error. Only NotFound, Duplicate, Conflict and Invalid state
// something about the resource or the request; every other kind means unknown.
const (
	Throttled Kind = "throttled" // come again later
	Denied    Kind = "denied"    // credentials or permissions
	NotFound  Kind = "not-found" // AWS says that the thing does not exist
	Duplicate Kind = "duplicate" // it is there already
	Conflict  Kind = "conflict"  // its present state forbids the change
	Invalid   Kind = "invalid"   // the request itself is wrong
	InDoubt   Kind = "in-doubt"  // sent, and no answer says whether it was done
	Unsent    Kind = "unsent"    // nothing left this machine
	Other     Kind = "other"
)

// UnsentError wraps the error of a call of which no attempt was sent: the
// budget or a deadline held it back, or the service could not be reached.
type UnsentError struct{ Err error }

func (e *UnsentError) Error() string { return "not sent: " + e.Err.Error() }
func (e *UnsentError) Unwrap() error { return e.Err }

// InDoubtError wraps the error of a call that may have been done: look before
// you repeat it.
type InDoubtError struct{ Err error }

func (e *InDoubtError) Error() string { return "sent without an answer: " + e.Err.Error() }
func (e *InDoubtError) Unwrap() error { return e.Err }

// Classify says what err means; "" for nil.
func Classify(err error) Kind {
	if err == nil {
		return ""
	}
	var unsent *UnsentError
	var doubt *InDoubtError
	var noAccess *NoAccessError
	switch {
	case errors.As(err, &noAccess):
		return Denied
	case errors.As(err, &doubt):
		return InDoubt
	case errors.As(err, &unsent):
		return Unsent
	case neverLeft(err):
		return Unsent
	}
	return classifyAnswer(err)
}

// sdkUnknown is what the SDK puts where an answer has no code.
const sdkUnknown = "UnknownError"

// Code is AWS's own error code behind err, "" where AWS did not answer.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != sdkUnknown {
		return api.ErrorCode()
	}
	return ""
}

// Status is the HTTP status behind err, 0 where there was no answer.
func Status(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil && answer.Response.Response != nil {
		return answer.HTTPStatusCode()
	}
	return 0
}

// exact are codes that the patterns below would misjudge or miss.
var exact = map[string]Kind{
	"RequestLimitExceeded":                   Throttled,
	"BandwidthLimitExceeded":                 Throttled,
	"SlowDown":                               Throttled,
	"PriorRequestNotComplete":                Throttled,
	"EC2ThrottledException":                  Throttled,
	"ProvisionedThroughputExceededException": Throttled,
	"ServiceUnavailable":                     InDoubt,
	"Unavailable":                            InDoubt,
	"InternalError":                          InDoubt,
	"InternalFailure":                        InDoubt,
	"InternalException":                      InDoubt,
	"InternalServerError":                    InDoubt,
	"InternalServiceError":                   InDoubt,
	"RequestTimeout":                         InDoubt,
	"RequestTimeoutException":                InDoubt,
	"UnauthorizedOperation":                  Denied,
	"UnauthorizedException":                  Denied,
	"NotAuthorized":                          Denied,
	"AuthFailure":                            Denied,
	"InvalidAccessException":                 Denied, // Security Hub: the account is not subscribed
	"AllAccessDisabled":                      Denied,
	"AccountProblem":                         Denied,
	"InvalidAccessKeyId":                     Denied,
	"InvalidClientTokenId":                   Denied,
	"UnrecognizedClientException":            Denied,
	"SignatureDoesNotMatch":                  Denied,
	"InvalidSignatureException":              Denied,
	"IncompleteSignature":                    Denied,
	"ExpiredToken":                           Denied,
	"ExpiredTokenException":                  Denied,
	"InvalidToken":                           Denied,
	"OptInRequired":                          Denied,
	"RequestTimeTooSkewed":                   Denied,
	"RequestExpired":                         Denied,
	"BucketAlreadyOwnedByYou":                Duplicate,
	"InvalidPermission.Duplicate":            Duplicate,
	"ResourceConflictException":              Conflict,
	"DependencyViolation":                    Conflict,
	"OperationAborted":                       Conflict,
	"IncorrectState":                         Conflict,
	"PreconditionFailed":                     Conflict,
	"NotFound":                               NotFound,
	"ParameterNotFound":                      NotFound,
	"InvalidPermission.NotFound":             NotFound,
}

// classifyAnswer judges by AWS's code, then by the HTTP status, then by the
// absence of both.
func classifyAnswer(err error) Kind {
	code := Code(err)
	if k, ok := exact[code]; ok {
		return k
	}
	switch {
	case code == "":
	case strings.Contains(code, "Throttl"), strings.HasPrefix(code, "TooManyRequests"):
		return Throttled
	case strings.HasPrefix(code, "AccessDenied"):
		return Denied
	case strings.HasPrefix(code, "NoSuch"), strings.HasSuffix(code, ".NotFound"),
		strings.HasSuffix(code, "NotFoundException"), strings.HasSuffix(code, "NotFoundError"), strings.HasSuffix(code, "NotFoundFault"):
		return NotFound
	case strings.HasSuffix(code, ".Duplicate"), strings.HasSuffix(code, "AlreadyExists"), strings.HasSuffix(code, "AlreadyExistsException"):
		return Duplicate
	case strings.HasSuffix(code, "ConflictException"):
		return Conflict
	}
	status := Status(err)
	switch {
	case status == 429:
		return Throttled
	case status == 401, status == 403:
		return Denied
	case status == 404 && code == "":
		return Other // an answer of something that is not the service
	case status == 409:
		return Conflict
	case status >= 500:
		return InDoubt
	case status >= 400:
		return Invalid
	case status != 0:
		return InDoubt // an answer that could not be read
	case code != "":
		return invalidByName(code)
	case unanswered(err):
		return InDoubt
	}
	return Other
}

func invalidByName(code string) Kind {
	for _, p := range []string{"Invalid", "Malformed", "Missing", "Validation"} {
		if strings.HasPrefix(code, p) {
			return Invalid
		}
	}
	return Other
}

// unanswered recognises a request that went out and got nothing back.
func unanswered(err error) bool {
	var send *smithyhttp.RequestSendError
	var canceled *smithy.CanceledError
	var timeout net.Error
	return errors.As(err, &send) || errors.As(err, &canceled) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		(errors.As(err, &timeout) && timeout.Timeout())
}

// neverLeft recognises an error from before the first byte of the request: no
// address, no connection, no handshake, no answer and no sending at all.
func neverLeft(err error) bool {
	if err == nil {
		return false
	}
	var dial *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial", errors.As(err, &dns), errors.As(err, &certificate):
		return true
	}
	var send *smithyhttp.RequestSendError
	return Code(err) == "" && Status(err) == 0 && !errors.As(err, &send) && !unanswered(err) && beforeSending(err)
}

// beforeSending recognises what the SDK reports when it could not prepare the
// request.
func beforeSending(err error) bool {
	var serialization *smithy.SerializationError
	var params smithy.InvalidParamsError
	return errors.As(err, &serialization) || errors.As(err, &params)
}
