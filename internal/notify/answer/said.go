package answer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/casework"
	"zesei/internal/job"
	"zesei/internal/notify"
	"zesei/internal/notify/slack"
	"zesei/internal/store"
)

// said names words that are kept on a case, for the answer to them: ids alone.
type said struct {
	channel, thread, user string
	key                   string // of the first case
	seq                   int64  // of the words in its audit chain
	message               int64  // row of the message under which they stand
	cases                 int    // on how many they are kept
	ts                    string // of the words in the channel
}

func (w said) String() string {
	return strings.Join([]string{w.channel, w.thread, w.user, w.key, strconv.FormatInt(w.seq, 10), strconv.FormatInt(w.message, 10), strconv.Itoa(w.cases), w.ts}, "|")
}

// answersWithin is how soon words are answered where nothing hinders it.
const answersWithin = 30 * time.Second

var errNoWords = errors.New("names no words of a person")

func parseSaid(s string) (said, error) {
	p := strings.Split(s, "|")
	if len(p) != 8 {
		return said{}, errNoWords
	}
	seq, err1 := strconv.ParseInt(p[4], 10, 64)
	message, err2 := strconv.ParseInt(p[5], 10, 64)
	cases, err3 := strconv.Atoi(p[6])
	return said{p[0], p[1], p[2], p[3], seq, message, cases, p[7]}, errors.Join(err1, err2, err3)
}

// words keeps what was said to the app in the thread of a message on its cases.
// The answer, with a button to the form, is a job.
func (s *session) words(ctx context.Context) slack.Answer {
	if s.Thread == "" {
		return s.tell("no-thread")
	}
	post, err := store.PostAt(ctx, s.DB.View(), s.Channel, s.Thread)
	if errors.Is(err, store.ErrNotFound) {
		return s.tell("not-ours")
	}
	if err != nil {
		return s.failed(err)
	}
	row, err := store.LoadMessage(ctx, s.DB.View(), post.MessageID)
	if err != nil {
		return s.failed(err)
	}
	s.to(row.Owner)
	if a, ok := s.may(ctx, toAsk, nil, "words"); !ok {
		return a
	}
	text := slack.Said(s.Text, s.App)
	if text == "" {
		return s.tell("empty")
	}
	ids, err := store.MessageCaseIDs(ctx, s.DB.View(), row.ID)
	if err != nil {
		return s.failed(err)
	}
	ids, err = s.meant(ctx, ids, post.Part, text)
	switch {
	case err != nil:
		return s.failed(err)
	case len(ids) == 0:
		return s.tell("not-ours")
	case len(ids) > casework.MessageCases:
		return s.tell("too-many", len(ids))
	}
	w := said{channel: s.Channel, thread: s.Thread, user: s.User, message: row.ID, cases: len(ids), ts: s.Message}
	err = s.Work.Said(ctx, s.member.Person, ids, text, func(f *casefile.File) string {
		w.key, w.seq = store.ShortKey(f.Key), f.AuditSeq
		return w.String()
	})
	if err != nil {
		return s.failed(err)
	}
	return slack.Answer{}
}

var keyIn = regexp.MustCompile(`\b[0-9a-f]{12}\b`)

// meant are the cases of a message that words are about: the one of the post that
// they stand under, those whose keys they name, else those that are open, else all.
func (s *session) meant(ctx context.Context, ids []int64, part, text string) ([]int64, error) {
	named := keyIn.FindAllString(text, -1)
	if _, key, ok := strings.Cut(part, "/"); ok && len(named) == 0 {
		key, _, _ = strings.Cut(key, "/")
		named = []string{key}
	}
	if len(ids) > casework.MessageCases && len(named) == 0 {
		return ids, nil // too many, whatever their state
	}
	files, err := store.CasesByID(ctx, s.DB.View(), ids)
	if err != nil {
		return nil, err
	}
	keep := func(is func(*casefile.File) bool) (out []int64) {
		for _, f := range files {
			if is(f) {
				out = append(out, f.ID)
			}
		}
		return out
	}
	if one := keep(func(f *casefile.File) bool { return slices.Contains(named, store.ShortKey(f.Key)) }); len(one) > 0 {
		return one, nil
	}
	if open := keep(func(f *casefile.File) bool { return f.State != casefile.Closed }); len(open) > 0 {
		return open, nil
	}
	return ids, nil
}

// Job answers words in their thread: where they are kept, and a button to the form.
func (d *Desk) Job(ctx context.Context, j job.Job) error {
	w, err := parseSaid(j.Subject)
	if err != nil {
		return job.Permanent(fmt.Errorf("answer to %q: %w", j.Subject, err))
	}
	f, err := store.FindCase(ctx, d.DB.View(), w.key)
	if err != nil {
		return err
	}
	out, err := d.Slack(ctx)
	if err != nil {
		return err
	}
	owner := d.Directory.Voice(f.Terms.Owner)
	v := voice{owner.Language, owner.Zone}
	to := slack.Mention(w.user)
	text := v.say("kept", to, w.key)
	if w.cases > 1 {
		text = v.say("kept-many", to, strconv.Itoa(w.cases))
	}
	s := slack.Saying{Channel: w.channel, Thread: w.thread, Text: text, Key: d.DB.ID() + "-said-" + w.ts, Button: slack.DoFill, Value: w.value(), Language: v.language}
	// An earlier try may have arrived. One that a restart cut off counts as none, so
	// that words of a while ago are looked for too.
	if at := sent(w.ts); j.Attempt > 1 || d.Now().Sub(at) > answersWithin {
		s.Since = at
	}
	_, err = out.Say(ctx, s)
	var wait *notify.RetryAfter
	var permanent *notify.Permanent
	switch {
	case errors.As(err, &wait) && s.Since.IsZero(): // a wait after that counts as a try: what is in doubt stays so
		return job.Later(d.Now().Add(wait.After), wait.Error())
	case errors.As(err, &permanent):
		return job.Permanent(err)
	}
	return err
}

// value is what the button to the form carries.
func (w said) value() string {
	return strings.Join([]string{w.key, strconv.FormatInt(w.seq, 10), strconv.FormatInt(w.message, 10), strconv.Itoa(w.cases)}, "|")
}

// sent is when a message of Slack's was sent: its ts begins with the seconds.
func sent(ts string) time.Time {
	seconds, _, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n <= 0 {
		return time.Unix(0, 0)
	}
	return time.Unix(n, 0)
}

// openFilled opens the form that asks for an exception, filled in with words that
// are kept on a case.
func (s *session) openFilled(ctx context.Context) slack.Answer {
	p := strings.Split(s.Value, "|")
	if len(p) != 4 {
		return s.refuse("gone")
	}
	f, a, ok := s.onCase(ctx, p[0], toAsk)
	if !ok {
		return a
	}
	h := f.Key.Hash()
	chain, err := store.Audit(ctx, s.DB.View(), f.ID, fmt.Sprintf("%x", h))
	if err != nil {
		return s.failed(err)
	}
	reason := ""
	for _, e := range chain {
		if strconv.FormatInt(e.Seq, 10) == p[1] && e.What == "note" {
			reason = e.Why
		}
	}
	message, err := strconv.ParseInt(p[2], 10, 64)
	if err != nil {
		return s.refuse("gone")
	}
	if p[3] != "1" {
		return s.openAskOf(ctx, message, reason)
	}
	return s.openAskFor([]*casefile.File{f}, reason)
}
