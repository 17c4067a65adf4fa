package ticket

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Heard is something that people did in a tracker.
type Heard string

// What comes back from a tracker, and nothing else does.
const (
	// HeardClosed: the ticket was closed while a case is open. Recheck the
	// resources; the ticket is opened again while they fail.
	HeardClosed Heard = "closed"
	// HeardOpened: a person opened a ticket that we had closed. Recheck.
	HeardOpened Heard = "opened"
	// HeardAssignee: somebody else works on it.
	HeardAssignee Heard = "assignee"
	// HeardComment: a person's words, data.
	HeardComment Heard = "comment"
	// HeardRecheck: a comment asks to look again.
	HeardRecheck Heard = "recheck"
	// HeardException: a comment asks for an exception; Text is the reason.
	HeardException Heard = "exception"
)

// Feedback is one thing that came back.
type Feedback struct {
	What Heard
	Who  string // the tracker's name for the person; empty: not said
	At   time.Time
	Text string // cleaned, at most 8,000 characters; text from outside
	ID   string // of the comment
}

// ownWords is how our comments end.
var ownWords = regexp.MustCompile(`zesei-[0-9A-Za-z-]+/[0-9]+\s*(</?[a-z]+>\s*)*$`)

// maxComment is how much of a person's comment is kept.
const maxComment = 8000

// Absorb compares a ticket as the tracker was seen to have it at a time with what
// is known, and returns what is news, each thing once. open says whether the
// ticket must be open. It is pure.
func Absorb(known Known, is Issue, open bool, seen time.Time) (Known, []Feedback) {
	k := known.Clone()
	if k.Pending != nil || !k.Exists() {
		return k, nil // a step of ours is in doubt: not the time to read
	}
	var out []Feedback
	if seen.UnixMilli() > k.Moved {
		out = k.state(is, open, seen)
	}
	return k, append(out, k.comments(is)...)
}

// state takes in whether a ticket is closed, and whose it is.
func (k *Known) state(is Issue, open bool, seen time.Time) []Feedback {
	var out []Feedback
	at := is.UpdatedAt
	if at.IsZero() {
		at = seen
	}
	switch {
	case is.Closed && !k.Closed:
		k.Closed = true
		if open {
			k.Early = &Early{At: seen.Unix(), By: Clean(is.UpdatedBy)}
			out = append(out, Feedback{What: HeardClosed, Who: Clean(is.UpdatedBy), At: at})
		}
	case !is.Closed && k.Closed:
		k.Closed, k.Early = false, nil
		if !open {
			r := &Reopened{At: seen.Unix(), By: Clean(is.UpdatedBy), Times: 1}
			if k.Reopened != nil {
				r.Times += k.Reopened.Times
			}
			k.Reopened = r
		}
		out = append(out, Feedback{What: HeardOpened, Who: Clean(is.UpdatedBy), At: at})
	}
	if k.Assigned {
		k.Assigned, k.Assignee = false, is.Assignee
	}
	if is.Assignee != k.Assignee {
		k.Assignee = is.Assignee
		out = append(out, Feedback{What: HeardAssignee, Who: Clean(is.UpdatedBy), At: at, Text: Clean(is.Assignee)})
	}
	return out
}

// comments takes in what people wrote since the last one that was read.
func (k *Known) comments(is Issue) []Feedback {
	var out []Feedback
	comments := slices.Clone(is.Comments)
	slices.SortStableFunc(comments, func(a, b Comment) int { return a.At.Compare(b.At) })
	for _, c := range comments {
		if ms := c.At.UnixMilli(); ms < k.ReadAt || ms == k.ReadAt && !later(c.ID, k.LastComment) {
			continue
		}
		k.ReadAt, k.LastComment = c.At.UnixMilli(), c.ID
		if ownWords.MatchString(c.Text) {
			continue
		}
		text := []rune(CleanText(c.Text))
		if len(text) > maxComment {
			text = append(text[:maxComment], '…')
		}
		if len(text) == 0 {
			continue
		}
		f := Feedback{What: HeardComment, Who: Clean(c.By), At: c.At, Text: string(text), ID: c.ID}
		f.What, f.Text = asked(f.Text)
		out = append(out, f)
	}
	return out
}

// later orders comments of one moment by their ids: shorter numbers come first.
func later(a, b string) bool {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) > 0
}

// asked reads what a comment asks for. Anything but the two requests is words.
func asked(text string) (Heard, string) {
	first, rest, _ := strings.Cut(text, "\n")
	word, arg, _ := strings.Cut(strings.TrimSpace(first), " ")
	if word != "/zesei" {
		return HeardComment, text
	}
	verb, reason, _ := strings.Cut(strings.TrimSpace(arg), " ")
	switch verb {
	case "recheck":
		return HeardRecheck, strings.TrimSpace(reason + "\n" + rest)
	case "exception":
		return HeardException, strings.TrimSpace(reason + "\n" + rest)
	}
	return HeardComment, text
}
