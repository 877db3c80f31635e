package snowplow

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-consent/segment/consent"
)

// Limits of Snowplow's atomic event and of the schemas of com.segment, in characters. What
// has more fails in the pipeline, where no client hears of it.
const (
	maxAppID      = 255
	maxNamespace  = 128
	maxUserID     = 255 // and GroupId, Event and Name
	maxDomainUser = 128
	maxOtherID    = 100 // MessageId and PreviousId
	maxURL        = 4096
	maxTitle      = 2000
	maxUserAgent  = 1000
	maxLocale     = 255
)

var errObject = fmt.Errorf("%w: no object", consent.ErrNoJSON)

// check returns an error for what the pipeline would refuse.
func (m message) check() error {
	locale, timezone := "", ""
	if m.context != nil {
		locale, timezone = m.context.Locale, m.context.Timezone
	}
	for _, field := range []struct {
		name, value string
		most        int
	}{
		{"UserId", m.userID, maxUserID}, {"AnonymousId", m.anonymousID, maxDomainUser}, {"MessageId", m.id, maxOtherID},
		{"the Event or Name", m.name, maxUserID}, {"GroupId", m.groupID, maxUserID}, {"PreviousId", m.previousID, maxOtherID},
		{"Context.Locale", locale, maxLocale}, {"Context.Timezone", timezone, maxLocale},
	} {
		if err := tooLong(field.name, field.value, field.most); err != nil {
			return err
		}
		if !utf8.ValidString(field.value) { // in JSON it would be the same as others
			return fmt.Errorf("%w: %s is not UTF-8", ErrField, field.name)
		}
	}
	if y := m.timestamp.UTC().Year(); !m.timestamp.IsZero() && (y < 0 || y > 9999) {
		return fmt.Errorf("%w: the year of the Timestamp", ErrField)
	}
	return nil
}

func tooLong(name, value string, most int) error {
	if length(value) > most {
		return fmt.Errorf("%w: %s has more than %d characters", ErrField, name, most)
	}
	return nil
}

// length returns how many UTF-16 units the text has, as the pipeline counts.
func length(text string) (n int) {
	for _, r := range text {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

// cut returns the beginning of the text, of at most so many characters.
func cut(text string, most int) string {
	if length(text) <= most {
		return text
	}
	n := 0
	for i, r := range text {
		if n++; r > 0xffff {
			n++
		}
		if n > most {
			return text[:i]
		}
	}
	return text
}

// eventID returns the event_id for a MessageId, which has to be a UUID.
func eventID(messageID string) string {
	switch {
	case isUUID(messageID):
		return strings.ToLower(messageID)
	case messageID == "":
		var id [16]byte
		_, _ = rand.Read(id[:]) // never fails
		return uuid(id, 4)
	default:
		sum := sha256.Sum256([]byte(messageID))
		return uuid([16]byte(sum[:16]), 8)
	}
}

func uuid(id [16]byte, version byte) string {
	id[6] = id[6]&0x0f | version<<4
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if strings.IndexByte("0123456789abcdefABCDEF", c) < 0 {
				return false
			}
		}
	}
	return true
}
