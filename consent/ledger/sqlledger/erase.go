package sqlledger

import (
	"context"
	"database/sql"
	"slices"

	"github.com/go-consent/segment/consent/ledger"
)

// Erase implements ledger.Store.
func (s *Store) Erase(ctx context.Context, sequences []int64, next func(int64, []byte, []int64) (ledger.Row, error)) error {
	changed := false
	err := s.transaction(ctx, func(ctx context.Context, tx *sql.Tx) error {
		a, err := s.begin(ctx, tx, nil)
		if err != nil {
			return err
		}
		erased, names, err := s.personal(ctx, tx, sequences)
		if err != nil || len(erased) == 0 {
			return err
		}
		row, err := next(a.last, a.hash, erased)
		if err != nil {
			return err
		}
		if err := s.clear(ctx, tx, erased, names); err != nil {
			return err
		}
		a.rows, a.last, a.hash = []ledger.Row{row}, row.Sequence, row.Hash
		changed = true
		return a.write(ctx, tx)
	})
	if err != nil || !changed || s.dialect.erased == "" {
		return err
	}
	// If the log is busy now, a later erasure empties it, or the last process to close the
	// file.
	_, err = s.db.ExecContext(ctx, s.dialect.erased)
	return s.wrap(err)
}

// personal returns the numbers of the rows that hold personal data, ascending, and the
// names of their keys.
func (s *Store) personal(ctx context.Context, tx *sql.Tx, sequences []int64) (erased []int64, names []ledger.Row, err error) {
	for part := range slices.Chunk(sequences, maxArguments) {
		find := s.statement("SELECT sequence, device, account FROM consent_ledger WHERE personal IS NOT NULL AND sequence IN ")
		find.list(len(part), func(i int) any { return part[i] })
		found, err := tx.QueryContext(ctx, find.sql.String(), find.args...)
		if err != nil {
			return nil, nil, s.wrap(err)
		}
		for found.Next() {
			var sequence int64
			var device, account []byte
			if err := found.Scan(&sequence, &device, &account); err != nil {
				return nil, nil, s.wrap(err)
			}
			erased = append(erased, sequence)
			names = append(names, ledger.Row{Device: string(device), Account: string(account)})
		}
		if err := found.Err(); err != nil {
			return nil, nil, s.wrap(err)
		}
	}
	slices.Sort(erased)
	return slices.Compact(erased), names, nil
}

// clear removes personal data from rows, and the keys that no row uses any more.
func (s *Store) clear(ctx context.Context, tx *sql.Tx, erased []int64, of []ledger.Row) error {
	for part := range slices.Chunk(erased, maxArguments) {
		none := s.dialect.noBytes
		update := s.statement("UPDATE consent_ledger SET device = " + none + ", account = " + none + ", personal = NULL WHERE sequence IN ")
		update.list(len(part), func(i int) any { return part[i] })
		if err := update.exec(ctx, tx); err != nil {
			return s.wrap(err)
		}
	}
	cleared := make(map[string]bool)
	for _, r := range of {
		for _, person := range [...]struct{ column, id string }{{"device", r.Device}, {"account", r.Account}} {
			name := person.column + ":" + person.id
			if person.id == "" || cleared[name] {
				continue
			}
			cleared[name] = true
			remove := s.statement("DELETE FROM consent_ledger_keys WHERE name = ").arg([]byte(name)).
				text(" AND NOT EXISTS (SELECT 1 FROM consent_ledger WHERE " + person.column + " <> " + s.dialect.noBytes + " AND " + person.column + " = ").
				arg([]byte(person.id)).text(")")
			if err := remove.exec(ctx, tx); err != nil {
				return s.wrap(err)
			}
		}
	}
	return nil
}
