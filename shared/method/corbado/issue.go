package corbado

import (
	"context"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// parameterDummy is all that Corbado's clients find in a challenge. Cognito
// wants at least one public parameter, and Corbado challenges by itself.
const parameterDummy = "dummy"

// Issuer implements customauth.Issuer.
type Issuer struct{}

// Method implements customauth.Issuer.
func (Issuer) Method() string { return Method }

// Parameters implements customauth.Issuer.
func (Issuer) Parameters() []string { return []string{parameterDummy} }

// Issue implements customauth.Issuer. Everybody gets the same.
func (Issuer) Issue(context.Context, customauth.Issue) (customauth.Issued, error) {
	return customauth.Issued{Public: map[string]string{parameterDummy: parameterDummy}}, nil
}
