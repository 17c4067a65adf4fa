package remedy

import (
	"fmt"
	"strconv"
)

// Words is one thing said in each language that zesei speaks.
type Words struct {
	EN string `json:"en"`
	JA string `json:"ja"`
}

// In returns the words in a language ("ja"; anything else is English).
func (w Words) In(language string) string {
	if language == "ja" && w.JA != "" {
		return w.JA
	}
	return w.EN
}

// String returns the English words.
func (w Words) String() string { return w.EN }

// say fills the same values into both languages; where the order differs the
// formats use indexes (%[2]s).
func say(en, ja string, args ...any) Words {
	if len(args) == 0 {
		return Words{en, ja}
	}
	return Words{fmt.Sprintf(en, args...), fmt.Sprintf(ja, args...)}
}

// counted is a number of things in English: "1 entry", "2 entries".
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}
