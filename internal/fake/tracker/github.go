package tracker

func (t *Twin) github() {}
