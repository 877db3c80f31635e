package mparticle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func entryOf(state, head string, event int, users ...string) entry {
	return entry{head: `{"` + head + `":1}`, state: state, consent: state, event: strings.Repeat("e", event), users: users}
}

// shapes returns how many entries each batch of the first request has.
func shapes(entries ...entry) (shape []int, n int) {
	batches, n := assemble(entries)
	for _, b := range batches {
		shape = append(shape, len(b.entries))
	}
	return shape, n
}

func TestABatchIsOfOneUserUnderOneState(t *testing.T) {
	u, v := entryOf("yes", "u", 9, "customer_id=u"), entryOf("yes", "v", 9, "customer_id=v")
	no := entryOf("no", "u", 9, "customer_id=u")
	device := entryOf("yes", "u+a", 9, "customer_id=u", "other=a")
	alone := entryOf("no", "a", 9, "other=a")
	for name, c := range map[string]struct {
		entries []entry
		shape   []int
		n       int
	}{
		"one user":                             {[]entry{u, u, u}, []int{3}, 3},
		"two, in turn":                         {[]entry{u, v, u, v}, []int{2, 2}, 4},
		"another state is for another request": {[]entry{u, u, no, u}, []int{2}, 2},
		"and of others too":                    {[]entry{u, v, no, v}, []int{1, 1}, 2},
		"with a device":                        {[]entry{u, device, device, u}, []int{1, 2, 1}, 4},
		"the device under another state":       {[]entry{device, u, alone}, []int{1, 1}, 2},
		"somebody without an identity":         {[]entry{entryOf("yes", "", 9), entryOf("yes", "", 9)}, []int{1, 1}, 2},
	} {
		shape, n := shapes(c.entries...)
		require.Equal(t, c.shape, shape, name)
		require.Equal(t, c.n, n, name)
	}
	b := &batch{entries: []entry{u}}
	require.True(t, b.takes(u))
	require.False(t, b.takes(no))
	require.False(t, b.takes(device))
}

func TestRequestsAreWithinTheLimits(t *testing.T) {
	user := func(n, size int) entry { return entryOf("yes", fmt.Sprint(n), size, fmt.Sprint(n)) }
	var many, same, large, one []entry
	for n := range 150 {
		many, same = append(many, user(n, 9)), append(same, user(0, 9))
		large, one = append(large, user(n, 50_000)), append(one, user(0, 50_000))
	}
	shape, n := shapes(many...)
	require.Len(t, shape, 100)
	require.Equal(t, 100, n)
	shape, n = shapes(same...)
	require.Equal(t, []int{100}, shape)
	require.Equal(t, 100, n)
	shape, n = shapes(large...)
	require.Equal(t, []int{1, 1, 1, 1, 1}, shape)
	require.Equal(t, 5, n)
	shape, n = shapes(one...)
	require.Equal(t, []int{2, 2, 1}, shape)
	require.Equal(t, 5, n)
	batches, _ := assemble(one)
	require.LessOrEqual(t, len(request(batches)), maxRequest)
}
