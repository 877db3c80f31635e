package consenttest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// rounds is how often RunAtOnce serves each visitor while the others are served.
const rounds = 8

// RunAtOnce serves all visitors at once with one handler. It fails the test if the event of a
// visitor reaches something that it does not reach when the visitors are served one by one. That
// happens if an answer is kept in a field of the handler, or if visitors share a client. Run the
// test with -race too. Nil visitors are those of the zero Site.
//
// The request has to make the application track under the given user, as RunAtOnce knows by the
// user id alone whose event it is. It also fails if nothing was tracked, and if an event has
// another user.
//
// To test what each event may reach, use [Run] or [RequireHonoured].
func RunAtOnce(t testing.TB, handler func(*Recorder) http.Handler, visitors []Visitor, request func(v Visitor, user string) *http.Request) {
	t.Helper()
	if visitors == nil {
		visitors = Site{}.Visitors()
	}
	recorder := new(Recorder)
	served := handler(recorder)
	user := func(i int) string { return fmt.Sprintf("visitor-%d", i+1) }
	serve := func(i int) { served.ServeHTTP(httptest.NewRecorder(), request(visitors[i], user(i))) }
	for i := range visitors {
		serve(i)
	}
	recorder.requireTracked(t)
	alone := recorder.traces()
	recorder.Reset()

	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range visitors {
		all.Add(1)
		go func() {
			defer all.Done()
			<-start
			for range rounds {
				serve(i)
			}
		}()
	}
	close(start)
	all.Wait()
	requireSameTraces(t, visitors, user, alone, recorder.traces())
}

// A trace is what an event says about who may see it, and where it was sent.
type trace struct{ what, where string }

// traces returns the traces of the events of each user.
func (r *Recorder) traces() map[string][]trace {
	of := make(map[string][]trace)
	for _, e := range r.Events() {
		h := headOf(e.Message)
		id := h.user
		if id == "" {
			id = h.anonymous
		}
		of[id] = append(of[id], trace{h.String() + " with integrations " + text(e.sent().Integrations), e.where})
	}
	for _, d := range r.Suppressed() {
		h := headOf(d.Message)
		of[h.user] = append(of[h.user], trace{h.String() + " suppressed, " + string(d.Suppressed), d.where})
	}
	return of
}

func requireSameTraces(t testing.TB, visitors []Visitor, user func(int) string, alone, together map[string][]trace) {
	t.Helper()
	names := make(map[string]string)
	for i, v := range visitors {
		names[user(i)] = v.Name
	}
	for _, id := range slices.Sorted(maps.Keys(together)) {
		name, ok := names[id]
		if !ok {
			t.Errorf("consenttest: an event is of %q, and not of the user that the request was made for%s", id, at(together[id][0].where))
			continue
		}
		for _, got := range together[id] {
			same := func(before trace) bool { return before.what == got.what }
			if slices.ContainsFunc(alone[id], same) {
				continue
			}
			t.Errorf("consenttest: %s: served together with others, %s; served alone: %s%s\n\t"+
				"cure: an answer, or a client bound to one, is kept where other requests see it: "+
				"use client.For(r.Context()) in each request, and keep neither in a field or a variable outside it",
				name, got.what, listed(alone[id]), at(got.where))
			break
		}
	}
}

func listed(traces []trace) string {
	var all []string
	for _, trace := range traces {
		all = append(all, trace.what)
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, "; ")
}
