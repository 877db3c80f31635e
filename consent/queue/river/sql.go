package river

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// The statements, with the name of the table filled in.
//
// Put and Forget wait until they are on disk, as the database is set up. The others do not: a
// Postgres that loses its last half second gives a message once more, as after a lease.
//
// A job stays available, and is due at its scheduled_at: that is the end of a lease, too. So
// nothing that River does by itself ever touches one. It rescues, and may discard, only what
// is running, schedules only what is retryable or scheduled, and removes only what is final.
type statements struct{ claim, ack, again, forget, count, oldest string }

// priority is that of all jobs. With a priority and a queue, what is due is one range of
// River's index for fetching.
const priority = 1

func newStatements(schema string) statements {
	table := pgx.Identifier{"river_job"}
	if schema != "" {
		table = pgx.Identifier{schema, "river_job"}
	}
	fill := strings.NewReplacer("TABLE", table.Sanitize(), "MINE", "kind = '"+kind+"' AND queue = $1",
		"LAZILY", "lazily AS (SELECT set_config('synchronous_commit', 'off', true))").Replace
	return statements{
		// An attempt is a smallint. The CTE is materialized so that it is evaluated once.
		claim: fill(`WITH LAZILY, due AS MATERIALIZED (
	SELECT id FROM TABLE
	WHERE state = 'available' AND MINE AND priority = 1 AND scheduled_at <= now()
	ORDER BY scheduled_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE TABLE AS job SET attempt = least(attempt + 1, 32767), attempted_at = now(), scheduled_at = now() + $3::interval
FROM due, lazily WHERE job.id = due.id RETURNING job.id, job.attempt, job.args->>'envelope'`),
		ack: fill(`WITH LAZILY DELETE FROM TABLE USING lazily WHERE MINE AND id = $2`),
		// The attempt keeps a delivery whose lease is over from changing that of the next one.
		again: fill(`WITH LAZILY UPDATE TABLE SET scheduled_at = now() + $4::interval
FROM lazily WHERE MINE AND id = $2 AND attempt = $3`),
		forget: fill(`DELETE FROM TABLE WHERE MINE AND metadata @> $2`),
		// The index for fetching has all that this needs.
		count: fill(`SELECT count(*) FILTER (WHERE scheduled_at <= now()), count(*), coalesce(min(id), 0)
FROM TABLE WHERE state = 'available' AND queue = $1 AND priority = 1`),
		oldest: fill(`SELECT created_at FROM TABLE WHERE MINE AND id = $2`),
	}
}
