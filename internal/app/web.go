package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// web is the HTTP listener. It outlives a reload: meanwhile senders are told to
// come again.
type web struct {
	mu       sync.RWMutex
	handler  http.Handler // nil: paused
	address  string
	listener net.Listener
	server   *http.Server
}

// listen listens on an address, unless it does so already; "" listens nowhere.
func (w *web) listen(ctx context.Context, address string, log *slog.Logger) error {
	if address == w.address {
		return nil
	}
	var l net.Listener
	if address != "" {
		var err error
		if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err != nil {
			return fmt.Errorf("listening for HTTP: %w", err)
		}
	}
	w.close()
	w.address = address
	if l == nil {
		return nil
	}
	w.listener = l
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go func(s *http.Server) { _ = s.Serve(l) }(w.server) // ends when it is closed
	return nil
}

// addr is where it listens; nil: nowhere.
func (w *web) addr() net.Addr {
	if w.listener == nil {
		return nil
	}
	return w.listener.Addr()
}

// ServeHTTP answers with the present handler.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.RLock()
	h := w.handler
	defer w.mu.RUnlock() // pause waits for requests that run
	if h == nil {
		rw.Header().Set("Retry-After", "1")
		http.Error(rw, "zesei is starting or ending", http.StatusServiceUnavailable)
		return
	}
	h.ServeHTTP(rw, r)
}

func (w *web) serve(h http.Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handler = h
}

// pause waits for requests that run and refuses new ones for now.
func (w *web) pause() { w.serve(nil) }

func (w *web) close() {
	if w.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if w.server.Shutdown(ctx) != nil {
		_ = w.server.Close()
	}
	w.server, w.listener, w.address = nil, nil, ""
}
