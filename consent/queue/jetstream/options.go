package jetstream

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
)

// Options are those of a Queue. Either Dir or URL is required.
type Options struct {
	// Dir is the directory of the server in this process, on a disk of this machine. It is
	// created, and used by one Queue at a time.
	Dir string

	// Synced makes Put wait until the event is on the disk, and no power failure loses it. That
	// takes as long as the disk takes. Zero: the disk is synced every 100 ms.
	Synced bool

	// Listen makes the server in this process listen, so that workers in other processes, or
	// the nats command, can connect: nats://user:password@127.0.0.1:4222. The password is
	// required, and there is no TLS. Workers open this URL with Replicas 1 and the Key.
	// Zero: nobody can connect.
	Listen string

	// URL is that of a cluster, or several with commas between them. Its users need the rights to
	// the JetStream API. There is no server in this process then.
	URL string

	// Replicas is how many servers of the cluster hold each event. Zero: 3.
	Replicas int

	// NATS are further options of the connection, such as nats.UserCredentials or
	// nats.Secure.
	NATS []nats.Option

	// Key is the key of the hashes in subjects, 32 bytes at least. With a URL it is required,
	// and the same for all that use the queue. Zero: the file "key" in Dir, which is made.
	Key []byte

	// Name is the name of the stream, for several queues in one cluster. It has letters, digits, -
	// and _ alone. Zero: "consent".
	Name string

	// MaxBytes is how large the queue may get, in all on each server. A usual event takes about
	// 500 bytes. Zero: 1 GiB.
	MaxBytes int64

	// Lease is how long a message that was received stays away without an answer. It should be
	// more than twice queue.Options.Extend. Zero: 1 minute.
	Lease time.Duration

	// Timeout is how long Put and the other methods may take, except Receive and Forget. Zero: 5 seconds.
	Timeout time.Duration

	// Logger is given the warnings and errors of the server in this process. Nil: they are
	// counted only.
	Logger *slog.Logger
}

// check returns the options with what is zero filled in.
func (o Options) check() (Options, error) {
	var wrong []error
	bad := func(is bool, what string) {
		if is {
			wrong = append(wrong, fmt.Errorf("%w: %s", ErrConfig, what))
		}
	}
	bad((o.Dir == "") == (o.URL == ""), "either Dir or URL is required")
	bad(o.URL != "" && (o.Synced || o.Listen != ""), "Synced and Listen are for a server in this process")
	bad(o.URL != "" && len(o.Key) == 0, "with a URL a Key is required")
	bad(len(o.Key) > 0 && len(o.Key) < keySize, "the Key has less than 32 bytes")
	bad(o.Dir != "" && o.Replicas > 1, "a server in this process has no replicas")
	bad(o.Replicas < 0 || o.MaxBytes < 0 || o.Lease < 0 || o.Timeout < 0, "a limit is negative")
	bad(!isName(o.Name), "the Name has other characters than letters, digits, - and _")
	if o.Listen != "" {
		u, err := url.Parse(o.Listen)
		bad(err != nil || u.Scheme != "nats" || u.Port() == "" || !hasPassword(u), "Listen is no nats://user:password@host:port")
	}
	o.Name = cmp.Or(o.Name, "consent")
	o.MaxBytes = cmp.Or(o.MaxBytes, 1<<30)
	o.Lease = cmp.Or(o.Lease, time.Minute)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.Replicas = cmp.Or(o.Replicas, 3)
	if o.Dir != "" {
		o.Replicas = 1
	}
	return o, errors.Join(wrong...)
}

func hasPassword(u *url.URL) bool {
	password, ok := u.User.Password()
	return ok && password != "" && u.User.Username() != ""
}

func isName(name string) bool {
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return len(name) <= 64
}
