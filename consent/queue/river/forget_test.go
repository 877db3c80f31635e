package river_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/segmentio/analytics-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/river"
)

// One person among many is forgotten by an index, also what is received and what an operator
// has cancelled. RIVER_JOBS says among how many.
func TestForgetAmongMany(t *testing.T) {
	many := 5_000
	if n, err := strconv.Atoi(os.Getenv("RIVER_JOBS")); err == nil {
		many = n
	}
	q, pool := open(t, func(o *river.Options) { o.MaxMessages = 10_000_000 })
	require.NoError(t, q.Put(t.Context(), captured("first", "somebody")))
	for i := range 3 {
		require.NoError(t, q.Put(t.Context(), captured(fmt.Sprint(i), "gone")))
	}
	held := receive(t, q, 2)
	execute(t, pool, "UPDATE river_job SET state = 'cancelled', finalized_at = now() WHERE id = (SELECT max(id) FROM river_job)")
	copyJobs(t, pool, many)
	execute(t, pool, "UPDATE river_job SET queue = 'other' WHERE id = (SELECT max(id) FROM river_job)")
	_, err := pool.Exec(t.Context(), "VACUUM ANALYZE river_job")
	require.NoError(t, err)

	start := time.Now()
	require.NoError(t, q.Forget(t.Context(), queue.Person{UserID: "gone", AnonymousID: "nobody"}))
	t.Logf("forgotten among %d in %v", many, time.Since(start))
	require.Equal(t, many+1, jobs(t, pool))
	for _, d := range held {
		require.NoError(t, d.Retry(t.Context(), 0))
	}
	require.Equal(t, many+1, jobs(t, pool))

	start = time.Now()
	_, err = q.Backlog(t.Context())
	require.NoError(t, err)
	t.Logf("counted in %v", time.Since(start))
	start = time.Now()
	for range 10 {
		require.Len(t, receive(t, q, 250), 250)
	}
	t.Logf("received 2500 in %v", time.Since(start))
}

// copyJobs makes so many jobs of other people of the first one.
func copyJobs(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
INSERT INTO river_job (args, kind, queue, max_attempts, metadata)
SELECT args, kind, queue, max_attempts, jsonb_build_object('segment_ids', jsonb_build_array('u' || md5(n::text)))
FROM (SELECT * FROM river_job ORDER BY id LIMIT 1) AS job, generate_series(1, $1) AS n`, n)
	require.NoError(t, err)
}

// Whoever had the previous id of an Alias may have had it as a user id.
func TestForgetPreviousUser(t *testing.T) {
	q, pool := open(t, nil)
	c := captured("1", "")
	c.Message = analytics.Alias{MessageId: "1", UserId: "new", PreviousId: "old", Timestamp: time.Now()}
	require.NoError(t, q.Put(t.Context(), c))
	require.NoError(t, q.Forget(t.Context(), queue.Person{UserID: "other", AnonymousID: "new"}))
	require.Equal(t, 1, jobs(t, pool))
	require.NoError(t, q.Forget(t.Context(), queue.Person{UserID: "old"}))
	require.Zero(t, jobs(t, pool))
}

// The metadata has no id, and the arguments have nothing else than the envelope.
func TestWhatIsStored(t *testing.T) {
	q, pool := open(t, nil)
	c := captured("1", "user-1")
	require.NoError(t, q.Put(t.Context(), c))
	rows, err := pool.Query(t.Context(), "SELECT row_to_json(river_job) FROM river_job")
	require.NoError(t, err)
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[map[string]any])
	require.NoError(t, err)
	e, err := queue.Seal(c)
	require.NoError(t, err)
	text, err := json.Marshal(e)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"envelope": string(text)}, row["args"])
	require.EqualValues(t, 32767, row["max_attempts"])
	delete(row, "args")
	rest, err := json.Marshal(row)
	require.NoError(t, err)
	require.False(t, strings.Contains(string(rest), "user-1"), string(rest))
}
