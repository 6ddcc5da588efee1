package passkeytest_test

import (
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	passkeytest.StoreSuite(t, func(*testing.T) credentials.Store { return &passkeytest.Memory{} })
}
