package app

import (
	"maps"
	"slices"
	"strings"

	"zesei/internal/casework"
	"zesei/internal/config"
)

// approver is the role of who may approve exceptions and fixes.
const approver = "approver"

// Person is who acts as an operating system user on the command line: the
// configured person of that name. Where no people are configured, whoever may
// use the store is the team, and may approve what another asked for.
func (a *App) Person(osUser string) casework.Person {
	id := "cli:" + osUser
	p, ok := a.Config.People[osUser]
	if !ok {
		return casework.Person{ID: id, Approver: len(a.Config.People) == 0}
	}
	return casework.Person{ID: id, Approver: p.Has(approver), Also: a.alsoKnown(id, osUser, p)}
}

// SlackPerson is who a Slack member is; not known where no configured person has
// that member id: they may approve nothing.
func (a *App) SlackPerson(member string) (p casework.Person, known bool) {
	id := "slack:" + member
	name, who, ok := a.Config.PersonBySlack(member)
	if !ok {
		return casework.Person{ID: id}, false
	}
	return casework.Person{ID: id, Approver: who.Has(approver), Also: a.alsoKnown(id, name, who)}, true
}

// alsoKnown are the IDs that a configured person acts under beside id. What a
// tracker calls a person is its login there, their address or their name.
func (a *App) alsoKnown(id, name string, p config.Person) []string {
	all := []string{"cli:" + name}
	if p.Slack != "" {
		all = append(all, "slack:"+p.Slack)
	}
	if p.Email != "" {
		all = append(all, "mail:"+p.Email)
	}
	for _, tracker := range slices.Sorted(maps.Keys(a.Config.Ticket)) {
		for _, known := range []string{p.Logins[tracker], p.Email, name} {
			if known != "" {
				all = append(all, tracker+":"+known)
			}
		}
	}
	all = slices.DeleteFunc(all, func(other string) bool { return other == id })
	slices.Sort(all)
	return slices.Compact(all)
}

// personOf is the configured person with an ID of the audit chain (cli:taro).
func (a *App) personOf(id string) (name string, p config.Person, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(a.Config.People)) {
		p := a.Config.People[name]
		if (casework.Person{ID: "cli:" + name, Also: a.alsoKnown("", name, p)}).Is(id) {
			return name, p, true
		}
	}
	return "", config.Person{}, false
}

// reach are the channels of the person with an ID of the audit chain: their own
// in Slack, else their address. A Slack member whom the configuration does not
// know is reached all the same.
func (a *App) reach(id string) []string {
	_, p, known := a.personOf(id)
	if member, ok := strings.CutPrefix(id, "slack:"); ok && !known {
		p.Slack = member
	}
	switch {
	case p.Slack != "" && a.Config.Notify.Slack != nil:
		return []string{"slack:" + p.Slack}
	case p.Email != "" && a.Config.Notify.Email != nil:
		return []string{"email:" + p.Email}
	}
	return nil
}

// nameOf is how people know the person with an ID of the audit chain: their name
// in the configuration, else the ID without the way in which they came.
func (a *App) nameOf(id string) string {
	if name, _, ok := a.personOf(id); ok {
		return name
	}
	if name, ok := strings.CutPrefix(id, "cli:"); ok {
		return name
	}
	return id
}

// exceptionRules bound accepted risks as the policy says.
func (a *App) exceptionRules() casework.ExceptionRules {
	_, warn := a.Policy.Exceptions()
	return casework.ExceptionRules{
		Latest: a.Policy.ExceptionEnd, Warn: warn.Duration(), Reach: a.reach, Approvers: a.reachApprovers,
		DefaultOwner: a.Config.DefaultOwner(),
		Owner:        func(name string) bool { _, ok := a.Config.Owners[name]; return ok },
	}
}
