package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestDue(t *testing.T) {
	own, err := ParseDays("days.yaml", []byte("- {from: 2026-12-29, to: 2027-01-03, name: {ja: 年末年始休業, en: New Year break}}\n- {date: 2027-05-04, work: true}\n"))
	if err != nil {
		t.Fatal(err)
	}
	japan, company := Japan(), Japan().With(own, 17*time.Hour+30*time.Minute)
	for name, c := range map[string]struct {
		start, span, zone string
		calendar          *Calendar
		due, why          string
	}{
		"a week that ends on a holiday moves over the whole break": {
			"2025-04-19T10:00:00+09:00", "2 weeks", "Asia/Tokyo", japan, "2025-05-07T18:00:00+09:00",
			"2 weeks from Sat 19 Apr 2025, moved from Sat 3 May: Sat 3 May Constitution Memorial Day, Sun 4 May Greenery Day, Mon 5 May Children's Day, Tue 6 May substitute holiday",
		},
		"business days step over Golden Week": {
			"2027-04-28T09:00:00+09:00", "3 business days", "Asia/Tokyo", japan, "2027-05-07T18:00:00+09:00",
			"3 business days from Wed 28 Apr 2027, not counting: Thu 29 Apr Showa Day, Mon 3 May Constitution Memorial Day, Tue 4 May Greenery Day, Wed 5 May Children's Day, weekends",
		},
		"a plain date is not moved": {
			"2027-06-01T09:00:00+09:00", "2 weeks", "Asia/Tokyo", japan, "2027-06-15T18:00:00+09:00", "2 weeks from Tue 1 Jun 2027",
		},
		"a Saturday moves to Monday": {
			"2027-06-02T09:00:00+09:00", "3 days", "Asia/Tokyo", japan, "2027-06-07T18:00:00+09:00", "3 days from Wed 2 Jun 2027, moved from Sat 5 Jun: weekends",
		},
		"without a calendar nothing moves": {
			"2027-06-02T09:00:00+09:00", "3 days", "Asia/Tokyo", nil, "2027-06-05T18:00:00+09:00", "3 days from Wed 2 Jun 2027",
		},
		"without a calendar business days are Monday to Friday": {
			"2027-04-28T09:00:00+09:00", "2 business days", "Asia/Tokyo", nil, "2027-04-30T18:00:00+09:00", "2 business days from Wed 28 Apr 2027",
		},
		"hours are exact and never move": {
			"2027-05-01T20:00:00+09:00", "12 hours", "Asia/Tokyo", japan, "2027-05-02T08:00:00+09:00", "12 hours from Sat 1 May 2027",
		},
		"the start's day is the zone's": {
			"2027-06-01T16:00:00Z", "1 day", "Asia/Tokyo", japan, "2027-06-03T18:00:00+09:00", "1 day from Wed 2 Jun 2027",
		},
		"the end of January and a month is the end of February": {
			"2028-01-31T09:00:00+09:00", "1 month", "Asia/Tokyo", japan, "2028-02-29T18:00:00+09:00", "1 month from Mon 31 Jan 2028",
		},
		"company days and the company's end of day": {
			"2026-12-28T09:00:00+09:00", "1 business day", "Asia/Tokyo", company, "2027-01-04T17:30:00+09:00",
			"1 business day from Mon 28 Dec 2026, not counting: Tue 29 Dec New Year break, Wed 30 Dec New Year break, Thu 31 Dec New Year break, Fri 1 Jan New Year break, Sat 2 Jan New Year break, Sun 3 Jan New Year break",
		},
		"a company may work on a holiday": {
			"2027-05-03T09:00:00+09:00", "1 day", "Asia/Tokyo", company, "2027-05-04T17:30:00+09:00", "1 day from Mon 3 May 2027",
		},
		"the wall clock holds over the spring change": {
			"2027-03-13T09:00:00-05:00", "2 days", "America/New_York", Weekends(), "2027-03-15T18:00:00-04:00", "2 days from Sat 13 Mar 2027",
		},
		"hours are exact over the spring change": {
			"2027-03-13T20:00:00-05:00", "12 hours", "America/New_York", nil, "2027-03-14T09:00:00-04:00", "12 hours from Sat 13 Mar 2027",
		},
	} {
		t.Run(name, func(t *testing.T) {
			start, err := time.Parse(time.RFC3339, c.start)
			if err != nil {
				t.Fatal(err)
			}
			span, err := ParseSpan(c.span)
			if err != nil {
				t.Fatal(err)
			}
			due, why := Due(start, span, c.calendar, zone(t, c.zone))
			if got := due.Format(time.RFC3339); got != c.due {
				t.Errorf("due %s, want %s", got, c.due)
			}
			if why != c.why {
				t.Errorf("why\n got %s\nwant %s", why, c.why)
			}
		})
	}
}

func TestDueInJapanese(t *testing.T) {
	start := time.Date(2027, 4, 28, 0, 0, 0, 0, time.UTC)
	d := After(start, Span{3, BusinessDay}, Japan(), zone(t, "Asia/Tokyo"))
	want := "2027年4月28日(水)から3営業日、次の日を除く:4月29日(木) 昭和の日、5月3日(月) 憲法記念日、5月4日(火) みどりの日、5月5日(水) こどもの日、土日"
	if got := d.Text("ja"); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	moved := After(start, Span{5, Day}, Japan(), zone(t, "Asia/Tokyo"))
	want = "2027年4月28日(水)から5日、5月3日(月)から順延:5月3日(月) 憲法記念日、5月4日(火) みどりの日、5月5日(水) こどもの日"
	if got := moved.Text("ja"); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestACalendarWithoutBusinessDaysStillEnds(t *testing.T) {
	var own Days
	own.add(Date{2027, 1, 1}, Date{2029, 12, 31}, OwnDay{Name: companyHoliday})
	due, _ := Due(time.Date(2027, 2, 1, 9, 0, 0, 0, time.UTC), Span{3, BusinessDay}, Japan().With(own, 0), time.UTC)
	if due.IsZero() {
		t.Error("no due date")
	}
}

func TestDueNeverComesBeforeItsStart(t *testing.T) {
	zones := []*time.Location{time.UTC, zone(t, "Asia/Tokyo"), zone(t, "America/New_York"), zone(t, "Pacific/Apia")}
	japan := Japan()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(rapid.Int64Range(1.5e9, 4e9).Draw(t, "start"), 0)
		span := Span{rapid.IntRange(1, 400).Draw(t, "n"), rapid.SampledFrom([]Unit{Minute, Hour, Day, BusinessDay, Week, Month}).Draw(t, "unit")}
		z := rapid.SampledFrom(zones).Draw(t, "zone")
		c := rapid.SampledFrom([]*Calendar{nil, japan}).Draw(t, "calendar")
		d := After(start, span, c, z)
		if !d.At.After(start) {
			t.Fatalf("due %s is not after %s", d.At, start)
		}
		if c != nil && !span.Exact() && !c.Business(DateOf(d.At)) {
			t.Fatalf("due %s is no business day", d.At)
		}
		if again := After(start, span, c, z); !again.At.Equal(d.At) || again.Text("ja") != d.Text("ja") {
			t.Fatal("not deterministic")
		}
	})
}

func BenchmarkDue(b *testing.B) {
	c, z := Japan(), zone(b, "Asia/Tokyo")
	start := time.Date(2027, 4, 28, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		Due(start, Span{3, BusinessDay}, c, z)
	}
}
