// Package conformance tests custom implementations of this library's interfaces: a Policy, a
// Router, a Source of the middleware package, a Store of the ledger package, or a Queue of the
// queue package.
//
//	func TestBannerConforms(t *testing.T) {
//		conformance.TestSource(t, func() banner { return banner{} }, conformance.SourceExamples{...})
//	}
//
// A suite reports each rule that is broken, how, and why it is a rule. If it needs examples, the
// test has to provide them. Without examples the suite fails, since it would have nothing to look
// at.
//
// The package imports testing, and is for tests alone.
package conformance
