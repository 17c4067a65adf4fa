package fake

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
)

// queryProtocol is awsQuery (STS, SNS).
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
type queryProtocol struct{ namespace string }

func (queryProtocol) operation(c *call) (string, error) { return formOperation(c) }

func formOperation(c *call) (string, error) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return "", fail(http.StatusBadRequest, "MalformedQueryString", "%s", err.Error())
	}
	c.form = form
	return form.Get("Action"), nil
}

func (p queryProtocol) answer(w http.ResponseWriter, c *call, out any) {
	var b bytes.Buffer
	b.WriteString("<" + c.operation + `Response xmlns="` + p.namespace + `"><` + c.operation + "Result>")
	b.Write(members(out))
	b.WriteString("</" + c.operation + "Result><ResponseMetadata><RequestId>" + c.requestID + "</RequestId></ResponseMetadata></" + c.operation + "Response>")
	writeXML(w, http.StatusOK, b.Bytes())
}

func (p queryProtocol) refuse(w http.ResponseWriter, c *call, e *apiError) {
	writeXML(w, e.Status, []byte(`<ErrorResponse xmlns="`+p.namespace+`"><Error><Type>Sender</Type><Code>`+escape(e.Code)+
		"</Code><Message>"+escape(e.Message)+"</Message></Error><RequestId>"+c.requestID+"</RequestId></ErrorResponse>"))
}

func (queryProtocol) input(c *call) json.RawMessage { return formInput(c) }

// ec2Protocol is ec2Query.
// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
type ec2Protocol struct{}

const ec2Namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"

func (ec2Protocol) operation(c *call) (string, error) { return formOperation(c) }

func (ec2Protocol) answer(w http.ResponseWriter, c *call, out any) {
	var b bytes.Buffer
	b.WriteString("<" + c.operation + `Response xmlns="` + ec2Namespace + `"><requestId>` + c.requestID + "</requestId>")
	b.Write(members(out))
	b.WriteString("</" + c.operation + "Response>")
	writeXML(w, http.StatusOK, b.Bytes())
}

func (ec2Protocol) refuse(w http.ResponseWriter, c *call, e *apiError) {
	writeXML(w, e.Status, []byte("<Response><Errors><Error><Code>"+escape(e.Code)+"</Code><Message>"+escape(e.Message)+
		"</Message></Error></Errors><RequestID>"+c.requestID+"</RequestID></Response>"))
}

func (ec2Protocol) input(c *call) json.RawMessage { return formInput(c) }

func formInput(c *call) json.RawMessage {
	in := map[string]any{}
	addQuery(in, c.form)
	delete(in, "Action")
	delete(in, "Version")
	b, _ := json.Marshal(in)
	return b
}

// members is the XML of a struct's fields without the element around them.
func members(out any) []byte {
	if out == nil {
		return nil
	}
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	if err := enc.EncodeElement(out, xml.StartElement{Name: xml.Name{Local: "x"}}); err != nil {
		panic("fake: an answer cannot be written as XML: " + err.Error())
	}
	return bytes.TrimSuffix(bytes.TrimPrefix(b.Bytes(), []byte("<x>")), []byte("</x>"))
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func writeXML(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(xml.Header))
	_, _ = w.Write(body)
}
