package look_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-consent/segment/consent"
	"github.com/go-consent/segment/consent/queue"
	"github.com/go-consent/segment/consent/queue/look"
)

// An operator sees the page, and a script gets JSON; anybody else gets 403.
func ExampleHandler() {
	worker, err := queue.NewWorker(queue.Options{
		Queue: queue.NewMemory(0, 0), Client: consent.New(consent.Discard, policy, nil), Answers: answers{},
		DeadLetter: func(context.Context, queue.Dead) error { return nil }, // keep them somewhere
	})
	if err != nil {
		panic(err)
	}
	h := look.Handler{
		Authorize: func(r *http.Request) bool { return r.Header.Get("X-Role") == "operator" }, // from the session
		Worker:    worker,
	}
	for _, role := range []string{"", "operator"} {
		r := httptest.NewRequest(http.MethodGet, "/debug/queue", nil)
		r.Header.Set("X-Role", role)
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var shown struct{ Queue struct{ Waiting int } }
		_ = json.Unmarshal(w.Body.Bytes(), &shown)
		fmt.Println(w.Code, shown.Queue.Waiting)
	}
	// Output:
	// 403 0
	// 200 0
}
