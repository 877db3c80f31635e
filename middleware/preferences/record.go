package preferences

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-consent/segment/consent"
)

// patience is how long a response may wait for OnAnswer.
const patience = 100 * time.Millisecond

// record calls OnAnswer and waits for it up to patience. The channel is closed when
// OnAnswer returns, and nil if there is none.
func (h Handler) record(r *http.Request, held, given consent.State) <-chan struct{} {
	if h.OnAnswer == nil {
		return nil
	}
	// The answer has to be recorded even if the browser has closed the connection.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		defer func() {
			if p := recover(); p != nil {
				h.report(r, fmt.Errorf("%w with a %T", ErrOnAnswer, p)) // it may hold anything
			}
		}()
		h.OnAnswer(r, held, given)
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-recorded:
	case <-timer.C:
	}
	return recorded
}

// await waits until OnAnswer has returned, once the browser has the whole response.
func await(w http.ResponseWriter, recorded <-chan struct{}) {
	select {
	case <-recorded:
		return
	default:
	}
	if http.NewResponseController(w).Flush() == nil { // not every ResponseWriter can
		<-recorded
	}
}
