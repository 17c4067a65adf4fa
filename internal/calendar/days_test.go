package calendar

import (
	"strings"
	"testing"
)

func TestParseDays(t *testing.T) {
	const ics = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261229\r\nDTEND;VALUE=DATE:20270101\r\nSUMMARY:年末年\r\n 始休業\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20200601\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:創立記念日\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	days, err := ParseDays("company.ics", []byte(ics))
	if err != nil {
		t.Fatal(err)
	}
	c := Weekends().With(days, 0)
	for day, want := range map[string]string{"2026-12-29": "年末年始休業", "2026-12-31": "年末年始休業", "2027-01-01": "", "2027-06-01": "創立記念日"} {
		d, _ := ParseDate(day)
		if n, _ := c.Holiday(d); n.JA != want {
			t.Errorf("%s is %q, want %q", day, n.JA, want)
		}
	}
	list, err := ParseDays("d.yaml", []byte("- 2026-12-29\n- {date: 2026-12-30, name: 年末}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := list.String(); got != "2026-12-29 false company holiday\n2026-12-30 false 年末" {
		t.Errorf("got %s", got)
	}
}

func TestParseDaysSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"- 2026-13-01\n":                              `d:1:3: [0]: "2026-13-01" is not a date like 2027-05-03`,
		"- {dat: 2026-12-01}\n":                       `did you mean "date"`,
		"- {from: 2026-12-02, to: 2026-12-01}\n":      "is no run of at most 366 days",
		"- {from: 2026-12-02}\n":                      "d:1:3: [0]: no date",
		"days: 1\n":                                   "expected a list",
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\n": "d:2:1: the event has no readable DTSTART",
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nRRULE:FREQ=MONTHLY\nEND:VEVENT\n": "the recurrence FREQ=MONTHLY is not understood",
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:tomorrow\nEND:VEVENT\n":                     `d:3:1: DTSTART: "tomorrow" is not a date`,
	} {
		_, err := ParseDays("d", []byte(in))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", in, err, want)
		}
	}
}

func TestParseSpan(t *testing.T) {
	for in, want := range map[string]Span{
		"3 business days": {3, BusinessDay}, "1 business  day": {1, BusinessDay}, "2 weeks": {2, Week}, "30 days": {30, Day},
		"12 hours": {12, Hour}, "30m": {30, Minute}, "1 Month": {1, Month}, "3営業日": {3, BusinessDay}, "2週間": {2, Week}, "15 minutes": {15, Minute},
	} {
		if got, err := ParseSpan(in); err != nil || got != want {
			t.Errorf("%q: got %v %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "days", "0 days", "-1 day", "3", "3 fortnights", "99999999 days", "1.5 hours", "3 days ago"} {
		if got, err := ParseSpan(in); err == nil {
			t.Errorf("%q was read as %v", in, got)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"3 business days", "2 weeks", "30m", "3営業日", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		span, err := ParseSpan(s)
		if err != nil {
			return
		}
		if again, err := ParseSpan(span.String()); err != nil || again != span {
			t.Errorf("%q reads as %v, which prints as %q", s, span, span.String())
		}
	})
}

func FuzzParseDays(f *testing.F) {
	f.Add("- 2026-12-29\n")
	f.Add("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nRRULE:FREQ=YEARLY\nEND:VEVENT\n")
	f.Fuzz(func(t *testing.T, s string) { _, _ = ParseDays("f", []byte(s)) })
}
