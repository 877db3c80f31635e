package jetstream

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// A log counts what the server warns of, and passes it on.
type log struct {
	counters *counters
	to       *slog.Logger // may be nil
	fatal    atomic.Pointer[string]
}

func (l *log) warn(level slog.Level, format string, v []any) string {
	l.counters.warnings.Add(1)
	text := fmt.Sprintf(format, v...)
	if l.to != nil {
		l.to.Log(context.Background(), level, "jetstream: "+text)
	}
	return text
}

func (l *log) Warnf(format string, v ...any)  { l.warn(slog.LevelWarn, format, v) }
func (l *log) Errorf(format string, v ...any) { l.warn(slog.LevelError, format, v) }
func (l *log) Fatalf(format string, v ...any) {
	text := l.warn(slog.LevelError, format, v)
	l.fatal.Store(&text)
}
func (l *log) Noticef(string, ...any) {}
func (l *log) Debugf(string, ...any)  {}
func (l *log) Tracef(string, ...any)  {}
