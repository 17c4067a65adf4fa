package calendar

import "time"

// Name is what a day off is called.
type Name struct{ JA, EN string }

// In is the name in lang ("ja", else English).
func (n Name) In(lang string) string {
	if lang == "ja" && n.JA != "" || n.EN == "" {
		return n.JA
	}
	return n.EN
}

// The names of the national holidays, as article 2 of the Public Holiday Law and
// the special laws for 2019 (平成30年法律第99号) give them.
var (
	newYear       = Name{"元日", "New Year's Day"}
	comingOfAge   = Name{"成人の日", "Coming of Age Day"}
	foundation    = Name{"建国記念の日", "National Foundation Day"}
	emperor       = Name{"天皇誕生日", "Emperor's Birthday"}
	vernal        = Name{"春分の日", "Vernal Equinox Day"}
	showa         = Name{"昭和の日", "Showa Day"}
	constitution  = Name{"憲法記念日", "Constitution Memorial Day"}
	greenery      = Name{"みどりの日", "Greenery Day"}
	children      = Name{"こどもの日", "Children's Day"}
	marine        = Name{"海の日", "Marine Day"}
	mountain      = Name{"山の日", "Mountain Day"}
	aged          = Name{"敬老の日", "Respect for the Aged Day"}
	autumnal      = Name{"秋分の日", "Autumnal Equinox Day"}
	healthSports  = Name{"体育の日", "Health and Sports Day"}
	sports        = Name{"スポーツの日", "Sports Day"}
	culture       = Name{"文化の日", "Culture Day"}
	labour        = Name{"勤労感謝の日", "Labour Thanksgiving Day"}
	enthronement  = Name{"天皇の即位の日", "Day of the Emperor's Enthronement"}
	proclamation  = Name{"即位礼正殿の儀の行われる日", "Day of the Enthronement Ceremony"}
	substitute    = Name{"振替休日", "substitute holiday"}
	nationalBreak = Name{"国民の休日", "bridge holiday"}
)

// JapanHolidays computes the days off of a year by the law as it stands since
// 2007 (article 3: substitute holidays and bridge days), with the one-time days
// of 2019, 2020 and 2021. Years before 2007 are given by the same rules and may
// differ from what was kept then.
func JapanHolidays(year int) map[Date]Name {
	days := national(year)
	out := make(map[Date]Name, len(days)+6)
	for d, n := range days {
		out[d] = n
	}
	for d := range days {
		// Article 3 (2): a holiday on a Sunday gives the next day that is no
		// national holiday.
		if d.Weekday() == time.Sunday {
			next := d.Add(1)
			for days[next] != (Name{}) {
				next = next.Add(1)
			}
			out[next] = substitute
		}
	}
	for d := range days {
		// Article 3 (3): a day between two national holidays is off.
		middle := d.Add(1)
		if _, taken := out[middle]; !taken && days[d.Add(2)] != (Name{}) {
			out[middle] = nationalBreak
		}
	}
	return out
}

// national are the national holidays of article 2 and the special laws.
func national(year int) map[Date]Name {
	out := make(map[Date]Name, 20)
	on := func(m time.Month, d int, n Name) { out[Date{year, m, d}] = n }
	on(time.January, 1, newYear)
	on(time.January, nthMonday(year, time.January, 2), comingOfAge)
	on(time.February, 11, foundation)
	on(time.March, vernalEquinox(year), vernal)
	on(time.April, 29, showa)
	on(time.May, 3, constitution)
	on(time.May, 4, greenery)
	on(time.May, 5, children)
	on(time.September, nthMonday(year, time.September, 3), aged)
	on(time.September, autumnalEquinox(year), autumnal)
	on(time.November, 3, culture)
	on(time.November, 23, labour)
	if year >= 2020 {
		on(time.February, 23, emperor)
	} else if year <= 2018 {
		on(time.December, 23, emperor)
	}
	if year == 2019 {
		on(time.May, 1, enthronement)
		on(time.October, 22, proclamation)
	}
	summer(year, on)
	return out
}

// summer holds the days that the Tokyo games moved (Act on Special Measures for
// the Tokyo Games, articles 29 and 32 for 2020, and its amendment for 2021).
func summer(year int, on func(time.Month, int, Name)) {
	switch year {
	case 2020:
		on(time.July, 23, marine)
		on(time.July, 24, sports)
		on(time.August, 10, mountain)
		return
	case 2021:
		on(time.July, 22, marine)
		on(time.July, 23, sports)
		on(time.August, 8, mountain)
		return
	}
	on(time.July, nthMonday(year, time.July, 3), marine)
	if year >= 2016 {
		on(time.August, 11, mountain)
	}
	name := sports
	if year < 2020 {
		name = healthSports
	}
	on(time.October, nthMonday(year, time.October, 2), name)
}

func nthMonday(year int, m time.Month, n int) int {
	first := Date{year, m, 1}.Weekday()
	return 1 + (int(time.Monday)-int(first)+7)%7 + 7*(n-1)
}

// The equinoxes follow the common approximation to the National Astronomical
// Observatory's ephemeris, good from 1980 to 2150. The day that counts is the
// one published in the official gazette on 1 February of the year before.
func vernalEquinox(year int) int   { return equinox(year, 20.8431, 21.8510) }
func autumnalEquinox(year int) int { return equinox(year, 23.2488, 24.2488) }

func equinox(year int, before2100, from2100 float64) int {
	base := before2100
	if year >= 2100 {
		base = from2100
	}
	n := year - 1980
	return int(base+0.242194*float64(n)) - n/4
}
