package river_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// A postgres is a Postgres for these tests alone. It listens on a socket in its own directory,
// as a free port may be taken before it listens there.
type postgres struct {
	bin, dir string
	as       *syscall.SysProcAttr
	process  *exec.Cmd
}

// url returns the URL of a database.
func (p *postgres) url(name string) string {
	return "postgres:///" + name + "?" + url.Values{"host": {p.dir}, "user": {"postgres"}}.Encode()
}

// server is the one that tests share.
var server struct {
	*postgres
	once      sync.Once
	err       error
	databases int
	migrated  bool // the database "migrated" has River's tables
}

func TestMain(m *testing.M) {
	if os.Getenv(crashing) != "" {
		workUntilKilled()
		return
	}
	code := m.Run()
	if server.postgres != nil {
		server.remove()
	}
	os.Exit(code)
}

// shared starts the server that tests share, if it does not run. Without Postgres on the
// machine the test is skipped, unless POSTGRES_REQUIRED is set.
func shared(t testing.TB) {
	t.Helper()
	server.once.Do(func() { server.postgres, server.err = newPostgres() })
	skipWithout(t, server.err)
}

func skipWithout(t testing.TB, err error) {
	t.Helper()
	switch {
	case err != nil && os.Getenv("POSTGRES_REQUIRED") != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
}

// databaseURL returns the URL of a database of the test's own, which is a copy of the
// template: template1 is empty.
func databaseURL(t testing.TB, template string) string {
	t.Helper()
	shared(t)
	server.databases++
	name := fmt.Sprint("river", server.databases)
	connection, err := pgx.Connect(context.Background(), server.url("postgres"))
	require.NoError(t, err)
	defer connection.Close(context.Background())
	_, err = connection.Exec(context.Background(), "CREATE DATABASE "+name+" TEMPLATE "+template)
	require.NoError(t, err)
	return server.url(name)
}

// newPostgres makes a Postgres, and starts it.
func newPostgres() (_ *postgres, err error) {
	p := new(postgres)
	if p.bin, err = postgresBinaries(); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "river-postgres"); err != nil {
		return nil, err
	}
	if err := p.init(); err != nil {
		return nil, cmp.Or(os.RemoveAll(p.dir), err)
	}
	return p, nil
}

func (p *postgres) init() (err error) {
	if p.as, err = postgresUser(p.dir); err != nil {
		return err
	}
	initdb := exec.Command(filepath.Join(p.bin, "initdb"), "-D", p.dir+"/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = p.as, p.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return p.start()
}

func (p *postgres) start() error {
	// Tests end processes, and never the machine; benchmarks measure it as it is.
	fsync := "fsync=off"
	if flag.Lookup("test.bench").Value.String() != "" {
		fsync = "fsync=on"
	}
	p.process = exec.Command(filepath.Join(p.bin, "postgres"), "-D", p.dir+"/data", "-h", "", "-k", p.dir, "-c", fsync)
	p.process.SysProcAttr, p.process.Dir = p.as, p.dir
	if err := p.process.Start(); err != nil {
		return err
	}
	return reachable(p.url("postgres"))
}

// stop ends the server. With SIGQUIT it does so as in a crash.
func (p *postgres) stop(signal syscall.Signal) {
	_ = p.process.Process.Signal(signal)
	_ = p.process.Wait()
}

func (p *postgres) remove() {
	p.stop(syscall.SIGQUIT)
	os.RemoveAll(p.dir)
}

func postgresBinaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // where Debian has it
	if err == nil && len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("no Postgres on this machine: %w", err)
	}
	return filepath.Dir(path), nil
}

// postgresUser returns how to run as the user postgres, if the tests run as root, as whom
// Postgres refuses to.
func postgresUser(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func reachable(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		connection, err := pgx.Connect(ctx, url)
		if err == nil {
			return connection.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
