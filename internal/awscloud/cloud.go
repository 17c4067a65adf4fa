package awscloud

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// Purpose says what a configuration is for: it chooses the role.
type Purpose string

// The purposes.
const (
	Read  Purpose = "read"
	Write Purpose = "write"
)

// SessionPrefix begins the role session name of every write. It is how zesei
// recognises its own calls when they come back as events.
const SessionPrefix = "zesei-"

// readSession is the session name of reads that name none.
const readSession = "zesei-read"

// Account is what is known about the way into one account. An empty role means
// ambient credentials, which serve only the account that they belong to.
type Account struct {
	ReadRole   string // role ARN, `{id}` already expanded
	WriteRole  string // role ARN; the read role is never used to write
	ExternalID string // sent with AssumeRole where it is not empty
}

// Config is what a Cloud is made from. Its zero value uses the caller's own
// credentials and Region, and reaches only that account.
type Config struct {
	// Accounts gives the roles of an account (12 digits); nil knows none. It is
	// asked for each new session, so it may change while the program runs.
	Accounts func(id string) Account
	// Base replaces the SDK's default chain (environment, files, metadata).
	Base *aws.Config
	// BaseEndpoint sends every service to one URL. AWS_ENDPOINT_URL works too.
	BaseEndpoint string
	// Region is where STS is called and what "global" resources are read
	// through; "" takes the SDK's, else the partition's first.
	Region string
	// Limits replaces DocumentedLimits; Unlimited is for the offline twin.
	Limits Limits
	// Timeout bounds one attempt of one call; 0 means 30 seconds. Bodies of S3
	// objects are read at the caller's own pace.
	Timeout time.Duration
	// MaxAttempts bounds the attempts of one call; 0 means 4.
	MaxAttempts int
	// Recorder is told of every call when it ends; it must not block.
	Recorder func(Call)
	// Logger gets one debug line a call, without parameters; nil logs nothing.
	Logger *slog.Logger
	// Now is the clock of caches; nil means time.Now.
	Now func() time.Time
}

// Cloud hands out checked configurations. It is safe for concurrent use.
type Cloud struct {
	cfg Config

	mu       sync.Mutex
	base     *aws.Config
	sessions map[sessionKey]*session
	buckets  *buckets
	retryers *retryers
}

// New makes a Cloud. It does no I/O: credentials are looked for on first use.
func New(cfg Config) *Cloud {
	if cfg.Limits == nil {
		cfg.Limits = DocumentedLimits
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.MaxAttempts <= 0 {
		cfg.MaxAttempts = 4
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Cloud{
		cfg:      cfg,
		sessions: map[sessionKey]*session{},
		buckets:  newBuckets(cfg.Limits),
		retryers: newRetryers(cfg.MaxAttempts),
	}
}

var (
	accountID   = regexp.MustCompile(`^[0-9]{12}$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`) // STS AssumeRole, RoleSessionName
)

// For gives the configuration with which account may be used in region for
// purpose. session names the role session; a write needs one that begins with
// SessionPrefix, a read may leave it empty. region may be "global" or empty.
//
// The error is a *NoAccessError where zesei has no way into the account, and
// otherwise what AWS or the network answered while the session was made.
func (c *Cloud) For(ctx context.Context, account, region string, purpose Purpose, session string) (aws.Config, error) {
	if !accountID.MatchString(account) {
		return aws.Config{}, fmt.Errorf("account %q is not 12 digits", account)
	}
	switch {
	case purpose != Read && purpose != Write:
		return aws.Config{}, fmt.Errorf("purpose %q is neither read nor write", purpose)
	case purpose == Read && session == "":
		session = readSession
	case purpose == Write && !strings.HasPrefix(session, SessionPrefix):
		return aws.Config{}, fmt.Errorf("a write session must be named %s<fix id>, not %q", SessionPrefix, session)
	}
	if !sessionName.MatchString(session) {
		return aws.Config{}, fmt.Errorf("role session name %q: want 2 to 64 of A-Z a-z 0-9 _ + = , . @ -", session)
	}
	base, err := c.ambient(ctx)
	if err != nil {
		return aws.Config{}, err
	}
	s, err := c.session(ctx, base, sessionKey{account: account, purpose: purpose, name: session})
	if err != nil {
		return aws.Config{}, err
	}
	region = regionFor(region, base.Region)
	if p := Partition(region); p != s.identity.Partition {
		return aws.Config{}, &NoAccessError{
			Account: account, Purpose: purpose,
			Reason: fmt.Sprintf("Region %s is in partition %s, the credentials are of partition %s", region, p, s.identity.Partition),
		}
	}
	return c.configure(base, s, account, region, session), nil
}

// Ambient gives the caller's own credentials in region, without a role and
// without an identity check: for secrets and queues that the configuration
// names, never for resources of an account.
func (c *Cloud) Ambient(ctx context.Context, region string) (aws.Config, error) {
	base, err := c.ambient(ctx)
	if err != nil {
		return aws.Config{}, err
	}
	return c.instrument(base, "", regionFor(region, base.Region), ""), nil
}

// Identity says who the ambient credentials are. The answer is kept.
func (c *Cloud) Identity(ctx context.Context) (Identity, error) {
	base, err := c.ambient(ctx)
	if err != nil {
		return Identity{}, err
	}
	s, err := c.session(ctx, base, sessionKey{})
	if err != nil {
		return Identity{}, err
	}
	return s.identity, nil
}

// ambient loads the SDK's default configuration once it can be loaded.
func (c *Cloud) ambient(ctx context.Context) (aws.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.base != nil {
		return *c.base, nil
	}
	base := aws.Config{}
	if c.cfg.Base != nil {
		base = c.cfg.Base.Copy()
	} else {
		// What the SDK logs by itself comes back as an error, or does not matter.
		loaded, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
		if err != nil {
			return aws.Config{}, fmt.Errorf("read AWS configuration: %w", err)
		}
		base = loaded
	}
	if c.cfg.Region != "" {
		base.Region = c.cfg.Region
	}
	if c.cfg.BaseEndpoint != "" {
		base.BaseEndpoint = aws.String(c.cfg.BaseEndpoint)
	}
	if base.Region == "" {
		base.Region = firstRegion[standard]
	}
	c.base = &base
	return base, nil
}

// configure gives the session's credentials the budget, retries and recording
// of the account and Region.
func (c *Cloud) configure(base aws.Config, s *session, account, region, name string) aws.Config {
	cfg := c.instrument(base, account, region, name)
	cfg.Credentials = s.credentials
	return cfg
}
