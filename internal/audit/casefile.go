package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// Format names the shape of a CaseFile. A file of another format is refused.
const Format = "zesei case file 1"

// CaseFile is everything about one case. Times are RFC 3339, UTC.
type CaseFile struct {
	Format     string           `json:"format"`
	Store      string           `json:"store"` // id of the store that it comes from
	ExportedAt time.Time        `json:"exported_at"`
	ExportedBy string           `json:"exported_by"` // cli:<user>
	Hash       Hex              `json:"hash"`        // of the key: names the case in its chain
	Key        finding.Key      `json:"key"`
	Standing   Standing         `json:"standing"`
	Sources    []Statement      `json:"sources"` // the last word of each source
	Chain      []casefile.Entry `json:"chain"`
	Fixes      []Fix            `json:"fixes,omitempty"`
	Messages   []Message        `json:"messages,omitempty"`
	Tickets    []Ticket         `json:"tickets,omitempty"`
	// Exceptions are those that were asked for the case or cover it, or did;
	// ExceptionChains are their own audit chains: who asked, approved and ended them.
	Exceptions      []store.Exception `json:"exceptions,omitempty"`
	ExceptionChains []ExceptionChain  `json:"exception_chains,omitempty"`
	// SecurityHub is what Security Hub was told of the case's findings.
	SecurityHub []store.Told `json:"security_hub,omitempty"`
	// Anchor is nil where no checkpoint holds the case yet.
	Anchor *Anchor `json:"anchor,omitempty"`
	// Seal is who exported it, signed over everything else; nil where no
	// signing key is configured.
	Seal *Signature `json:"seal,omitempty"`
}

// Standing is where the case stood when it was exported.
type Standing struct {
	ResourceType string           `json:"resource_type"`
	Title        string           `json:"title"`
	Severity     finding.Severity `json:"severity"`
	State        casefile.State   `json:"state"`
	Reason       string           `json:"reason"`
	Terms        casefile.Terms   `json:"terms"`
	Standards    []string         `json:"standards"`
	FirstSeen    time.Time        `json:"first_seen"`
	OpenedAt     time.Time        `json:"opened_at"`
	ClosedAt     time.Time        `json:"closed_at,omitzero"`
	Life         casefile.Life    `json:"life"`
}

// Statement is what one source said last.
type Statement struct {
	Product     string              `json:"product"`
	ID          string              `json:"id"`
	Account     string              `json:"account"`
	Region      string              `json:"region"`
	Status      finding.Status      `json:"status"`
	RecordState finding.RecordState `json:"record_state"`
	Workflow    finding.Workflow    `json:"workflow"`
	Severity    finding.Severity    `json:"severity"`
	Standards   []string            `json:"standards,omitempty"`
	ObservedAt  time.Time           `json:"observed_at"`
}

// Fix is one plan's life: the plan holds the state before and the calls, the log
// what was sent, what AWS answered, the state after and the verdict.
type Fix struct {
	ID         string          `json:"id"`
	State      string          `json:"state"`
	Mode       string          `json:"mode"`
	Remedy     string          `json:"remedy"`
	Why        string          `json:"why"`
	PlanHash   string          `json:"plan_hash"`
	Plan       json.RawMessage `json:"plan"`
	CreatedAt  time.Time       `json:"created_at"`
	ApprovedBy string          `json:"approved_by,omitempty"`
	ApprovedAt time.Time       `json:"approved_at,omitzero"`
	AppliedAt  time.Time       `json:"applied_at,omitzero"`
	EndedAt    time.Time       `json:"ended_at,omitzero"`
	Log        json.RawMessage `json:"log"`
}

// Message is one message that told people of the case. Told is what the channel
// says it delivered, message ids among it.
type Message struct {
	ID       int64           `json:"id"`
	Kind     string          `json:"kind"`
	Owner    string          `json:"owner"`
	Channel  string          `json:"channel"`
	OpenedAt time.Time       `json:"opened_at"`
	ToldAt   time.Time       `json:"told_at,omitzero"`
	Told     json.RawMessage `json:"told,omitempty"`
}

// Ticket is a ticket that holds the case. What was said in it and when stands in
// the chain: "ticket made", "ticket told" and so on.
type Ticket struct {
	Tracker  string    `json:"tracker"`
	Project  string    `json:"project"`
	Key      string    `json:"key,omitempty"` // as the tracker calls it; empty: not made
	URL      string    `json:"url,omitempty"`
	Owner    string    `json:"owner"`
	Control  string    `json:"control,omitempty"` // of a ticket for all cases of a control
	OpenedAt time.Time `json:"opened_at"`
	Closed   bool      `json:"closed"`             // as it was last left or seen
	Comments int       `json:"comments,omitempty"` // of ours
}

// ExceptionChain is the audit chain of an exception.
type ExceptionChain struct {
	ID    string           `json:"id"`
	Chain []casefile.Entry `json:"chain"`
	// Anchor is its place in the checkpoint that holds the case; nil where that
	// does not hold it.
	Anchor *Place `json:"anchor,omitempty"`
}

// Anchor proves that a checkpoint holds the chain up to an entry.
type Anchor struct {
	Checkpoint Checkpoint `json:"checkpoint"`
	Place
}

// Place is where a chain's end stands in a checkpoint's tree.
type Place struct {
	Seq   int64 `json:"seq"`   // the chain's last entry then
	Index int64 `json:"index"` // of the chain's leaf
	Path  []Hex `json:"path"`  // siblings from the leaf up
}

// Exporter makes case files of one store.
type Exporter struct {
	DB     *store.DB
	By     string
	Now    func() time.Time
	Signer *Signer // nil: files are not sealed

	last   *stand
	looked bool
}

// Export makes the file of one case. A chain that is broken in the store is an
// error, and so is a store that lost what its last checkpoint holds.
func (e *Exporter) Export(ctx context.Context, f *casefile.File) (*CaseFile, error) {
	if !e.looked {
		var err error
		if e.last, err = lastStanding(ctx, e.DB); err != nil {
			return nil, err
		}
		e.looked = true
	}
	h := f.Key.Hash()
	c := &CaseFile{
		Format: Format, Store: e.DB.ID(), ExportedAt: e.Now().UTC().Truncate(time.Second), ExportedBy: e.By, Hash: h[:], Key: f.Key,
		Standing: Standing{
			ResourceType: f.ResourceType, Title: f.Title, Severity: f.Severity, State: f.State, Reason: f.Reason, Terms: f.Terms,
			Standards: append([]string{}, f.Standards...), FirstSeen: f.FirstSeen, OpenedAt: f.OpenedAt, ClosedAt: f.ClosedAt, Life: f.Life,
		},
		Sources: statements(f),
	}
	q := e.DB.View()
	var err error
	if c.Chain, err = store.Audit(ctx, q, f.ID, c.Hash.String()); err != nil {
		return nil, err
	}
	// The chain as it was when the case was read: another process may have added
	// to it since.
	c.Chain = slices.DeleteFunc(c.Chain, func(e casefile.Entry) bool { return e.Seq > f.AuditSeq })
	if err := casefile.VerifyChain(c.Chain); err != nil {
		return nil, fmt.Errorf("the audit chain of case %s is broken: %w", store.ShortKey(f.Key), err)
	}
	if err := c.effects(ctx, q, f); err != nil {
		return nil, err
	}
	if err := c.exceptions(ctx, q, f); err != nil {
		return nil, err
	}
	if p := e.last.place(h); p != nil {
		c.Anchor = &Anchor{Checkpoint: e.last.checkpoint, Place: *p}
		for i, x := range c.ExceptionChains {
			c.ExceptionChains[i].Anchor = e.last.place(store.ExceptionChain(x.ID))
		}
	}
	if e.Signer != nil {
		text, err := c.sealed()
		if err != nil {
			return nil, err
		}
		s := e.Signer.sign(text)
		c.Seal = &s
	}
	return c, nil
}

// effects adds what was done about the case.
func (c *CaseFile) effects(ctx context.Context, q store.Querier, f *casefile.File) error {
	fixes, err := store.FixesOfCase(ctx, q, f.ID)
	if err != nil {
		return err
	}
	for _, x := range fixes {
		c.Fixes = append(c.Fixes, Fix{
			ID: x.ID, State: x.State, Mode: x.Mode, Remedy: x.Remedy, Why: x.Why, PlanHash: x.PlanHash, Plan: raw(x.Plan), CreatedAt: x.CreatedAt,
			ApprovedBy: x.ApprovedBy, ApprovedAt: x.ApprovedAt, AppliedAt: x.AppliedAt, EndedAt: x.EndedAt, Log: raw(x.Log),
		})
	}
	messages, err := store.MessagesOfCases(ctx, q, []int64{f.ID})
	if err != nil {
		return err
	}
	for _, m := range messages[f.ID] {
		c.Messages = append(c.Messages, Message{m.ID, m.Kind, m.Owner, m.Channel, m.OpenedAt, m.ToldAt, raw(m.Told)})
	}
	if c.Tickets, err = Tickets(ctx, q, f.ID); err != nil {
		return err
	}
	c.SecurityHub, err = store.HubToldOfCase(ctx, q, f.ID)
	return err
}

// Tickets are the tickets that hold a case, in the order in which it joined them.
func Tickets(ctx context.Context, q store.Querier, caseID int64) ([]Ticket, error) {
	rows, err := store.TicketsOfCases(ctx, q, []int64{caseID})
	if err != nil {
		return nil, err
	}
	var out []Ticket
	for _, t := range rows[caseID] {
		var known struct {
			URL    string
			Closed bool
			Said   int
		}
		_ = json.Unmarshal(t.Known, &known) // what cannot be read is left out
		out = append(out, Ticket{t.Tracker, t.Project, t.Key, known.URL, t.Owner, t.Control, t.OpenedAt, known.Closed, known.Said})
	}
	return out, nil
}

// exceptions adds the exceptions of the case with their own chains.
func (c *CaseFile) exceptions(ctx context.Context, q store.Querier, f *casefile.File) error {
	var err error
	if c.Exceptions, err = store.ExceptionsOfCase(ctx, q, f.ID); err != nil {
		return err
	}
	for _, x := range c.Exceptions {
		chain, err := store.ExceptionAudit(ctx, q, x.ID)
		if err != nil {
			return err
		}
		if err := casefile.VerifyChain(chain); err != nil {
			return fmt.Errorf("the audit chain of exception %s is broken: %w", x.ID, err)
		}
		if len(chain) > 0 {
			c.ExceptionChains = append(c.ExceptionChains, ExceptionChain{ID: x.ID, Chain: chain})
		}
	}
	return nil
}

func statements(f *casefile.File) []Statement {
	out := []Statement{}
	for _, h := range slices.SortedFunc(maps.Keys(f.Sources), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }) {
		s := f.Sources[h]
		out = append(out, Statement{s.Source.ProductARN, s.Source.ID, s.Account, s.Region, s.Status, s.RecordState, s.Workflow, s.Severity, s.Standards, s.ObservedAt})
	}
	return out
}

// raw keeps JSON as it is; what is none becomes null, so that the file can be
// written whatever the store holds.
func raw(b []byte) json.RawMessage {
	if len(b) == 0 {
		return nil
	}
	if !json.Valid(b) {
		return json.RawMessage("null")
	}
	return b
}

// place is the proof for a chain; nil where there is no checkpoint, or it does
// not hold the chain.
func (s *stand) place(name [16]byte) *Place {
	if s == nil {
		return nil
	}
	i, ok := s.at[name]
	if !ok {
		return nil
	}
	a := &Place{Seq: s.seq[i], Index: int64(i), Path: []Hex{}}
	for _, p := range s.tree.path(i) {
		a.Path = append(a.Path, p)
	}
	return a
}

// sealed is what a seal signs: the hash of the file without its seal, as compact
// JSON.
func (c *CaseFile) sealed() ([]byte, error) {
	bare := *c
	bare.Seal = nil
	b, err := json.Marshal(bare)
	if err != nil {
		return nil, fmt.Errorf("writing the case file: %w", err)
	}
	sum := sha256.Sum256(b)
	return fmt.Appendf(nil, "zesei case file seal 1\n%x\n", sum), nil
}

// Write writes the file for people and machines.
func (c *CaseFile) Write() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(c); err != nil {
		return nil, fmt.Errorf("writing the case file: %w", err)
	}
	return b.Bytes(), nil
}
