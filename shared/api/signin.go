package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
)

// clockSkew is how far apart the clocks of two functions may be.
const clockSkew = 30 * time.Second

type signInOptionsReply struct {
	PublicKey webauthn.RequestOptions `json:"publicKey"`
}

// signInOptions makes a challenge for a sign-in without a user name. Anybody
// may call it, so it reads and writes nothing.
func (h *Handler) signInOptions(ctx context.Context, _ httpapi.Call) (httpapi.Reply, error) {
	ring, err := h.Stamps.Ring(ctx)
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("reading the stamp key: %w", err)
	}
	return httpapi.Reply{Status: http.StatusOK, Body: signInOptionsReply{h.RelyingParty.RequestOptions(webauthn.RequestRequest{
		Challenge:        stamp.Issue(ring.Current(), h.stampScope(), h.Now()),
		UserVerification: h.UserVerification,
		Timeout:          stamp.Lifetime,
	})}}, nil
}

func (h *Handler) stampScope() stamp.Scope {
	return stamp.Scope{Purpose: stamp.SignIn, PoolID: h.UserPoolID, RelyingPartyID: h.RelyingParty.ID}
}

type signInUserRequest struct {
	Credential jsontext.Value `json:"credential"` // AuthenticationResponseJSON
}

type signInUserReply struct {
	UserName string `json:"username"`
}

// signInUser tells the holder of a passkey the user name to sign in with. All
// refusals look alike, and nothing is written: the answer stays good for the
// sign-in that follows.
func (h *Handler) signInUser(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	var request signInUserRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, errNoUser
	}
	assertion, err := webauthn.ParseAssertion(request.Credential)
	if err != nil {
		return httpapi.Reply{}, errNoUser
	}
	issued, ok, err := h.checkStamp(ctx, assertion.Challenge)
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("reading the stamp keys: %w", err)
	}
	now := h.Now()
	if !ok || now.After(issued.Add(stamp.Lifetime+clockSkew)) || issued.After(now.Add(clockSkew)) {
		return httpapi.Reply{}, errNoUser
	}
	owner, err := h.ownerOf(ctx, assertion)
	if errors.Is(err, credentials.ErrNotFound) {
		return httpapi.Reply{}, errNoUser
	}
	if err != nil {
		return httpapi.Reply{}, err
	}
	return httpapi.Reply{Status: http.StatusOK, Body: signInUserReply{owner.UserName}}, nil
}

// checkStamp looks at the keys again when it doesn't know the stamp's: the
// instance that made it may have seen a rotation first.
func (h *Handler) checkStamp(ctx context.Context, challenge []byte) (issued time.Time, ok bool, err error) {
	for _, read := range []func(context.Context) (secret.Ring, error){h.Stamps.Ring, h.Stamps.Refreshed} {
		ring, err := read(ctx)
		if err != nil {
			return time.Time{}, false, err
		}
		verifier, err := stamp.NewVerifier(ring.PublicKeys())
		if err != nil {
			return time.Time{}, false, err
		}
		if issued, ok := verifier.Check(challenge, h.stampScope()); ok {
			return issued, true, nil
		}
	}
	return time.Time{}, false, nil
}

// ownerOf returns who holds the passkey that signed, or ErrNotFound if none
// did as it should.
func (h *Handler) ownerOf(ctx context.Context, a *webauthn.Assertion) (credentials.Owner, error) {
	expectation := webauthn.Expectation{
		Challenge:        a.Challenge,
		UserVerification: h.UserVerification,
		UserHandle:       webauthn.UserHandleRequired,
		RPID:             h.RelyingParty.ID,
	}
	hash := table.Hash(a.CredentialID)
	owner, err := h.Store.Owner(ctx, hash)
	if err != nil && !errors.Is(err, credentials.ErrNotFound) {
		return credentials.Owner{}, fmt.Errorf("reading the owner of a credential id: %w", err)
	}
	// Read also when there is no owner, so that an unknown id costs the same.
	passkey, err := h.Store.Passkey(ctx, owner.Sub, hash)
	if errors.Is(err, credentials.ErrNotFound) {
		_ = h.RelyingParty.RefuseUnknown(a, expectation)
		return credentials.Owner{}, credentials.ErrNotFound
	}
	if err != nil {
		return credentials.Owner{}, fmt.Errorf("reading the passkey: %w", err)
	}
	if _, err := h.RelyingParty.VerifyAssertion(a, &passkey.Record, expectation); err != nil {
		return credentials.Owner{}, credentials.ErrNotFound
	}
	return owner, nil
}
