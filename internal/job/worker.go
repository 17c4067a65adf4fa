package job

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"zesei/internal/store"
)

// worker is the sign of life of one queue: a file beside the store that is
// locked for as long as the process lives. A lease begins with the worker's
// name; where that worker's file is there and nobody holds its lock, the process
// has ended and its leases are free. Where nothing can be told (another machine,
// a system without such locks) leases run out by themselves.
type worker struct {
	name string
	file *os.File
}

const workerFile = "-worker-"

// enter gives this queue its sign of life and frees the leases of those that
// have none any more. Each enter needs its leave.
func (q *Queue) enter(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.users == 0 {
		nonce := strings.ToLower(rand.Text()[:16])
		q.alive = &worker{name: q.Owner + "~" + nonce, file: lockNew(q.DB.Path() + workerFile + nonce)}
		if err := q.bury(ctx, nonce); err != nil {
			q.alive.end()
			return err
		}
	}
	q.users++
	return nil
}

func (q *Queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.users--; q.users == 0 {
		q.alive.end()
	}
}

// bury frees the leases of workers whose processes have ended.
func (q *Queue) bury(ctx context.Context, own string) error {
	paths, err := filepath.Glob(escapeGlob(q.DB.Path()+workerFile) + "*")
	if err != nil {
		return nil // no sign of anybody
	}
	for _, path := range paths {
		nonce := path[strings.LastIndex(path, workerFile)+len(workerFile):]
		if nonce == own {
			continue
		}
		f := lockLeft(path)
		if f == nil {
			continue // it lives
		}
		err := q.DB.Update(ctx, func(tx *store.Tx) error {
			// The lease stays as the mark of a run that ended with its process.
			_, err := tx.Exec(ctx, `UPDATE jobs SET lease_until = 0 WHERE lease <> '' AND instr(lease, $1) > 0`, "~"+nonce+"/")
			return err
		})
		if err == nil {
			os.Remove(path)
		}
		f.Close()
		if err != nil {
			return fmt.Errorf("freeing the jobs of a process that ended: %w", err)
		}
	}
	return nil
}

func (w *worker) end() {
	if w.file != nil {
		os.Remove(w.file.Name())
		w.file.Close()
	}
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
