package main

import (
	"context"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertest"
	"github.com/riverqueue/river/rivertype"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/consenttest"
	"github.com/go-consent/segment/examples/frameworks/internal/shoptest"
)

// A driver stands in for Postgres. River's own code inserts and works the jobs. Any statement
// that table does not have panics.
type driver struct {
	riverdriver.Driver[*table]
}

func (driver) UnwrapExecutor(tx *table) riverdriver.ExecutorTx { return tx }
func (driver) SupportsListenNotify() bool                      { return false }
func (driver) PoolIsSet() bool                                 { return false }

// A table has room for one job.
type table struct {
	riverdriver.ExecutorTx
	job rivertype.JobRow
}

func (t *table) row() *rivertype.JobRow {
	job := t.job
	return &job
}

func (t *table) JobInsertFastMany(_ context.Context, params *riverdriver.JobInsertFastManyParams) ([]*riverdriver.JobInsertFastResult, error) {
	p := params.Jobs[0]
	t.job = rivertype.JobRow{
		ID: 1, Kind: p.Kind, EncodedArgs: p.EncodedArgs, Metadata: p.Metadata,
		MaxAttempts: p.MaxAttempts, Queue: p.Queue, State: p.State, CreatedAt: time.Now(),
	}
	return []*riverdriver.JobInsertFastResult{{Job: t.row()}}, nil
}

func (t *table) JobUpdateFull(_ context.Context, p *riverdriver.JobUpdateFullParams) (*rivertype.JobRow, error) {
	t.job.State, t.job.Attempt = p.State, p.Attempt
	return t.row(), nil
}

func (t *table) JobSetStateIfRunningMany(_ context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	t.job.State = p.State[0]
	return []*rivertype.JobRow{t.row()}, nil
}

// insert inserts a job with the middleware.
func insert(t *testing.T, ctx context.Context, o *river.InsertOpts, middleware ...rivertype.Middleware) *table {
	t.Helper()
	client, err := river.NewClient(driver{}, &river.Config{Middleware: middleware})
	if err != nil {
		t.Fatal(err)
	}
	jobs := new(table)
	if _, err := client.InsertTx(ctx, jobs, shipment{}, o); err != nil {
		t.Fatal(err)
	}
	return jobs
}

// work works the job with the middleware, in a context without a visitor.
func work(t *testing.T, client *consent.Client, jobs *table, middleware ...rivertype.Middleware) {
	t.Helper()
	worker := rivertest.NewWorker(t, driver{}, &river.Config{Middleware: middleware}, &shipper{client: client})
	result, err := worker.WorkJob(t.Context(), t, jobs, jobs.row())
	if err != nil {
		t.Fatal(err)
	}
	if result.EventKind != river.EventKindJobCompleted {
		t.Errorf("the job is %s", result.EventKind)
	}
}

func TestRecipe(t *testing.T) {
	for name, o := range map[string]*river.InsertOpts{
		"plain":                 nil,
		"with metadata":         {Metadata: []byte(`{"shop": {"n": 1}}`)},
		"with another's answer": {Metadata: []byte(`{"consent_state": "no"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			shoptest.Wired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
				work(t, client, insert(t, consent.NewContext(t.Context(), v.State), o, middleware...), middleware...)
			})
		})
	}
}

func TestMetadataIsKept(t *testing.T) {
	given := []byte(`{"n":12345678901234567890}`)
	kept := insert(t, t.Context(), &river.InsertOpts{Metadata: given}, middleware...)
	if got := string(kept.job.Metadata); got != string(given) {
		t.Errorf("the metadata is %s", got)
	}
}

func TestNoMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		work(t, client, insert(t, consent.NewContext(t.Context(), v.State), nil))
	})
}

func TestInsertWithoutTheMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		work(t, client, insert(t, consent.NewContext(t.Context(), v.State), nil), middleware...)
	})
}

func TestWorkerWithoutTheMiddleware(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		work(t, client, insert(t, consent.NewContext(t.Context(), v.State), nil, middleware...))
	})
}

func TestContextOfNoRequest(t *testing.T) {
	shoptest.Miswired(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
		work(t, client, insert(t, context.Background(), nil, middleware...), middleware...)
	})
}

func TestMalformedAnswerIsDenied(t *testing.T) {
	for _, metadata := range []string{`{"consent_state": "yes"}`, `{"consent_state": {"analytics": true}}`, `{"consent_state": 1}`, `[]`} {
		t.Run(metadata, func(t *testing.T) {
			shoptest.Denied(t, 1, func(t *testing.T, client *consent.Client, v consenttest.Visitor) {
				work(t, client, insert(t, t.Context(), &river.InsertOpts{Metadata: []byte(metadata)}), middleware...)
			})
		})
	}
}

// Metadata that is not an object cannot carry the answer. The job is inserted nevertheless.
func TestMetadataThatIsNoObject(t *testing.T) {
	for _, metadata := range []string{`[]`, `null`, `1`} {
		jobs := insert(t, consent.NewContext(t.Context(), shoptest.Accepts.State), &river.InsertOpts{Metadata: []byte(metadata)}, middleware...)
		if got := string(jobs.job.Metadata); got != metadata {
			t.Errorf("%s became %s", metadata, got)
		}
	}
}
