package sqlledger

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"path"
)

//go:embed migrations
var migrations embed.FS

// migrate creates the tables, or updates those of an older version, in one transaction:
// other processes that open the database wait. It refuses tables of a newer version. The
// n-th file of a dialect's directory leads to version n, and never changes once
// released.
func migrate(ctx context.Context, db *sql.DB, d dialect) error {
	files, err := migrations.ReadDir(d.migrations)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if d.migrating != "" {
		if _, err := tx.ExecContext(ctx, d.migrating); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS consent_ledger_version (version integer NOT NULL)"); err != nil {
		return err
	}
	var version int
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM consent_ledger_version").Scan(&version); err != nil {
		return err
	}
	if version > len(files) {
		return fmt.Errorf("the tables have version %d, but this program knows only %d", version, len(files))
	}
	for ; version < len(files); version++ {
		text, err := migrations.ReadFile(path.Join(d.migrations, files[version].Name()))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("migration %s: %w", files[version].Name(), err)
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO consent_ledger_version VALUES (%d)", version+1)); err != nil {
			return err
		}
	}
	return tx.Commit()
}
