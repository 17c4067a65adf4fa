package tracker

func (t *Twin) servicenow() {}
