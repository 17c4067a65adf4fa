package casefile

// MadeBy keeps who made the resource, and asks again whose it is.
func (f *File) MadeBy(creator string, env Env) ([]Move, Wants) {
	if f.State == Closed || f.Life.Creator == creator {
		return nil, Wants{}
	}
	f.Life.Creator = creator
	moves, w := f.Redecide(env)
	w.Updated = true
	return append([]Move{{What: "creator", Why: "made by " + creator, Data: map[string]string{"creator": creator}}}, moves...), w
}
