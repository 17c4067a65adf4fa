package demo

import "fmt"

// words is one thing said in both languages.
type words struct{ EN, JA string }

// In gives the words in a language.
func (w words) In(language string) string {
	if language == "ja" {
		return w.JA
	}
	return w.EN
}

// t says something in the demo's language, with values filled in.
func (d *Demo) t(en, ja string, args ...any) string {
	format := words{en, ja}.In(d.language)
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// say tells the reader one line of the story.
func (d *Demo) say(en, ja string, args ...any) {
	d.tell(d.t(en, ja, args...))
}
