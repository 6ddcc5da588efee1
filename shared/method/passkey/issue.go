// Package passkey is the sign-in method in which the user proves possession of
// a passkey to this stack's own relying party. It makes the challenge in Create;
// package answer checks the assertion in Verify.
package passkey

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// Names of public challenge parameters, as the clients of the AWS passwordless
// sample read them.
const (
	parameterChallenge = "challenge"
	parameterOptions   = "fido2options"
	provideParameters  = "PROVIDE_AUTH_PARAMETERS"
)

// Issuer implements customauth.Issuer.
type Issuer struct {
	Decoys *Decoys
}

// Method implements customauth.Issuer.
func (Issuer) Method() string { return customauth.MethodPasskey }

// Parameters implements customauth.Issuer.
func (Issuer) Parameters() []string { return []string{parameterChallenge, parameterOptions} }

// options are what a client needs for navigator.credentials.get. Absent fields
// are left out, because clients refuse null.
type options struct {
	RelyingPartyID   string       `json:"relyingPartyId,omitempty"`
	Challenge        string       `json:"challenge"` // unpadded base64url, as are ids
	Credentials      []descriptor `json:"credentials,omitempty"`
	Timeout          int64        `json:"timeout"` // milliseconds
	UserVerification string       `json:"userVerification"`
}

type descriptor struct {
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

// Issue implements customauth.Issuer. The list of passkeys has one shape for
// everybody: see Decoys.
func (i Issuer) Issue(ctx context.Context, issue customauth.Issue) (customauth.Issued, error) {
	o := options{
		RelyingPartyID:   issue.Sealed.RelyingPartyID,
		Challenge:        base64.RawURLEncoding.EncodeToString(issue.Sealed.Challenge),
		Timeout:          issue.Sealed.Expires.Sub(issue.Sealed.Issued).Milliseconds(),
		UserVerification: issue.Sealed.UserVerification,
	}
	for _, p := range i.Decoys.List(ctx, issue.User, issue.Passkeys) {
		o.Credentials = append(o.Credentials, descriptor{
			ID:         base64.RawURLEncoding.EncodeToString(p.CredentialID),
			Transports: p.Transports,
		})
	}
	text, err := json.Marshal(o)
	if err != nil {
		return customauth.Issued{}, fmt.Errorf("writing the request options: %w", err)
	}
	return customauth.Issued{Public: map[string]string{
		parameterChallenge: provideParameters,
		parameterOptions:   string(text),
	}}, nil
}
