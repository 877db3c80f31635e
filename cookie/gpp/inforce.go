package gpp

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-consent/segment/cookie"
)

const (
	maxCopies = 8
	maxListed = 64 // ids
	maxList   = 1024
)

// readInForce returns the ids that the copies of a cookie list. Ids below 1 are kept:
// the CMP API has -1 for "none applies", which names no section.
func readInForce(r *http.Request, name string) (ids []int, err error) {
	if name == "" {
		return nil, nil
	}
	values := cookie.Values(r, name)
	if len(values) > maxCopies {
		return nil, errInForce
	}
	for _, value := range values {
		if len(value) > maxList {
			return nil, errInForce
		}
		list := strings.TrimSpace(cookie.Unescape(value))
		if list == "" {
			continue
		}
		for item := range strings.SplitSeq(list, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(item), 10, 32)
			if err != nil || len(ids) == maxListed {
				return nil, errInForce
			}
			ids = append(ids, int(id))
		}
	}
	return ids, nil
}
