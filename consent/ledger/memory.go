package ledger

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
)

// Memory is a Store in memory, for tests and for programs that start without a database.
// Its content is lost when the process ends. The zero Memory is empty and ready to use;
// it must not be copied.
type Memory struct {
	mu   sync.RWMutex
	rows []Row // of number i+1 at i
	keys map[string]memoryKey
	by   map[string][]int64 // the numbers of the rows under each name of Row.Keys
}

type memoryKey struct {
	key  []byte
	rows int // that are sealed under it
}

var _ Store = (*Memory)(nil)

// Append implements Store.
func (m *Memory) Append(ctx context.Context, keys map[string][]byte, next func(int64, []byte, map[string][]byte) ([]Row, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	merged := maps.Clone(keys)
	for name := range keys {
		if had, ok := m.keys[name]; ok {
			merged[name] = had.key
		}
	}
	last, hash := m.last()
	rows, err := next(last, hash, merged)
	if err != nil {
		return err
	}
	for _, r := range rows {
		m.add(r, merged)
	}
	return nil
}

func (m *Memory) add(r Row, keys map[string][]byte) {
	m.rows = append(m.rows, clone(r))
	if m.keys == nil {
		m.keys = make(map[string]memoryKey)
		m.by = make(map[string][]int64)
	}
	for _, name := range r.Keys() {
		k := m.keys[name]
		m.keys[name] = memoryKey{slices.Clone(keys[name]), k.rows + 1}
		m.by[name] = append(m.by[name], r.Sequence)
	}
}

// Erase implements Store.
func (m *Memory) Erase(ctx context.Context, sequences []int64, next func(int64, []byte, []int64) (Row, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var erased []int64
	for _, n := range slices.Compact(slices.Sorted(slices.Values(sequences))) {
		if n >= 1 && n <= int64(len(m.rows)) && m.rows[n-1].Personal != nil {
			erased = append(erased, n)
		}
	}
	if len(erased) == 0 {
		return nil
	}
	last, hash := m.last()
	row, err := next(last, hash, erased)
	if err != nil {
		return err
	}
	for _, n := range erased {
		m.clear(&m.rows[n-1])
	}
	m.add(row, nil)
	return nil
}

func (m *Memory) clear(r *Row) {
	for _, name := range r.Keys() {
		k := m.keys[name]
		if k.rows--; k.rows == 0 {
			delete(m.keys, name)
			delete(m.by, name)
			continue
		}
		m.keys[name] = k
		i := slices.Index(m.by[name], r.Sequence)
		m.by[name] = slices.Delete(m.by[name], i, i+1)
	}
	r.Device, r.Account, r.Personal = "", "", nil
}

// Last implements Store.
func (m *Memory) Last(context.Context) (int64, []byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	last, hash := m.last()
	return last, slices.Clone(hash), nil
}

func (m *Memory) last() (int64, []byte) {
	if len(m.rows) == 0 {
		return 0, nil
	}
	r := m.rows[len(m.rows)-1]
	return r.Sequence, r.Hash
}

// Rows implements Store.
func (m *Memory) Rows(_ context.Context, after int64, limit int) ([]Row, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var rows []Row
	for n := max(after, 0); n < int64(len(m.rows)) && len(rows) < limit; n++ {
		rows = append(rows, clone(m.rows[n]))
	}
	return rows, nil
}

// Find implements Store.
func (m *Memory) Find(_ context.Context, q Query, limit int) ([]Row, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var rows []Row
	for r := range m.candidates(q) {
		if len(rows) == limit {
			break
		}
		if q.Matches(*r) {
			rows = append(rows, clone(*r))
		}
	}
	return rows, nil
}

// candidates returns the rows that may match q, newest first.
func (m *Memory) candidates(q Query) iter.Seq[*Row] {
	names := Row{Device: q.Device, Account: q.Account}.Keys()
	if len(names) == 0 {
		return func(yield func(*Row) bool) {
			for i := len(m.rows) - 1; i >= 0 && yield(&m.rows[i]); i-- {
			}
		}
	}
	numbers := m.by[names[len(names)-1]]
	return func(yield func(*Row) bool) {
		for i := len(numbers) - 1; i >= 0 && yield(&m.rows[numbers[i]-1]); i-- {
		}
	}
}

// Keys implements Store.
func (m *Memory) Keys(_ context.Context, names []string) (map[string][]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	keys := make(map[string][]byte, len(names))
	for _, name := range names {
		if k, ok := m.keys[name]; ok {
			keys[name] = slices.Clone(k.key)
		}
	}
	return keys, nil
}

func clone(r Row) Row {
	r.Personal, r.Seal = slices.Clone(r.Personal), slices.Clone(r.Seal)
	r.Open, r.Hash = slices.Clone(r.Open), slices.Clone(r.Hash)
	return r
}
