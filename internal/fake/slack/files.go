package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

func uploadURL(q *request) (answer, error) {
	n, err := strconv.Atoi(q.form.Get("length"))
	if err != nil || n < 1 || q.form.Get("filename") == "" {
		return nil, problem("invalid_arguments")
	}
	f := &File{ID: q.t.id("F"), Name: q.form.Get("filename"), length: n}
	q.t.files[f.ID] = f
	return answer{"upload_url": "http://" + q.host + "/upload/" + f.ID, "file_id": f.ID}, nil
}

// upload takes the bytes, as a form's file or as the plain body.
func (t *Twin) upload(w http.ResponseWriter, r *http.Request) {
	var body []byte
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		f, _, formErr := r.FormFile("file")
		if formErr != nil {
			http.Error(w, "no file in the form", http.StatusBadRequest)
			return
		}
		body, err = io.ReadAll(f)
	} else {
		body, err = io.ReadAll(r.Body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.files[r.PathValue("id")]
	if f == nil || len(body) != f.length {
		http.Error(w, "the upload does not have the announced length", http.StatusBadRequest)
		return
	}
	f.Body = body
	_, _ = fmt.Fprintf(w, "OK - %d", len(body))
}

func completeUpload(q *request) (answer, error) {
	var given []struct{ ID, Title string }
	if err := json.Unmarshal([]byte(q.form.Get("files")), &given); err != nil || len(given) == 0 {
		return nil, problem("invalid_arguments")
	}
	var files []*File
	for _, g := range given {
		f := q.t.files[g.ID]
		if f == nil || f.Body == nil {
			return nil, problem("file_not_found")
		}
		f.Title = g.Title
		files = append(files, f)
	}
	targets := strings.FieldsFunc(q.form.Get("channel_id")+","+q.form.Get("channels"), func(r rune) bool { return r == ',' })
	var channels []*Channel
	for _, id := range targets {
		c := q.t.channel(id)
		if c == nil || c.ID != id {
			return nil, problem("channel_not_found")
		}
		if !c.Member {
			return nil, problem("not_in_channel")
		}
		channels = append(channels, c)
	}
	list := []any{}
	for _, f := range files {
		list = append(list, map[string]any{"id": f.ID, "title": f.Title})
	}
	for _, c := range channels {
		m := &Message{Channel: c.ID, TS: q.t.ts(), User: BotUser, Text: q.form.Get("initial_comment"), Blocks: q.raw("blocks"), ThreadTS: q.form.Get("thread_ts")}
		for _, f := range files {
			f.Shared = append(f.Shared, c.ID)
			m.Files = append(m.Files, f.ID)
		}
		c.messages = append(c.messages, m)
	}
	return answer{"files": list}, nil
}
