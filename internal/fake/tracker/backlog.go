package tracker

func (t *Twin) backlog() {}
