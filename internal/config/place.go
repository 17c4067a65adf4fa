package config

// ProblemAt is a mistake at a path of the file, found by whoever uses it.
func (c *Config) ProblemAt(path, message string) Problem {
	p := Problem{File: c.file, Field: path, Message: message}
	if c.doc != nil {
		at := c.doc.At(path)
		p.Line, p.Column = at.Line, at.Column
	}
	return p
}
