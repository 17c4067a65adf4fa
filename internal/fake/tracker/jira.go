package tracker

func (t *Twin) jira() {}
