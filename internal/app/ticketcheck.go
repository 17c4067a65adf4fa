package app

import (
	"maps"
	"slices"
	"strings"
	"time"

	"zesei/internal/config"
	"zesei/internal/ticket"
)

// ticketTexts are the templates of tickets, a user's own over ours, and what is
// wrong with them and with the templates of further fields.
func ticketTexts(c *config.Config) (*ticket.Templates, config.Problems) {
	var all config.Problems
	wrong := func(path string, err error) {
		if err == nil {
			return
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			all = append(all, c.ProblemAt(path, line))
		}
	}
	dir := ""
	if c.TicketTemplates != "" {
		dir = c.Path(c.TicketTemplates)
	}
	texts, err := ticket.LoadTemplates(dir)
	wrong("ticket_templates", err)
	for _, name := range slices.Sorted(maps.Keys(c.Ticket)) {
		wrong("ticket."+name+".fields", ticket.CheckFields(c.Ticket[name].Fields))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Owners)) {
		wrong("owners."+name+".ticket.fields", ticket.CheckFields(c.Owners[name].Ticket.Fields))
	}
	return texts, all
}

// CheckTickets tries the templates of tickets and the settings of the trackers
// without calling any of them. Secrets are not looked up.
func CheckTickets(c *config.Config) config.Problems {
	_, all := ticketTexts(c)
	given := func(s config.Secret) string {
		if s.IsSet() {
			return "given"
		}
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(c.Ticket)) {
		t := c.Ticket[name]
		_, err := makeTracker(name, t, given(t.Token), given(t.Password), time.Now)
		if err == nil {
			continue
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			path, message, ok := strings.Cut(line, ": ")
			if !ok || !strings.HasPrefix(path, "ticket."+name) || strings.Contains(path, " ") {
				path, message = "ticket."+name, line
			}
			all = append(all, c.ProblemAt(path, message))
		}
	}
	return all
}
