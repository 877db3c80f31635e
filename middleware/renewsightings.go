package middleware

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-consent/segment/cookie"
)

// companionSuffix is added to the name of the visitor's cookie.
const companionSuffix = "-seen"

const secondsPerDay = 24 * 60 * 60

// sightings are what the companion cookie holds, for example
//
//	20417.20420.9ae16a3b2f90404f
//
// These are the days since 1970 on which the answer was first seen and last set, and a
// hash of the answer. The zero value stands for no such cookie.
type sightings struct {
	first, last int
	answer      uint64
}

func (s sightings) String() string {
	return fmt.Sprintf("%d.%d.%016x", s.first, s.last, s.answer)
}

// readSightings reads the companion cookie. Visitors can forge it, but that only
// prolongs their own answer.
func readSightings(r *http.Request, name string) (s sightings, ok bool) {
	values := cookie.Values(r, name)
	switch {
	case len(values) == 0:
		return sightings{}, true
	case len(values) > 1 || len(values[0]) > 64:
		return sightings{}, false
	}
	parts := strings.Split(values[0], ".")
	if len(parts) != 3 {
		return sightings{}, false
	}
	var errs [3]error
	s.first, errs[0] = strconv.Atoi(parts[0])
	s.last, errs[1] = strconv.Atoi(parts[1])
	s.answer, errs[2] = strconv.ParseUint(parts[2], 16, 64)
	if errs != [3]error{} || s.first <= 0 || s.last < s.first || s.String() != values[0] {
		return sightings{}, false
	}
	return s, true
}

func fingerprint(value string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(value))
	return h.Sum64()
}

func dayOf(t time.Time) int { return int(t.Unix() / secondsPerDay) }

func timeOf(day int) time.Time { return time.Unix(int64(day)*secondsPerDay, 0).UTC() }
