package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	gomail "github.com/wneessen/go-mail"

	"zesei/internal/notify"
)

// SES sends by Amazon SES. It is safe for concurrent use.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
type SES struct{ api *sesv2.Client }

var _ Transport = (*SES)(nil)

// NewSES returns SES of the configuration's Region.
func NewSES(c aws.Config) *SES { return &SES{api: sesv2.NewFromConfig(c)} }

// sesThrottled is how long to wait where SES limits us: it names no time.
const sesThrottled = time.Minute

var sesHintsJA = map[string]string{
	"AccessDeniedException":              "zesei のロールに、その ID での ses:SendEmail を許可してください",
	"AccountSuspendedException":          "SES がこのアカウントからの送信を停止しています",
	"MailFromDomainNotVerifiedException": "notify.email.from のドメインを SES で検証してください",
	"MessageRejected":                    "notify.email.from(サンドボックスでは宛先も)を SES で検証してください",
	"SendingPausedException":             "SES でこのアカウントの送信が一時停止されています",
	"NotFoundException":                  "notify.email.ses を確認してください",
	"BadRequestException":                "notify.email.from と担当(owners)の email を確認してください",
}

var sesHints = map[string]string{
	"AccessDeniedException":              "allow ses:SendEmail on the identity to the role that zesei runs as",
	"AccountSuspendedException":          "SES has suspended sending for the account",
	"MailFromDomainNotVerifiedException": "verify the domain of notify.email.from in SES",
	"MessageRejected":                    "verify notify.email.from, and in the sandbox the addresses too, in SES",
	"SendingPausedException":             "sending is paused for the account in SES",
	"NotFoundException":                  "check notify.email.ses",
	"BadRequestException":                "check notify.email.from and the owner's addresses",
}

// Send hands one mail over.
func (s *SES) Send(ctx context.Context, m *gomail.Msg) error {
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		return fmt.Errorf("ses: write mail: %w", err)
	}
	_, err := s.api.SendEmail(ctx, &sesv2.SendEmailInput{Content: &types.EmailContent{Raw: &types.RawMessage{Data: raw.Bytes()}}})
	var api smithy.APIError
	if errors.As(err, &api) {
		if hint, ok := sesHints[api.ErrorCode()]; ok {
			return &notify.Permanent{Reason: "ses: send: " + api.ErrorCode() + ": " + oneLine(errors.New(api.ErrorMessage())), Hint: hint, HintJA: sesHintsJA[api.ErrorCode()]}
		}
		if c := api.ErrorCode(); c == "TooManyRequestsException" || c == "LimitExceededException" {
			return &notify.RetryAfter{After: sesThrottled, By: "ses"}
		}
	}
	if err != nil {
		return fmt.Errorf("ses: send: %w", err)
	}
	return nil
}
