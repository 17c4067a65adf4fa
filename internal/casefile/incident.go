package casefile

import "zesei/internal/finding"

// hearIncident applies a statement to an incident: any statement that is active
// opens it, updates join it, and its source may end it.
func (f *File) hearIncident(s Statement, fresh bool, env Env, moves []Move) ([]Move, Wants, bool) {
	ended := s.Closes || !s.Speaks() || s.Status == finding.Passed
	switch {
	case f.State == "" && ended:
		return nil, Wants{}, false
	case f.State == "":
		f.Severity = s.Severity
		if f.Severity == "" {
			f.Severity = severityOr(env.Catalog, s)
		}
		f.FirstSeen, f.OpenedAt = firstTime(s.ObservedAt, env.Now), env.Now
		return f.open("opened", "it happened", s, env, nil, Wants{Opened: true})
	case f.State == Closed && !ended && fresh && f.Life.ClosedBy != "person":
		moves, w := f.recur("it happened again", s, env, moves)
		return moves, w, true
	case f.State == Closed:
		return nil, Wants{}, true
	case ended:
		moves, w := f.close(Ended, "its source ended it", "source", env, moves, Wants{})
		return moves, w, true
	}
	w := Wants{Updated: fresh || len(moves) > 0, Tell: len(moves) > 0}
	if s.Severity != "" && s.Severity.Rank() > f.Severity.Rank() {
		moves = f.setSeverity(s.Severity, moves)
		w.Tell, w.Updated = true, true
	}
	return moves, w, true
}
