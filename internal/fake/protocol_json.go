package fake

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// jsonProtocol is awsJson 1.0 and 1.1: the operation is in X-Amz-Target.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
type jsonProtocol struct{}

func (jsonProtocol) operation(c *call) (string, error) {
	_, op, ok := strings.Cut(c.http.Header.Get("X-Amz-Target"), ".")
	if !ok {
		return "", fail(http.StatusBadRequest, "UnknownOperationException", "the header X-Amz-Target names no operation")
	}
	if i := strings.LastIndexByte(op, '.'); i >= 0 { // CloudTrail's prefix has dots
		op = op[i+1:]
	}
	return op, nil
}

func (jsonProtocol) answer(w http.ResponseWriter, c *call, out any) {
	if out == nil {
		out = struct{}{}
	}
	writeJSON(w, jsonType(c), http.StatusOK, out)
}

func (jsonProtocol) refuse(w http.ResponseWriter, c *call, e *apiError) {
	body := map[string]any{"__type": e.Code, "message": e.Message, "Message": e.Message}
	for k, v := range e.Fields {
		body[k] = v
	}
	if e.QueryCode != "" {
		body["__type"] = "com.amazonaws.sqs#" + e.Code
		w.Header().Set("X-Amzn-Query-Error", e.QueryCode+";Sender")
	}
	writeJSON(w, jsonType(c), e.Status, body)
}

func (jsonProtocol) input(c *call) json.RawMessage { return compact(c.body) }

// jsonType answers in the version of the protocol that was asked in.
func jsonType(c *call) string {
	if t := c.http.Header.Get("Content-Type"); strings.HasPrefix(t, "application/x-amz-json") {
		return t
	}
	return "application/x-amz-json-1.1"
}

// restJSON is restJson1: method and path name the operation.
// https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
type restJSON struct{ routes []route }

// route is "METHOD /path", with a greedy label at the end where it has one:
// "PATCH /standards/control/{StandardsControlArn+}".
type route struct{ method, path, label, operation string }

func (p restJSON) operation(c *call) (string, error) {
	path := c.http.URL.Path
	for _, r := range p.routes {
		if r.method != c.http.Method {
			continue
		}
		if r.label == "" {
			if path == r.path {
				return r.operation, nil
			}
			continue
		}
		if rest, ok := strings.CutPrefix(path, r.path); ok && rest != "" {
			c.path = map[string]string{r.label: rest}
			return r.operation, nil
		}
	}
	return c.http.Method + " " + path, nil
}

func (restJSON) answer(w http.ResponseWriter, _ *call, out any) {
	if out == nil {
		out = struct{}{}
	}
	writeJSON(w, "application/json", http.StatusOK, out)
}

func (restJSON) refuse(w http.ResponseWriter, _ *call, e *apiError) {
	w.Header().Set("X-Amzn-Errortype", e.Code)
	writeJSON(w, "application/json", e.Status, map[string]any{"Code": e.Code, "Message": e.Message, "message": e.Message})
}

func (restJSON) input(c *call) json.RawMessage {
	if len(c.body) > 0 {
		return compact(c.body)
	}
	in := map[string]any{}
	for k, v := range c.path {
		in[k] = v
	}
	addQuery(in, c.http.URL.Query())
	b, _ := json.Marshal(in)
	return b
}

func addQuery(in map[string]any, q url.Values) {
	for k, v := range q {
		if len(v) == 1 {
			in[k] = v[0]
		} else {
			in[k] = v
		}
	}
}

func writeJSON(w http.ResponseWriter, contentType string, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// compact keeps a body that is JSON and drops one that is not.
func compact(body []byte) json.RawMessage {
	if len(body) == 0 || !json.Valid(body) {
		return json.RawMessage("{}")
	}
	return append(json.RawMessage(nil), body...)
}
