package ledger_test

import (
	"testing"

	"github.com/go-consent/segment/consent/consenttest/conformance"
	"github.com/go-consent/segment/consent/ledger"
)

func TestMemoryConforms(t *testing.T) {
	conformance.TestStore(t, func() *ledger.Memory { return new(ledger.Memory) })
}
