package river_test

import (
	"context"
	"flag"
	"fmt"
	"net"
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

// A server is a Postgres of the tests' own, on a free port and in a directory of its own.
var server struct {
	once      sync.Once
	url       string
	err       error
	stop      func()
	databases int
	migrated  bool // the database "migrated" has River's tables
}

func TestMain(m *testing.M) {
	if os.Getenv(crashing) != "" {
		workUntilKilled()
		return
	}
	code := m.Run()
	if server.stop != nil {
		server.stop()
	}
	os.Exit(code)
}

// databaseURL returns the URL of a database of the test's own, which is a copy of the
// template: template1 is empty. Without Postgres on the machine the test
// is skipped, unless POSTGRES_REQUIRED is set.
func databaseURL(t testing.TB, template string) string {
	t.Helper()
	server.once.Do(startPostgres)
	if server.err != nil {
		if os.Getenv("POSTGRES_REQUIRED") != "" {
			t.Fatal(server.err)
		}
		t.Skip(server.err)
	}
	server.databases++
	name := fmt.Sprint("river", server.databases)
	connection, err := pgx.Connect(context.Background(), server.url+"/postgres")
	require.NoError(t, err)
	defer connection.Close(context.Background())
	_, err = connection.Exec(context.Background(), "CREATE DATABASE "+name+" TEMPLATE "+template)
	require.NoError(t, err)
	return server.url + "/" + name
}

func startPostgres() {
	server.err = func() error {
		bin, err := postgresBinaries()
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "river-postgres")
		if err != nil {
			return err
		}
		as, err := postgresUser(dir)
		if err != nil {
			return err
		}
		data := filepath.Join(dir, "data")
		initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
		initdb.SysProcAttr, initdb.Dir = as, dir
		if out, err := initdb.CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w: %s", err, out)
		}
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		port := free.Addr().(*net.TCPAddr).Port
		free.Close()
		// Tests kill processes, and never the server; benchmarks measure it as it is.
		fsync := "fsync=off"
		if flag.Lookup("test.bench").Value.String() != "" {
			fsync = "fsync=on"
		}
		postgres := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port), "-h", "127.0.0.1", "-k", "", "-c", fsync)
		postgres.SysProcAttr, postgres.Dir = as, dir
		if err := postgres.Start(); err != nil {
			return err
		}
		server.stop = func() {
			postgres.Process.Signal(syscall.SIGINT)
			postgres.Wait()
			os.RemoveAll(dir)
		}
		server.url = fmt.Sprintf("postgres://postgres@127.0.0.1:%d", port)
		return reachable(server.url + "/postgres")
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
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
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
