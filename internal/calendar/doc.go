// Package calendar says which days are business days, and when something that
// starts now is due.
//
// Japanese public holidays are computed by the rules of the Public Holiday Law
// (国民の祝日に関する法律, Act No. 178 of 1948), with substitute holidays,
// bridge days, equinoxes and the special days of 2019 to 2021, so that no list
// has to be refreshed. A company's own days come from a file (a YAML list or
// iCalendar) and go before the public ones.
//
// A span is written as people write it: "3 business days", "2 weeks", "30 days",
// "1 month", "12 hours". Spans in days end at the end of the business day
// (18:00 local time unless the calendar says otherwise); spans in hours and
// minutes are exact. Where a calendar is configured, a date that falls on a day
// off moves to the next business day, and the answer says why.
//
// The package does no I/O and looks at no clock: files come as bytes and the
// start as a time.
package calendar
