package sqlledger_test

import (
	"context"
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

// A server is a Postgres for these tests alone. It listens on a socket in its own directory,
// as a free port may be taken before it listens there.
var server struct {
	once      sync.Once
	dir       string
	err       error
	stop      func()
	databases int
}

func TestMain(m *testing.M) {
	if os.Getenv(crashing) != "" {
		appendUntilKilled()
		return
	}
	code := m.Run()
	if server.stop != nil {
		server.stop()
	}
	os.Exit(code)
}

// postgresURL returns the URL of an empty database. Without Postgres on the machine the test
// is skipped, unless POSTGRES_REQUIRED is set.
func postgresURL(t testing.TB) string {
	t.Helper()
	server.once.Do(startPostgres)
	if server.err != nil {
		if os.Getenv("POSTGRES_REQUIRED") != "" {
			t.Fatal(server.err)
		}
		t.Skip(server.err)
	}
	server.databases++
	name := fmt.Sprint("ledger", server.databases)
	connection, err := pgx.Connect(context.Background(), databaseURL("postgres"))
	require.NoError(t, err)
	defer connection.Close(context.Background())
	_, err = connection.Exec(context.Background(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	return databaseURL(name)
}

func databaseURL(name string) string {
	return "postgres:///" + name + "?" + url.Values{"host": {server.dir}, "user": {"postgres"}}.Encode()
}

func startPostgres() {
	server.err = func() error {
		bin, err := postgresBinaries()
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "ledger-postgres")
		if err != nil {
			return err
		}
		as, err := postgresUser(dir)
		if err != nil {
			return err
		}
		data := filepath.Join(dir, "data")
		initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync")
		initdb.SysProcAttr, initdb.Dir = as, dir
		if out, err := initdb.CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w: %s", err, out)
		}
		postgres := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-h", "", "-k", dir)
		postgres.SysProcAttr, postgres.Dir = as, dir
		if err := postgres.Start(); err != nil {
			return err
		}
		server.stop = func() {
			postgres.Process.Signal(syscall.SIGINT)
			postgres.Wait()
			os.RemoveAll(dir)
		}
		server.dir = dir
		return reachable(databaseURL("postgres"))
	}()
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

// postgresUser returns the attributes of a process of the user postgres, if the tests run as
// root. Postgres refuses to run as root.
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
