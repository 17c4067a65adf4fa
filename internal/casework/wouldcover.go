package casework

import (
	"context"

	"zesei/internal/store"
)

// mostWould bounds how many open cases are compared with one wish, and mostWishes
// with how many wishes.
const (
	mostWould  = 4 * BatchSize
	mostWishes = 50
)

// Would is how many cases an exception that was asked for would cover if it were
// approved now: open ones, and those that the exception covers which it follows.
type Would struct {
	Cases int  `json:"cases"`
	More  bool `json:"more,omitempty"` // at least so many: not all were compared
}

// WouldCover counts the cases that exceptions over more than one case, asked for
// and not decided, would cover now, by their ids. Beyond the first 50 such wishes
// it counts none.
func (w *Work) WouldCover(ctx context.Context, list []store.Exception) (map[string]Would, error) {
	out, now := map[string]Would{}, w.Now()
	for _, x := range list {
		if !x.Wide() || x.State != store.ExceptionAsked || !x.ExpiresAt.After(now) {
			continue
		}
		if len(out) == mostWishes {
			break
		}
		n, err := w.wouldCover(ctx, x)
		if err != nil {
			return nil, err
		}
		out[x.ID] = n
	}
	return out, nil
}

func (w *Work) wouldCover(ctx context.Context, x store.Exception) (n Would, err error) {
	now := w.Now()
	x.State = store.ExceptionActive // as it would be
	if x.Renews != "" {
		files, err := store.CasesCovered(ctx, w.DB.View(), x.Renews, BatchSize)
		if err != nil {
			return n, err
		}
		for _, f := range files {
			if covers(x, f, now) {
				n.Cases++
			}
		}
		n.More = len(files) == BatchSize
	}
	for seen, after := 0, int64(0); ; {
		files, err := store.OpenCasesIn(ctx, w.DB.View(), x.Scope, after, BatchSize)
		if err != nil {
			return n, err
		}
		for _, f := range files {
			after = f.ID
			if covers(x, f, now) {
				n.Cases++
			}
		}
		if seen += len(files); len(files) < BatchSize || seen >= mostWould {
			n.More = n.More || len(files) == BatchSize
			return n, nil
		}
	}
}
