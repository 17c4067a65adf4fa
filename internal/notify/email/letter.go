package email

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	gomail "github.com/wneessen/go-mail"

	"zesei/internal/notify"
)

// Letter is a mail that belongs to no case: a report that was asked for.
type Letter struct {
	To      string // one address
	Subject string
	Text    string
	HTML    string // the same as a whole page; "" sends the text alone
	// Key is the same for a repetition and for nothing else: the Message-ID is
	// made of it and the address.
	Key   string
	Date  time.Time // when it was first meant to go out; zero is now
	Files []File
}

// File is something attached to a letter.
type File struct {
	Name    string
	Type    string // media type
	Content []byte
}

// Write sends a letter. Its errors are those of notify.Channel. After a lost
// answer the letter may have arrived: sent again, it has the Message-ID that it
// had, by which mail programs know it (through SES it has another).
func (d *Deliverer) Write(ctx context.Context, l Letter) error {
	msg := gomail.NewMsg()
	msg.FromMailAddress(d.from)
	if err := msg.To(l.To); err != nil {
		return &notify.Permanent{Reason: fmt.Sprintf("email: the address %q cannot be read", l.To), Hint: "check the schedule's email", HintJA: "定期レポート(schedules)の email を確認してください", Scope: notify.TargetOnly}
	}
	if l.Date.IsZero() {
		l.Date = d.now()
	}
	msg.Subject(subject(notify.Clean(l.Subject)))
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", l.Key, l.To))
	msg.SetMessageIDWithValue(fmt.Sprintf("zesei.%x@%s", sum[:16], d.domain))
	msg.SetDateWithValue(l.Date)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no holiday notes back
	msg.SetBodyString(gomail.TypeTextPlain, l.Text+"\n")
	if l.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	for _, f := range l.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Content), gomail.WithFileContentType(gomail.ContentType(f.Type))); err != nil {
			return fmt.Errorf("email: attach %s: %w", f.Name, err)
		}
	}
	return d.out.Send(ctx, msg)
}
