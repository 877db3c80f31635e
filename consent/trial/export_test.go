package trial

import "time"

// SetNow sets the clock of a Trial.
func SetNow(t *Trial, now func() time.Time) { t.now = now }
