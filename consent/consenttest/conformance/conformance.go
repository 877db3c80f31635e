// Package conformance tests implementations of your own of what this library takes from
// outside: a Policy, a Router, a Source of the middleware package, a Store of the ledger
// package, or a Queue of the queue package.
//
//	func TestBannerConforms(t *testing.T) {
//		conformance.TestSource(t, func() banner { return banner{} }, conformance.SourceExamples{...})
//	}
//
// A suite reports each rule that is broken, how, and why it is a rule. What it needs to
// know of the subject beyond that, the test has to give it; without it the suite fails
// rather than pass for want of anything to look at.
//
// The package imports testing, and is for tests alone.
package conformance
