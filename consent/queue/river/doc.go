// Package river keeps events in the table of jobs of River (riverqueue.com), in a Postgres,
// so that an event can be part of the transaction that it tells of:
//
//	q, err := river.Open(ctx, river.Options{Pool: pool})
//	tracker := consent.NewQueued(q, policy, nil)
//
//	tx, err := pool.Begin(ctx)                     // in a handler
//	...                                            // the order is written
//	err = tracker.For(river.WithTx(ctx, tx)).Enqueue(analytics.Track{Event: "Order Completed"})
//	err = tx.Commit(ctx)                           // the order and its event exist, or neither
//
//	worker, err := queue.NewWorker(queue.Options{Queue: q, ...})
//	err = worker.Run(ctx)                          // in this process, or in others
//
// Without [WithTx], Put has a transaction of its own, and the event is stored when Enqueue has
// returned.
//
// # How River is used
//
// River's client inserts the jobs, into River's table, and no client of River works them:
// [Queue.Receive] takes what is due, many jobs in one statement. A River that works jobs has
// limits of its own beside those of the [queue.Worker]. It discards, and tells only its log:
// after MaxAttempts, and after a crash if the client that leads does not know the kind of the
// job, which is any client on that table. Its lease is the RescueStuckJobsAfter of that
// client, an hour by default. It counts an attempt when it fetches a job, whether or not the
// Worker has room for it.
//
// So a job of this package is always "available", and its scheduled_at says from when. That
// is the end of the lease, once it was received ([Options].Lease, a minute by default), and
// the end of the wait, after a Retry. What River does by itself (rescue, schedule, clean)
// touches no such job, and neither MaxAttempts nor a retention period applies. The time is
// that of the database.
//
// What follows from that:
//   - The queue of River, "segment", belongs to this package. No client of River may work it.
//     Other queues in the same table are not touched.
//   - A process that is killed keeps what it has received for the time of the lease. Then it
//     comes again, in any process.
//   - In River's user interface all jobs are "available", those in flight with a time in the
//     future. After Cancel an event is not received any more, after Retry it is now. Pause
//     does nothing.
//   - Ack deletes the job. Nothing is kept of an event that has left.
//   - Ack, Retry and Extend do not wait until they are on disk. A Postgres that crashes may give
//     what was acknowledged in its last second once more, with the same message id. Put and
//     Forget wait, as the database is set up (synchronous_commit).
//   - [Queue.Receive] looks every second ([Options].Poll), and needs no LISTEN: a pooler such as
//     PgBouncer in transaction mode does, if pgx is set up for it.
//   - Each event is a row that is written, updated and deleted. A database with many events
//     needs its autovacuum.
//
// # Personal data
//
// The arguments of a job are the envelope: the event with its properties, and the ids of the
// person. Whoever can read the table, or opens River's user interface, sees them. Backups of
// the database have them, and so has its log if it logs the parameters of statements. The
// metadata has hashes of the ids, which [Queue.Forget] looks for, by an index. Forget removes
// jobs in every state. A transaction that is open at that time may commit an event of the
// person afterwards.
package river
