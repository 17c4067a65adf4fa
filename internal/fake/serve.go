package fake

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

const maxBody = 32 << 20

// ServeHTTP answers one AWS API call.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return // the client went away while sending
	}
	if strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") ||
		strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		body = unchunk(body)
	}
	k := &call{cloud: c, http: r, body: body, since: c.now()}
	c.locked(func() { k.requestID = c.uuid() })

	entry := Entry{Time: k.since.UTC(), UserAgent: r.UserAgent(), RequestID: k.requestID}
	out, failure := c.admit(k)
	hit := Fault{}
	if failure == nil {
		entry.Write = k.service.operations[k.operation].write
		hit = c.faults.pick(k)
		entry.Fault = string(hit.Kind)
		out, failure = c.perform(k, hit)
	}
	c.note(&entry, k, failure)
	if hit.Kind == LostAnswer || hit.Kind == Hang {
		panic(http.ErrAbortHandler) // cut the connection without an answer
	}
	p := k.protocol()
	w.Header().Set("X-Amzn-Requestid", k.requestID)
	if failure != nil {
		p.refuse(w, k, failure)
		return
	}
	p.answer(w, k, out)
}

// admit finds out who calls what.
func (c *Cloud) admit(k *call) (any, *apiError) {
	sc, signed := readScope(k.http)
	k.scope = sc
	if !signed {
		k.service = c.guess(k)
		if k.http.URL.Query().Has("X-Amz-Signature") {
			return nil, fail(http.StatusForbidden, "AccessDenied", "presigned requests are not answered here: sign the request with an Authorization header")
		}
		return nil, fail(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	name := sc.service
	if name == "s3" && strings.HasPrefix(k.http.URL.Path, "/v20180820/") {
		name = "s3control"
	}
	k.service = c.services[name]
	if k.service == nil {
		k.service = c.guess(k)
		k.operation = name + ":?"
		return nil, fail(http.StatusBadRequest, "UnknownOperationException", "the service %q is not offered here", name)
	}
	var failure *apiError
	c.locked(func() { failure = c.authenticate(k) })
	if failure != nil {
		return nil, failure
	}
	op, err := k.service.protocol.operation(k)
	k.operation = op
	if err != nil {
		return nil, asAPIError(err)
	}
	if _, ok := k.service.operations[op]; !ok {
		return nil, fail(http.StatusBadRequest, "UnknownOperationException", "the operation %s of %s is not offered here", op, k.service.name)
	}
	return nil, nil
}

// guess picks a service whose protocol the client of an unsigned request most
// likely reads.
func (c *Cloud) guess(k *call) *service {
	switch {
	case k.http.Header.Get("X-Amz-Target") != "":
		return c.services["ssm"]
	case bytes.Contains(k.body, []byte("Action=")):
		return c.services["sts"]
	case strings.Contains(k.http.Header.Get("Content-Type"), "json"):
		return c.services["securityhub"]
	}
	return c.services["s3"]
}

// authenticate looks the access key up. Held: mu.
func (c *Cloud) authenticate(k *call) *apiError {
	row, known := c.keys[k.scope.accessKeyID]
	switch {
	case !known && k.service.name == "s3":
		return fail(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	case !known && k.service.name == "ec2":
		return fail(http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials")
	case !known && k.service.protocol == (jsonProtocol{}):
		return fail(http.StatusBadRequest, "UnrecognizedClientException", "The security token included in the request is invalid.")
	case !known || row.SessionToken != "" && k.http.Header.Get("X-Amz-Security-Token") != row.SessionToken:
		return fail(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	case !row.expires.IsZero() && c.now().After(row.expires):
		code := "ExpiredToken"
		if k.service.name == "ec2" {
			code = "RequestExpired"
		} else if k.service.protocol == (jsonProtocol{}) || k.service.name == "securityhub" {
			code = "ExpiredTokenException"
		}
		return fail(http.StatusForbidden, code, "The security token included in the request is expired")
	}
	k.who = row.who
	return nil
}

// perform runs the operation with the fault that was drawn for it.
func (c *Cloud) perform(k *call, hit Fault) (any, *apiError) {
	hit.Wait(k.http.Context())
	switch hit.Kind {
	case Throttle:
		return nil, k.throttled()
	case ServerError:
		return nil, fail(orStatus(hit.Status, http.StatusInternalServerError), orText(hit.Code, "InternalFailure"), "We encountered an internal error. Please try again.")
	case Deny:
		return nil, k.denied()
	case Hang:
		return nil, fail(499, "ConnectionCut", "cut before the request was handled")
	case Stale:
		k.stale = true
	case Partial:
		k.partial = max(hit.Items, 1)
	}
	if c.rates != nil && !c.rates.take(k) {
		return nil, k.throttled()
	}
	var deadline <-chan time.Time
	for {
		var out any
		var err error
		var moved chan struct{}
		c.locked(func() { out, err = c.run(k); moved = c.moved })
		var wait waiting
		if !errors.As(err, &wait) {
			if err != nil {
				return nil, asAPIError(err)
			}
			return out, nil
		}
		if deadline == nil {
			timer := time.NewTimer(wait.until)
			defer timer.Stop()
			deadline = timer.C
		}
		select {
		case <-moved:
		case <-time.After(100 * time.Millisecond): // a message may have become visible again
		case <-deadline:
			return out, nil
		case <-k.http.Context().Done():
			return nil, fail(499, "ClientClosedRequest", "the client went away")
		}
	}
}

// run is the operation itself. Held: mu.
func (c *Cloud) run(k *call) (any, error) {
	if role := c.roles[k.who.RoleARN]; role != nil && !role.allows(k.action()) {
		return nil, k.denied()
	}
	op := k.service.operations[k.operation]
	if op.write {
		c.remember(k)
	}
	out, err := op.run(k)
	if op.write && !op.data {
		c.recordTrail(k, err)
	}
	return out, err
}

// remember keeps the state before a write, if a stale read is ordered. Held: mu.
func (c *Cloud) remember(k *call) {
	if !c.faults.staleOrdered(k.service.name) {
		return
	}
	switch r := k.region(); k.service.name {
	case "ec2":
		r.ec2Was = r.ec2.clone()
	case "securityhub":
		r.hubWas = r.hub.clone()
	case "s3":
		if b := c.buckets[k.path["bucket"]]; b != nil {
			b.was = b.clone()
		}
	}
}

func (c *Cloud) note(e *Entry, k *call, failure *apiError) {
	e.Service, e.Operation = k.serviceName(), k.operation
	e.Account, e.Region = k.who.Account, k.scope.region
	e.Principal, e.Session = k.who.ARN, k.who.Session
	if k.service != nil && k.operation != "" {
		e.Input = redact(k.service.name, k.service.protocol.input(k))
	}
	e.Outcome = "ok"
	if failure != nil {
		e.Outcome, e.Message = failure.Code, failure.Message
	}
	c.journal.add(*e)
}

func (k *call) protocol() protocol { return k.service.protocol }

func (k *call) serviceName() string {
	if k.scope.service != "" && k.service.name != "s3control" {
		return k.scope.service
	}
	return k.service.name
}

func (k *call) action() string { return k.service.name + ":" + k.operation }

func (k *call) denied() *apiError {
	return fail(k.service.denied.status, k.service.denied.code, "User: %s is not authorized to perform: %s", k.who.ARN, k.action())
}

func (k *call) throttled() *apiError {
	return fail(k.service.throttled.status, k.service.throttled.code, "Rate exceeded")
}

func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return fail(http.StatusInternalServerError, "InternalFailure", "%s", err.Error())
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func orStatus(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}
