package casefile

import "time"

// Exception is an accepted risk as far as the case's life depends on it.
type Exception struct {
	ID        string    `json:"id"`
	Until     time.Time `json:"until"`
	CloseHole bool      `json:"close_hole,omitempty"` // "keep open until 18:00": fix by itself at the end
	// Wide says that it covers more than this case: its end is the end of all of
	// them, which another than the case brings about.
	Wide       bool   `json:"wide,omitempty"`
	Reason     string `json:"reason,omitempty"`
	AskedBy    string `json:"asked_by,omitempty"`
	ApprovedBy string `json:"approved_by,omitempty"`
}

// why says in words why a case is accepted.
func (x Exception) why() string {
	switch {
	case x.Reason == "" && x.ApprovedBy == "":
		return "exception " + x.ID
	case x.ApprovedBy == "":
		return x.Reason
	}
	return x.Reason + " (asked by " + x.AskedBy + ", approved by " + x.ApprovedBy + ")"
}

// Accept puts an approved exception on the case. Of several, the one that ends
// last holds: the case stays accepted until then.
func (f *File) Accept(x Exception, env Env) ([]Move, Wants, error) {
	switch {
	case f.State == Closed:
		return nil, Wants{}, refuse("the case is closed: there is nothing to accept")
	case !x.Until.After(env.Now):
		return nil, Wants{}, refuse("the exception would end at once (%s)", x.Until.Format(time.RFC3339))
	}
	moves := []Move{{What: "accepted", Why: x.why(), Data: x}}
	if holds := f.Life.Exception; f.State == Accepted && holds != nil && holds.ID != x.ID && holds.Until.After(env.Now) && !x.Until.After(holds.Until) {
		return moves, Wants{Updated: true}, nil // the one that holds goes on for longer
	}
	f.State, f.Reason, f.ChangedAt = Accepted, x.why(), env.Now
	f.Life.Exception, f.Life.SuppressedBy = &x, ""
	f.Life.AutoBy = "" // what an earlier one agreed to is over: this one says what follows it
	w := Wants{Tell: true, Hub: true, Updated: true}
	if !x.Wide {
		w.Wake = x.Until
	}
	return moves, w, nil
}

// EndException takes an exception off, at its end or before. Where another still
// covers the case, that one holds from now on (next); otherwise the case opens.
func (f *File) EndException(why string, next *Exception, env Env) ([]Move, Wants, error) {
	if f.State != Accepted || f.Life.Exception == nil {
		return nil, Wants{}, refuse("no exception holds on the case")
	}
	if next == nil || !next.Until.After(env.Now) {
		moves, w := f.endException(why, env)
		return moves, w, nil
	}
	moves := []Move{{What: "exception ended", Why: why, Data: f.Life.Exception}}
	f.Life.Exception = nil
	more, w, err := f.Accept(*next, env)
	return append(moves, more...), w, err
}

// endException opens the case again with a fresh deadline, as the policy gives it
// to a case that opens now: neither the time that the exception took nor what is
// left of the backlog of a first import counts.
func (f *File) endException(why string, env Env) ([]Move, Wants) {
	x := f.Life.Exception
	f.Life.Exception, f.Life.Backlog = nil, false
	f.OpenedAt = env.Now
	if !f.Life.EventDue.After(env.Now) {
		f.Life.EventDue = time.Time{}
	}
	if x.CloseHole {
		f.Life.AutoBy = "exception " + x.ID
	}
	moves := []Move{{What: "exception ended", Why: why, Data: x}}
	moves, w, _ := f.open("reopened", "the exception ended: "+why, Statement{}, env, moves, Wants{Updated: true})
	w.Recheck, w.Reopened = true, false // it was never closed
	return moves, w
}
