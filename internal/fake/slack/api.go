package slack

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"zesei/internal/fake"
)

// request is one call of the Web API.
type request struct {
	t    *Twin
	form url.Values
	body []byte
	host string
}

// problem is Slack's error: HTTP 200 with ok false.
type problem string

func (p problem) Error() string { return string(p) }

type answer map[string]any

var methods = map[string]func(*request) (answer, error){
	"auth.test": authTest, "chat.postMessage": postMessage, "chat.update": update, "chat.getPermalink": permalink,
	"conversations.history": history, "conversations.replies": replies, "conversations.list": listChannels, "conversations.info": channelInfo, "conversations.open": openConversation,
	"users.lookupByEmail": lookupByEmail, "users.info": userInfo,
	"files.getUploadURLExternal": uploadURL, "files.completeUploadExternal": completeUpload, "views.open": openView,
	"chat.postEphemeral": postEphemeral, "apps.connections.open": openConnection,
}

func (t *Twin) api(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	if err != nil {
		return
	}
	method := r.PathValue("method")
	q := &request{t: t, form: r.URL.Query(), body: body, host: r.Host}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		q.form = jsonForm(body)
	} else if posted, err := url.ParseQuery(string(body)); err == nil {
		maps.Copy(q.form, posted)
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = q.form.Get("token")
	}
	entry := fake.Entry{Time: t.now().UTC(), Service: "slack", Operation: method, Account: q.form.Get("channel"), UserAgent: r.UserAgent(), Input: q.shown(), Outcome: "ok"}
	hit := t.faults.Draw("slack", method, q.form.Get("channel"))
	entry.Fault = string(hit.Kind)
	hit.Wait(r.Context())
	out, err := t.perform(q, method, token, hit)
	if err != nil {
		entry.Outcome = err.Error()
	}
	entry.Write = err == nil && (strings.HasPrefix(method, "chat.") && method != "chat.getPermalink" || method == "files.completeUploadExternal" || method == "views.open")
	t.journal.Record(entry)
	switch {
	case hit.Kind == fake.LostAnswer || hit.Kind == fake.Hang:
		panic(http.ErrAbortHandler)
	case hit.Kind == fake.Throttle:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(hit.RetryAfter.Seconds()))))
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"ok":false,"error":"ratelimited"}`)
		return
	case hit.Kind == fake.ServerError:
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"ok":false,"error":"internal_error"}`)
		return
	}
	if out == nil {
		out = answer{}
	}
	out["ok"] = err == nil
	if err != nil {
		out["error"] = err.Error()
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(out)
}

func (t *Twin) perform(q *request, method, token string, hit fake.Fault) (answer, error) {
	switch hit.Kind {
	case fake.Throttle, fake.ServerError, fake.Hang:
		return nil, problem(hit.Kind)
	case fake.Deny:
		return nil, problem("missing_scope")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.host = q.host
	run, known := methods[method]
	switch {
	case token == "":
		return nil, problem("not_authed")
	case method == "apps.connections.open":
		if token != t.options.AppToken {
			return nil, problem("invalid_auth")
		}
	case token != t.options.Token:
		return nil, problem("invalid_auth")
	case !known:
		return nil, problem("unknown_method")
	}
	return run(q)
}

// jsonForm flattens a JSON body: texts as they are, the rest as JSON.
func jsonForm(body []byte) url.Values {
	form := url.Values{}
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return form
	}
	for k, v := range m {
		var s string
		if json.Unmarshal(v, &s) == nil {
			form.Set(k, s)
		} else {
			form.Set(k, string(v))
		}
	}
	return form
}

// shown is the request without its token.
func (q *request) shown() json.RawMessage {
	in := map[string]string{}
	for k := range q.form {
		if k != "token" {
			in[k] = q.form.Get(k)
		}
	}
	b, _ := json.Marshal(in)
	return b
}
