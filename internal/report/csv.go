package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
)

// bom makes Excel read the file as UTF-8 and not in the machine's code page.
const bom = "\ufeff"

// WriteCSV writes rows for people who open them in Excel: UTF-8 with a byte
// order mark, CRLF, headers in the language (ja or en), no cell that a
// spreadsheet would run as a formula. Deadlines are in the zone, which each of
// them names.
func WriteCSV(w io.Writer, rows []Row, language string, zone *time.Location) error {
	if _, err := io.WriteString(w, bom); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	line := make([]string, len(headers))
	for i, h := range headers {
		line[i] = h.In(language)
	}
	_ = out.Write(line) // Flush and Error tell
	for _, r := range rows {
		due := ""
		if r.Due != nil {
			due = r.Due.In(zone).Format("2006-01-02 15:04 -07:00")
		}
		line = append(line[:0], r.Resource, r.Title, r.Control, string(r.Severity), r.Account, r.AccountName, r.Region, r.Owner, due, stateIn(r.State, language), r.Key)
		for i := range line {
			line[i] = cell(line[i])
		}
		_ = out.Write(line)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// CSV is WriteCSV into memory.
func CSV(rows []Row, language string, zone *time.Location) []byte {
	var b bytes.Buffer
	_ = WriteCSV(&b, rows, language, zone) // a buffer takes everything
	return b.Bytes()
}

// FileName is the name of a list's file, with the date and time in the zone.
func FileName(at time.Time, zone *time.Location) string {
	return "security-hub-findings-" + at.In(zone).Format("20060102-1504") + ".csv"
}

// formula are the characters that begin a formula, with the wide forms that
// Japanese Excel takes for the same.
// https://owasp.org/www-community/attacks/CSV_Injection
const formula = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"

// cell makes a value harmless: control characters go (a line break stays), and
// what would begin a formula gets an apostrophe before it.
func cell(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	if strings.IndexAny(s, formula) == 0 {
		return "'" + s
	}
	return s
}

func stateIn(state, language string) string {
	if w, ok := states[state]; ok {
		return w.In(language)
	}
	return state
}
