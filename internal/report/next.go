package report

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
	"zesei/internal/store"
)

// NextCase is an open case whose deadline comes next, or has passed.
type NextCase struct {
	Key      string           `json:"key"`
	Control  string           `json:"control"`
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	Account  string           `json:"account"`
	Resource string           `json:"resource"`
	// Name is how a person calls the resource: the end of its ARN, or the account
	// where the case is about the account itself.
	Name    string    `json:"name"`
	Owner   string    `json:"owner"`
	Due     time.Time `json:"due"`
	Overdue bool      `json:"overdue"`
	Ticket  string    `json:"ticket,omitempty"` // as the tracker calls it
	Link    string    `json:"link,omitempty"`   // to the ticket
}

// readNext fills in Next.
func (s *Summary) readNext(ctx context.Context, q store.Querier, of SummaryOf) error {
	f := store.Filter{States: []casefile.State{casefile.Open}, Limit: MostListed}
	if of.Owner != "" {
		f.Owners = []string{of.Owner}
	}
	page, _, err := store.List(ctx, q, f)
	if err != nil {
		return err
	}
	var ids []int64
	for _, l := range page {
		ids = append(ids, l.ID)
	}
	tickets, err := store.TicketsOfCases(ctx, q, ids)
	if err != nil {
		return err
	}
	s.Next = []NextCase{}
	for _, l := range page {
		if l.Terms.Due.IsZero() {
			continue
		}
		n := NextCase{
			Key: store.ShortKey(l.Key), Control: l.Key.Control, Title: l.Title, Severity: l.Severity, Account: l.Key.Account,
			Resource: l.Key.Resource, Owner: l.Terms.Owner, Due: l.Terms.Due.In(of.Zone), Overdue: l.Overdue(of.At),
		}
		n.Name = of.nameOf(l.ResourceType, n.Account, n.Resource)
		if of.Catalogue != nil {
			if c, ok := of.Catalogue.Lookup(n.Control); ok {
				n.Title = c.Title.In(of.Language)
			}
		}
		if all := tickets[l.ID]; len(all) > 0 {
			t := all[len(all)-1]
			if n.Link, err = ticketLink(t); err != nil {
				return err
			}
			n.Ticket = t.Key
		}
		s.Next = append(s.Next, n)
	}
	return nil
}

// nameOf is how a person calls a resource.
func (of SummaryOf) nameOf(kind, account, resource string) string {
	switch {
	case kind != finding.AccountType:
		return resource[strings.LastIndexAny(resource, "/:")+1:]
	case of.Account == nil:
		return account
	}
	return cmp.Or(of.Account(account), account)
}

// ticketLink is the address of a ticket, as its tracker gave it.
func ticketLink(t store.Ticket) (string, error) {
	var known struct {
		URL string `json:"url"`
	}
	if len(t.Known) == 0 {
		return "", nil
	}
	if err := json.Unmarshal(t.Known, &known); err != nil {
		return "", fmt.Errorf("reading what is known of ticket %d: %w", t.ID, err)
	}
	return webLink(known.URL), nil
}
