package calendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The days that the Cabinet Office (内閣府「国民の祝日」について) published for
// each year, substitute and bridge days included.
var published = map[int]string{
	2018: "1/1 1/8 2/11 2/12 3/21 4/29 4/30 5/3 5/4 5/5 7/16 8/11 9/17 9/23 9/24 10/8 11/3 11/23 12/23 12/24",
	2019: "1/1 1/14 2/11 3/21 4/29 4/30 5/1 5/2 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/23 10/14 10/22 11/3 11/4 11/23",
	2020: "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/23 7/24 8/10 9/21 9/22 11/3 11/23",
	2021: "1/1 1/11 2/11 2/23 3/20 4/29 5/3 5/4 5/5 7/22 7/23 8/8 8/9 9/20 9/23 11/3 11/23",
	2022: "1/1 1/10 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/18 8/11 9/19 9/23 10/10 11/3 11/23",
	2023: "1/1 1/2 1/9 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/17 8/11 9/18 9/23 10/9 11/3 11/23",
	2024: "1/1 1/8 2/11 2/12 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/22 9/23 10/14 11/3 11/4 11/23",
	2025: "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/21 8/11 9/15 9/23 10/13 11/3 11/23 11/24",
	2026: "1/1 1/12 2/11 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/20 8/11 9/21 9/22 9/23 10/12 11/3 11/23",
	2027: "1/1 1/11 2/11 2/23 3/21 3/22 4/29 5/3 5/4 5/5 7/19 8/11 9/20 9/23 10/11 11/3 11/23",
}

func TestJapanHolidaysAreThosePublished(t *testing.T) {
	for year, want := range published {
		days := slices.Collect(func(yield func(Date) bool) {
			for d := range JapanHolidays(year) {
				if !yield(d) {
					return
				}
			}
		})
		slices.SortFunc(days, func(a, b Date) int { return a.number() - b.number() })
		var got []string
		for _, d := range days {
			got = append(got, fmt.Sprintf("%d/%d", d.Month, d.Day))
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%d\n got %s\nwant %s", year, g, want)
		}
	}
}

func TestJapanHolidayNames(t *testing.T) {
	for day, want := range map[string]Name{
		"2019-05-01": enthronement,
		"2019-04-30": nationalBreak, // between Showa Day and the enthronement
		"2019-10-22": proclamation,
		"2018-12-23": emperor,
		"2020-02-23": emperor,
		"2020-05-06": substitute, // the third day after Sunday 3 May
		"2021-08-09": substitute,
		"2009-09-22": nationalBreak,
		"2015-09-22": nationalBreak,
		"2026-09-22": nationalBreak,
		"2032-09-21": nationalBreak,
		"2019-10-14": healthSports,
		"2022-10-10": sports,
		"2029-04-30": substitute,
		"2030-03-20": vernal,
		"2028-09-22": autumnal,
		"2019-02-23": {},
		"2019-12-23": {},
		"2020-10-12": {},
	} {
		d, err := ParseDate(day)
		if err != nil {
			t.Fatal(err)
		}
		if got := JapanHolidays(d.Year)[d]; got != want {
			t.Errorf("%s: got %v, want %v", day, got, want)
		}
	}
}

func BenchmarkBusiness(b *testing.B) {
	c := Japan()
	d := Date{2027, time.April, 29}
	b.ReportAllocs()
	for b.Loop() {
		c.Business(d)
	}
}
