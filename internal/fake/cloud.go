package fake

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Options sets up a [Cloud]. The zero value is usable.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Seed makes ids and fault draws repeatable.
	Seed uint64
	// Partition is aws, aws-cn or aws-us-gov; empty means aws.
	Partition string
	// Rates makes the twin throttle at the documented request rates of the
	// real services. Off, only ordered [Faults] throttle.
	Rates bool
}

// Cloud is the twin of AWS. It is an http.Handler and safe for concurrent use.
type Cloud struct {
	now       func() time.Time
	partition string
	journal   *Journal
	faults    *Faults
	rates     *rates
	sns       *snsSigner

	mu       sync.Mutex // guards all below
	random   *rand.Rand
	accounts map[string]*account
	keys     map[string]key
	roles    map[string]*Role
	buckets  map[string]*bucket // bucket names are global
	org      organization
	catalog  *controlCatalog
	pending  []func() // told to subscribers once the lock is released
	moved    chan struct{}

	subscribers sync.RWMutex
	onEvent     []func(Event)
	onChange    []func(Change)
	services    map[string]*service
}

// account is everything that one account owns.
type account struct {
	Account
	regions      map[string]*region
	publicAccess *publicAccessBlock
	hubAdmin     string // delegated administrator of Security Hub, if any
	aggregator   *findingAggregator
	central      *centralHub // of a delegated administrator
}

// region is what an account has in one Region.
type region struct {
	name    string
	ec2     *ec2State
	ec2Was  *ec2State // before the last write, for stale reads
	hub     *hubState
	hubWas  *hubState
	queues  map[string]*queue
	topics  map[string]*topic
	secrets map[string]*secret
	params  map[string]*parameter
	rules   []ConfigRule
	trail   []trailRecord
}

// NewCloud returns an empty twin without accounts.
func NewCloud(o Options) *Cloud {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Partition == "" {
		o.Partition = "aws"
	}
	c := &Cloud{
		now:       o.Now,
		partition: o.Partition,
		journal:   &Journal{},
		faults:    newFaults(o.Seed),
		sns:       &snsSigner{},
		random:    rand.New(rand.NewPCG(o.Seed, 0x7a65736569)),
		accounts:  map[string]*account{},
		keys:      map[string]key{},
		roles:     map[string]*Role{},
		buckets:   map[string]*bucket{},
		catalog:   newControlCatalog(),
		moved:     make(chan struct{}),
	}
	if o.Rates {
		c.rates = newRates(o.Now)
	}
	c.services = allServices()
	return c
}

// Journal is the record of every call that the twin served.
func (c *Cloud) Journal() *Journal { return c.journal }

// Faults is where trouble is ordered.
func (c *Cloud) Faults() *Faults { return c.faults }

// locked runs f with the state held, then tells subscribers what f left for
// them, outside the lock, on the caller's goroutine.
func (c *Cloud) locked(f func()) {
	var told []func()
	func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		f()
		told, c.pending = c.pending, nil
	}()
	for _, tell := range told {
		tell()
	}
}

// wake lets waiting receivers (long polling) look again. Held: mu.
func (c *Cloud) wake() {
	close(c.moved)
	c.moved = make(chan struct{})
}

// region returns the state of a Region, made on first use. Held: mu.
func (c *Cloud) region(accountID, name string) *region {
	a := c.accounts[accountID]
	if a == nil {
		a = c.addAccount(Account{ID: accountID})
	}
	r := a.regions[name]
	if r == nil {
		r = &region{
			name:    name,
			queues:  map[string]*queue{},
			topics:  map[string]*topic{},
			secrets: map[string]*secret{},
			params:  map[string]*parameter{},
		}
		r.ec2 = c.newEC2State(accountID, name)
		r.hub = newHubState()
		a.regions[name] = r
	}
	return r
}

// hex returns n random lower-case hexadecimal digits. Held: mu.
func (c *Cloud) hex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[c.random.IntN(16)]
	}
	return string(b)
}

// upper returns n random characters of the alphabet that AWS uses in unique
// ids. Held: mu.
func (c *Cloud) upper(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[c.random.IntN(32)]
	}
	return string(b)
}

// uuid returns a random version-4 UUID. Held: mu.
func (c *Cloud) uuid() string {
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", c.hex(8), c.hex(4), c.hex(3), c.hex(3), c.hex(12))
}

func (c *Cloud) arn(service, region, account, resource string) string {
	return "arn:" + c.partition + ":" + service + ":" + region + ":" + account + ":" + resource
}

var _ http.Handler = (*Cloud)(nil)
