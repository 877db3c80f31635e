package consenttest

import "testing"

// Unenforced tells the Recorder that the client in front of it sends every message
// unchanged ([consent.Options.DangerouslySendUnchanged]). A [consent.Client] calls it.
// All Require methods, and Run, fail from then on: what reaches a destination, or does not,
// proves nothing about the visitor's answer.
func (r *Recorder) Unenforced() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unenforced = true
}

func (r *Recorder) requireEnforced(t testing.TB) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unenforced {
		t.Fatalf("consenttest: the client was made with Options.DangerouslySendUnchanged: it enforces nothing, so this test proves nothing; " +
			"make it without that option")
	}
}
