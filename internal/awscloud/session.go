package awscloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	// sessionLife is how long a checked session is kept. The SDK renews the
	// credentials in between; the end of the session renews the check.
	sessionLife = time.Hour
	// refusalLife is how long a refusal is believed without asking again, so
	// that a scan of an account without access asks once and not per resource.
	refusalLife = time.Minute
)

// Identity is who some credentials are (STS GetCallerIdentity).
type Identity struct {
	Partition string
	Account   string
	ARN       string
}

// NoAccessError says that zesei has no way into an account: no role is
// configured and the ambient credentials are of another account, the role
// refuses, or it leads elsewhere. It means unknown, never "all is well".
type NoAccessError struct {
	Account string
	Purpose Purpose
	Reason  string
	Err     error // what AWS answered, where it did
}

func (e *NoAccessError) Error() string {
	if e.Account == "" { // who the caller is was asked, no account was meant
		return e.Reason
	}
	return fmt.Sprintf("no %s access to account %s: %s", e.Purpose, e.Account, e.Reason)
}

func (e *NoAccessError) Unwrap() error { return e.Err }

// sessionKey tells sessions apart; the zero key is the ambient identity.
type sessionKey struct {
	account string
	purpose Purpose
	name    string
}

// session is one checked identity, or the refusal of one.
type session struct {
	turn        chan struct{} // holds one value while somebody makes the session
	credentials aws.CredentialsProvider
	identity    Identity
	refusal     *NoAccessError
	until       time.Time // zero: not made yet
}

// session gives the checked session of key, making it when there is none.
// Concurrent callers wait for one maker; each waits no longer than its context.
func (c *Cloud) session(ctx context.Context, base aws.Config, key sessionKey) (*session, error) {
	slot := c.slot(key)
	select {
	case slot.turn <- struct{}{}:
		defer func() { <-slot.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a session in account %s: %w", key.account, ctx.Err())
	}
	now := c.cfg.Now()
	if now.Before(slot.until) {
		if slot.refusal != nil {
			return nil, slot.refusal
		}
		return &session{credentials: slot.credentials, identity: slot.identity}, nil
	}
	made, err := c.open(ctx, base, key)
	if refusal := (*NoAccessError)(nil); errors.As(err, &refusal) {
		slot.refusal, slot.until = refusal, now.Add(refusalLife)
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	slot.credentials, slot.identity, slot.refusal = made.credentials, made.identity, nil
	slot.until = now.Add(sessionLife)
	return made, nil
}

// slot finds the place of key and drops those of sessions long ended: each fix
// has a session name of its own.
func (c *Cloud) slot(key sessionKey) *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.sessions[key]; ok {
		return s
	}
	now := c.cfg.Now()
	for k, s := range c.sessions {
		select {
		case s.turn <- struct{}{}: // nobody is making or reading it
			if now.After(s.until) && !s.until.IsZero() {
				delete(c.sessions, k)
			}
			<-s.turn
		default:
		}
	}
	s := &session{turn: make(chan struct{}, 1)}
	c.sessions[key] = s
	return s
}

// open makes a session: through the account's role where it has one, otherwise
// from the ambient credentials if they are of that account.
func (c *Cloud) open(ctx context.Context, base aws.Config, key sessionKey) (*session, error) {
	if key == (sessionKey{}) {
		return c.openAmbient(ctx, base)
	}
	var roles Account
	if c.cfg.Accounts != nil {
		roles = c.cfg.Accounts(key.account)
	}
	role := roles.ReadRole
	if key.purpose == Write {
		role = roles.WriteRole
	}
	if role != "" {
		return c.assume(ctx, base, key, role, roles.ExternalID)
	}
	own, err := c.session(ctx, base, sessionKey{})
	if refusal := (*NoAccessError)(nil); errors.As(err, &refusal) {
		return nil, &NoAccessError{Account: key.account, Purpose: key.purpose, Reason: fmt.Sprintf("no %s role is configured and %s", key.purpose, refusal.Reason), Err: refusal.Err}
	}
	if err != nil {
		return nil, err
	}
	if own.identity.Account != key.account {
		return nil, &NoAccessError{
			Account: key.account, Purpose: key.purpose,
			Reason: fmt.Sprintf("no %s role is configured and the ambient credentials are of account %s", key.purpose, own.identity.Account),
		}
	}
	return own, nil
}

func (c *Cloud) openAmbient(ctx context.Context, base aws.Config) (*session, error) {
	if base.Credentials == nil {
		return nil, &NoAccessError{Purpose: Read, Reason: "no AWS credentials were found"}
	}
	if _, err := base.Credentials.Retrieve(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("look for AWS credentials: %w", err)
		}
		return nil, &NoAccessError{Purpose: Read, Reason: "no AWS credentials were found", Err: err}
	}
	id, err := c.identify(ctx, c.instrument(base, "", base.Region, ""))
	if err != nil {
		if Classify(err) == Denied {
			return nil, &NoAccessError{Purpose: Read, Reason: "AWS refused the ambient credentials", Err: err}
		}
		return nil, err
	}
	return &session{credentials: base.Credentials, identity: id}, nil
}

// assume takes the role and makes sure that it landed in the account.
func (c *Cloud) assume(ctx context.Context, base aws.Config, key sessionKey, role, externalID string) (*session, error) {
	refuse := func(reason string, err error) error {
		return &NoAccessError{Account: key.account, Purpose: key.purpose, Reason: reason, Err: err}
	}
	named, err := arn.Parse(role)
	if err != nil {
		return nil, refuse(fmt.Sprintf("%q is not a role ARN", role), err)
	}
	if named.AccountID != key.account {
		return nil, refuse(fmt.Sprintf("role %s is of account %s", role, named.AccountID), nil)
	}
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(c.instrument(base, "", base.Region, "")), role,
		func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = key.name
			if externalID != "" {
				o.ExternalID = aws.String(externalID)
			}
		})
	credentials := &byClock{provider: provider, now: c.cfg.Now}
	if _, err := credentials.Retrieve(ctx); err != nil {
		if Classify(err) == Denied {
			return nil, refuse(fmt.Sprintf("role %s may not be assumed (%s): check its trust policy and external id", role, Code(err)), err)
		}
		return nil, fmt.Errorf("assume role %s: %w", role, err)
	}
	cfg := c.instrument(base, key.account, base.Region, key.name)
	cfg.Credentials = credentials
	id, err := c.identify(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if id.Account != key.account {
		return nil, refuse(fmt.Sprintf("role %s led to account %s", role, id.Account), nil)
	}
	return &session{credentials: credentials, identity: id}, nil
}

func (c *Cloud) identify(ctx context.Context, cfg aws.Config) (Identity, error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, fmt.Errorf("ask who the credentials are: %w", err)
	}
	named, err := arn.Parse(aws.ToString(out.Arn))
	if err != nil {
		return Identity{}, fmt.Errorf("ask who the credentials are: %w", err)
	}
	return Identity{Partition: named.Partition, Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn)}, nil
}
