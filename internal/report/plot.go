package report

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"zesei/internal/store"
)

// The drawing of all plots, in units of the SVG's own.
const (
	plotWidth  = 720
	plotHeight = 260
	plotLeft   = 48
	plotRight  = 170 // room for the lines' names
	plotTop    = 16
	plotBottom = 40
)

// Lines are told apart without colour: by their dashes, and by their marks once
// those are used up.
var (
	dashes  = []string{"", "7 4", "2 3", "10 3 2 3", "1 4", "12 5"}
	marks   = []string{"circle", "square", "triangle", "diamond"}
	colours = []string{"#0b3d91", "#b00020", "#00695c", "#5e35b1", "#6d4c41", "#333"}
)

type lineStyle struct{ dash, mark, colour string }

func styleOf(i int) lineStyle {
	return lineStyle{dashes[i%len(dashes)], marks[(i+i/len(dashes))%len(marks)], colours[i%len(colours)]}
}

// line is one line of a plot: values by day, with gaps where nothing is known.
type line struct {
	name string
	at   []store.Day
	v    []float64
}

// plot is a drawing with an x axis of days and a y axis from 0.
type plot struct {
	strings.Builder
	id       string
	from, to store.Day
	top      float64 // the highest value of the y axis
	unit     string
}

func (p *plot) x(d store.Day) float64 {
	span := days(p.from, p.to)
	if span == 0 {
		return (plotLeft + plotWidth - plotRight) / 2.0
	}
	return plotLeft + float64(days(p.from, d))/float64(span)*(plotWidth-plotRight-plotLeft)
}

func (p *plot) y(v float64) float64 {
	return plotHeight - plotBottom - v/p.top*(plotHeight-plotBottom-plotTop)
}

// days between two days.
func days(a, b store.Day) int {
	return int(math.Round(b.In(time.UTC).Sub(a.In(time.UTC)).Hours() / 24))
}

// open begins the drawing: its title and its content in words are what a screen
// reader says.
func (p *plot) open(title, desc string) {
	fmt.Fprintf(p, `<figure><figcaption>%s</figcaption><svg viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d" font-family="inherit" font-size="12" fill="#111"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		esc(title), plotWidth, plotHeight, p.id, p.id, p.id, esc(title), p.id, esc(desc))
}

func (p *plot) close() template.HTML {
	p.WriteString("</svg></figure>")
	return template.HTML(p.String()) // everything from outside went through esc
}

func esc(s string) string { return template.HTMLEscapeString(Plain{}.Escape(s)) }

// grid draws the y axis with its numbers, and the first, the middle and the last
// day below.
func (p *plot) grid(v voice, dates bool) {
	step := niceStep(p.top)
	for g := 0.0; g <= p.top+step/1000; g += step {
		fmt.Fprintf(p, `<line x1="%d" x2="%d" y1="%s" y2="%s" stroke="#ccc"/><text x="%d" y="%s" text-anchor="end">%s%s</text>`,
			plotLeft, plotWidth-plotRight, num(p.y(g)), num(p.y(g)), plotLeft-6, num(p.y(g)+4), strconv.FormatFloat(g, 'f', -1, 64), p.unit)
	}
	if !dates {
		return
	}
	shown := []store.Day{p.from, p.from.Add(days(p.from, p.to) / 2), p.to}
	for i, d := range shown {
		if i > 0 && d == shown[i-1] {
			continue
		}
		fmt.Fprintf(p, `<text x="%s" y="%d" text-anchor="middle">%s</text>`, num(p.x(d)), plotHeight-plotBottom+18, esc(v.date(d)))
	}
}

// lines draws lines with their names beside their ends, in the order of the ends
// and apart from each other.
func (p *plot) lines(all []line) {
	type name struct {
		text  string
		y     float64
		style lineStyle
	}
	var names []name
	for i, l := range all {
		if len(l.at) == 0 {
			continue
		}
		style := styleOf(i)
		var points []string
		for j, d := range l.at {
			points = append(points, num(p.x(d))+","+num(p.y(l.v[j])))
		}
		fmt.Fprintf(p, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`, strings.Join(points, " "), style.colour, style.dash)
		end := len(l.at) - 1
		for j, d := range l.at {
			if j == 0 || j == end || len(l.at) <= 31 {
				p.mark(style.mark, style.colour, p.x(d), p.y(l.v[j]))
			}
		}
		names = append(names, name{short(l.name, 13), p.y(l.v[end]), style})
	}
	slices.SortStableFunc(names, func(a, b name) int { return cmp.Compare(a.y, b.y) })
	below := 0.0
	for i := range names {
		names[i].y = max(names[i].y, below)
		below = names[i].y + 15
	}
	above := float64(plotHeight - 8)
	for i := range slices.Backward(names) { // back into the drawing
		names[i].y = min(names[i].y, above)
		above = names[i].y - 15
	}
	for _, n := range names {
		x := float64(plotWidth - plotRight + 14)
		p.mark(n.style.mark, n.style.colour, x, n.y)
		fmt.Fprintf(p, `<text x="%s" y="%s">%s</text>`, num(x+8), num(n.y+4), esc(n.text))
	}
}

func (p *plot) mark(kind, colour string, x, y float64) {
	switch kind {
	case "square":
		fmt.Fprintf(p, `<rect x="%s" y="%s" width="6" height="6" fill="%s"/>`, num(x-3), num(y-3), colour)
	case "triangle":
		fmt.Fprintf(p, `<path d="M%s %s l4 7 h-8 z" fill="%s"/>`, num(x), num(y-4), colour)
	case "diamond":
		fmt.Fprintf(p, `<path d="M%s %s l4 4 l-4 4 l-4 -4 z" fill="%s"/>`, num(x), num(y-4), colour)
	default:
		fmt.Fprintf(p, `<circle cx="%s" cy="%s" r="3" fill="%s"/>`, num(x), num(y), colour)
	}
}

func num(f float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(f, 'f', 1, 64), "0"), ".")
}

// short cuts a name where the room beside the plot ends; wide characters take
// two places.
func short(s string, wide int) string {
	room := 2 * wide
	for i, r := range s {
		if room--; r > 0x2000 {
			room--
		}
		if room < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// niceStep is a round distance that gives about four lines.
func niceStep(top float64) float64 {
	raw := top / 4
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if s := m * unit; s >= raw && (s == math.Trunc(s) || s < 1) {
			return max(s, 1)
		}
	}
	return raw
}

// niceTop is the end of an axis that holds a value.
func niceTop(v float64) float64 {
	if v < 4 {
		return 4
	}
	step := niceStep(v)
	return math.Ceil(v/step) * step
}

// burnDown plots how many cases were open and overdue on each day that was
// counted.
func (v voice) burnDown(all []DayCount, from, to store.Day) template.HTML {
	open := line{name: v.say("open", "未対応")}
	overdue := line{name: v.say("overdue", "期限超過")}
	high := 0
	for _, d := range all {
		if !d.Counted {
			continue
		}
		open.at, open.v = append(open.at, d.Day), append(open.v, float64(d.Open))
		overdue.at, overdue.v = append(overdue.at, d.Day), append(overdue.v, float64(d.Overdue))
		high = max(high, d.Open, d.Overdue)
	}
	n := len(open.at)
	if n == 0 {
		return ""
	}
	p := &plot{id: "burndown", from: from, to: max(from, min(to, open.at[n-1])), top: niceTop(float64(high))}
	p.open(v.say("Open cases by day", "未対応件数の推移"), v.say("From %s to %s: open from %s to %s, overdue from %s to %s.", "%sから%sまで: 未対応 %s 件から %s 件、期限超過 %s 件から %s 件。",
		v.date(open.at[0]), v.date(open.at[n-1]), num(open.v[0]), num(open.v[n-1]), num(overdue.v[0]), num(overdue.v[n-1])))
	p.grid(v, true)
	p.lines([]line{open, overdue})
	return p.close()
}

// agesPlot plots how old open cases are, as bars with their numbers.
func (v voice) agesPlot(all []AgeCount) template.HTML {
	high, words := 0, []string{}
	for i, a := range all {
		high = max(high, a.N)
		words = append(words, fmt.Sprintf("%s: %d", v.ageAt(all, i), a.N))
	}
	if high == 0 {
		return ""
	}
	p := &plot{id: "ages", top: niceTop(float64(high))}
	p.open(v.say("How old open cases are", "未対応の経過日数"), strings.Join(words, v.say("; ", "、")))
	p.grid(v, false)
	width := float64(plotWidth-plotRight-plotLeft) / float64(len(all))
	for i, a := range all {
		x := plotLeft + width*float64(i)
		fmt.Fprintf(p, `<rect x="%s" y="%s" width="%s" height="%s" fill="#8aa" stroke="#111"/>`, num(x+width*.15), num(p.y(float64(a.N))), num(width*.7), num(plotHeight-plotBottom-p.y(float64(a.N))))
		fmt.Fprintf(p, `<text x="%s" y="%s" text-anchor="middle">%d</text>`, num(x+width/2), num(p.y(float64(a.N))-4), a.N)
		fmt.Fprintf(p, `<text x="%s" y="%d" text-anchor="middle">%s</text>`, num(x+width/2), plotHeight-plotBottom+18, esc(v.ageAt(all, i)))
	}
	return p.close()
}

func (v voice) ageAt(all []AgeCount, i int) string {
	if i == 0 {
		return v.age(all[i], 0)
	}
	return v.age(all[i], all[i-1].Days)
}

// scorePlot plots the scores that were kept.
func (v voice) scorePlot(history []ScoreDays) template.HTML {
	var all []line
	var words []string
	p := &plot{id: "scores", top: 100, unit: "%"}
	for _, h := range history {
		l := line{name: v.shortTitle(h.Standard)}
		for _, r := range h.Days {
			if percent, ok := Percent(r.Passed, r.Failed, r.Unknown); ok {
				l.at, l.v = append(l.at, r.Day), append(l.v, float64(percent))
			}
		}
		if len(l.at) == 0 {
			continue
		}
		if p.from == 0 || l.at[0] < p.from {
			p.from = l.at[0]
		}
		p.to = max(p.to, l.at[len(l.at)-1])
		words = append(words, v.say("%s from %s%% on %s to %s%% on %s", "%s: %[3]sの %[2]s%% から%[5]sの %[4]s%%", standardTitle(h.Standard, v.language), num(l.v[0]), v.date(l.at[0]), num(l.v[len(l.v)-1]), v.date(l.at[len(l.at)-1])))
		all = append(all, l)
	}
	if len(all) == 0 {
		return ""
	}
	p.open(v.say("Security scores", "セキュリティスコアの推移"), strings.Join(words, v.say("; ", "、")))
	p.grid(v, true)
	p.lines(all)
	return p.close()
}

// shortTitle names a standard beside a line.
func (v voice) shortTitle(id string) string {
	switch id {
	case AllStandards:
		return v.say("all standards", "全基準")
	case "fsbp":
		return "FSBP"
	}
	return strings.ToUpper(id)
}
