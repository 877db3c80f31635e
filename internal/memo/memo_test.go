package memo

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestCacheReturnsWhatWasPut(t *testing.T) {
	c := New[string, int](1<<20, 1<<10)
	for i := range 100_000 {
		key := fmt.Sprint(i)
		if _, ok, _ := c.Get(key); ok {
			t.Fatalf("%s was there before it was put", key)
		}
		c.Put(key, i)
		if got, ok, _ := c.Get(key); !ok || got != i {
			t.Fatalf("%s is %d, %t", key, got, ok)
		}
	}
	kept := 0
	for i := range 100_000 {
		if got, ok, _ := c.Get(fmt.Sprint(i)); ok {
			kept++
			if got != i {
				t.Fatalf("%d is kept for %d", got, i)
			}
		}
	}
	if kept == 0 || kept > len(c.slots) || len(c.slots) != 1024 {
		t.Fatalf("%d kept in %d slots", kept, len(c.slots))
	}
}

func TestCacheStaysWithinItsBounds(t *testing.T) {
	for _, size := range []int{0, 1, 1 << 10, 1 << 20, 3 << 20} {
		for _, entry := range []int{100, 5000, 1 << 22} {
			c := New[string, int](size, entry)
			if n := len(c.slots); n*entry > size && n > 2 || n&(n-1) != 0 {
				t.Errorf("%d slots of %d bytes for %d", n, entry, size)
			}
		}
	}
}

func TestFrequentKeysSurviveManyOthers(t *testing.T) {
	c := New[string, int](1<<20, 1<<10)
	hits := 0
	for i := range 10_000 {
		c.Put(fmt.Sprint("stranger ", i), i)
		if _, ok, _ := c.Get("popular"); ok {
			hits++
		} else {
			c.Put("popular", 0)
		}
	}
	if hits < 9_000 {
		t.Errorf("a popular key was there %d times of 10,000", hits)
	}
}

func TestKeysWithEqualHashesDiffer(t *testing.T) {
	c := New[string, int](0, 1)
	c.Put("a", 1)
	for i := range c.slots {
		_, _, mark := c.find("b")
		c.slots[i].kept.Store(mark)
	}
	if got, ok, _ := c.Get("b"); ok {
		t.Errorf("found %d, which is kept for a", got)
	}
}

func TestReplacedKeyMovesToSecondSlot(t *testing.T) {
	c := New[string, int](0, 1) // two slots
	keys := []string{"a"}
	first, _, _ := c.find("a")
	for i := 0; len(keys) < 3; i++ {
		if other, _, _ := c.find(fmt.Sprint(i)); other == first {
			keys = append(keys, fmt.Sprint(i))
		}
	}
	c.Put(keys[0], 0)
	for range 2 { // the second time it moves nothing
		c.Put(keys[1], 1)
		for i, key := range keys[:2] {
			if got, ok, _ := c.Get(key); !ok || got != i {
				t.Errorf("%s is %d, %t", key, got, ok)
			}
		}
	}
	c.Put(keys[2], 2)
	if _, ok, _ := c.Get(keys[0]); ok {
		t.Error("the oldest is still there")
	}
}

func TestGetReportsRepeatedKeys(t *testing.T) {
	c := New[string, int](1<<20, 1<<10)
	for i := range 3 {
		if _, ok, again := c.Get("visitor"); ok || again != (i > 0) {
			t.Errorf("time %d: found %t, again %t", i, ok, again)
		}
	}
	strangers := 0
	for i := range 100_000 {
		if _, _, again := c.Get(fmt.Sprint(i)); again {
			strangers++
		}
	}
	if strangers > 10 {
		t.Errorf("%d of 100,000 strangers came again", strangers)
	}
	if _, _, again := c.Get("visitor"); again {
		t.Error("remembers a visitor among 100,000 strangers")
	}
}

func TestCacheIsSafeForConcurrentUse(t *testing.T) {
	c := New[string, string](1<<12, 1<<10)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 10_000 {
				key := fmt.Sprint(i % 16)
				if got, ok, _ := c.Get(key); ok && got != key {
					t.Errorf("%s is kept for %s", got, key)
				}
				c.Put(key, key)
			}
		})
	}
	wg.Wait()
}

func TestGetAllocatesNothing(t *testing.T) {
	c := New[string, string](1<<12, 1<<10)
	key := strings.Repeat("k", 500)
	c.Put(key, "v")
	if n := testing.AllocsPerRun(100, func() { c.Get(key); c.Get("none") }); n != 0 {
		t.Errorf("Get allocates %v times", n)
	}
}
