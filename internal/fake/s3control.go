package fake

import (
	"encoding/xml"
	"net/http"
)

// s3ControlProtocol is restXml with the account in a header. The client puts
// the account id before the endpoint's host, so it needs a dialer that finds
// loopback all the same.
type s3ControlProtocol struct{ s3Protocol }

func (s3ControlProtocol) operation(c *call) (string, error) {
	if c.http.URL.Path != "/v20180820/configuration/publicAccessBlock" {
		return c.http.Method + " " + c.http.URL.Path, nil
	}
	switch c.http.Method {
	case http.MethodGet:
		return "GetPublicAccessBlock", nil
	case http.MethodPut:
		return "PutPublicAccessBlock", nil
	}
	return "DeletePublicAccessBlock", nil
}

func (s3ControlProtocol) refuse(w http.ResponseWriter, c *call, e *apiError) {
	writeXML(w, e.Status, []byte("<ErrorResponse><Error><Code>"+escape(e.Code)+"</Code><Message>"+escape(e.Message)+
		"</Message></Error><RequestId>"+c.requestID+"</RequestId></ErrorResponse>"))
}

func s3ControlService() *service {
	return &service{
		name: "s3control", source: "s3.amazonaws.com", protocol: s3ControlProtocol{},
		denied:    refusal{"AccessDenied", http.StatusForbidden},
		throttled: refusal{"SlowDown", http.StatusServiceUnavailable},
		operations: map[string]operation{
			"GetPublicAccessBlock":    read(ofAccount(getAccountAccess)),
			"PutPublicAccessBlock":    write(ofAccount(putAccountAccess)),
			"DeletePublicAccessBlock": write(ofAccount(deleteAccountAccess)),
		},
	}
}

func ofAccount(run func(*call) (any, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if id := c.http.Header.Get("X-Amz-Account-Id"); id != c.account() {
			return nil, fail(http.StatusForbidden, "AccessDenied", "Access Denied: the account %s is not the caller's", id)
		}
		return run(c)
	}
}

func getAccountAccess(c *call) (any, error) {
	if b := c.ownAccount().publicAccess; b != nil {
		return b, nil
	}
	return nil, noPublicAccessBlock()
}

func putAccountAccess(c *call) (any, error) {
	var in publicAccessBlock
	if err := xml.Unmarshal(c.body, &in); err != nil {
		return nil, malformed()
	}
	in.XMLName = xml.Name{}
	c.ownAccount().publicAccess = &in
	c.resources = append(c.resources, trailResource{Type: "AWS::S3::AccountPublicAccessBlock", Name: c.account()})
	return nil, nil
}

func deleteAccountAccess(c *call) (any, error) {
	c.ownAccount().publicAccess = nil
	return nil, nil
}
