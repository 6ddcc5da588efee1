package userpool_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

const (
	nativeID = "nativeclient"
	page     = "http://localhost:8080"
)

// signInPolicy is the property Policies with first factors.
func signInPolicy(factors ...string) properties {
	return properties{"SignInPolicy": properties{"AllowedFirstAuthFactors": factors}}
}

// nativePool has passkeys of Cognito's own beside the triggers.
var nativePool = emailPool.with(properties{
	"UserPoolTier":             "ESSENTIALS",
	"Policies":                 signInPolicy("PASSWORD", "WEB_AUTHN", "EMAIL_OTP"),
	"WebAuthnRelyingPartyID":   "localhost",
	"WebAuthnUserVerification": "required",
})

var nativeClient = publicClient.with(properties{
	"ExplicitAuthFlows": []string{"ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
})

// newNative makes a pool that has a client for choice-based sign-in.
func newNative(t *testing.T, pool properties) *fixture {
	t.Helper()
	f := newUnserved(t, pool)
	if err := f.pool.AddClient(nativeID, nativeClient.json(t)); err != nil {
		t.Fatal(err)
	}
	return f
}

// creationOptions starts a registration.
func (f *fixture) creationOptions(token *string) []byte {
	f.Helper()
	started := must[*cognito.StartWebAuthnRegistrationOutput](f)(
		f.api.StartWebAuthnRegistration(f.Context(), &cognito.StartWebAuthnRegistrationInput{AccessToken: token}))
	return must[[]byte](f)(started.CredentialCreationOptions.MarshalSmithyDocument())
}

func (f *fixture) complete(token *string, answer *passkeytest.Registration) error {
	_, err := f.api.CompleteWebAuthnRegistration(f.Context(), &cognito.CompleteWebAuthnRegistrationInput{
		AccessToken: token, Credential: document.NewLazyDocument(answer.Members()),
	})
	return err
}

// register makes a passkey and keeps it.
func (f *fixture) register(token *string, a *passkeytest.Authenticator) {
	f.Helper()
	if err := f.complete(token, must[*passkeytest.Registration](f)(a.Create(f.creationOptions(token)))); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) listPasskeys(token *string) []types.WebAuthnCredentialDescription {
	f.Helper()
	return must[*cognito.ListWebAuthnCredentialsOutput](f)(
		f.api.ListWebAuthnCredentials(f.Context(), &cognito.ListWebAuthnCredentialsInput{AccessToken: token})).Credentials
}

func TestRegistrationOptions(t *testing.T) {
	f := newNative(t, nativePool)
	sub := f.signUp(address)
	token := f.tokens(address).AccessToken
	f.register(token, passkeytest.NewSynced(page))
	var options struct {
		RP                     struct{ ID, Name string }
		User                   struct{ ID, Name, DisplayName string }
		Challenge              string
		PubKeyCredParams       []struct{ Alg int }
		Timeout                int
		ExcludeCredentials     []struct{ ID string }
		AuthenticatorSelection struct{ ResidentKey, UserVerification string }
	}
	if err := json.Unmarshal(f.creationOptions(token), &options); err != nil {
		t.Fatal(err)
	}
	handle, err := base64.RawURLEncoding.DecodeString(options.User.ID)
	if err != nil || string(handle) != sub || options.User.Name != address || options.User.DisplayName != address {
		t.Errorf("user %+v with handle %q, %v", options.User, handle, err)
	}
	if options.RP.ID != "localhost" || len(options.Challenge) != 43 || options.Timeout != 60000 || len(options.ExcludeCredentials) != 1 {
		t.Errorf("options %+v", options)
	}
	if algorithms := options.PubKeyCredParams; len(algorithms) != 2 || algorithms[0].Alg != -7 || algorithms[1].Alg != -257 {
		t.Errorf("algorithms %v, want ES256 and RS256", algorithms)
	}
	if s := options.AuthenticatorSelection; s.ResidentKey != "required" || s.UserVerification != "required" {
		t.Errorf("authenticator selection %+v", s)
	}
}

func TestListAndDeletePasskeys(t *testing.T) {
	f := newNative(t, nativePool)
	f.signUp(address)
	token := f.tokens(address).AccessToken
	google := passkeytest.NewSynced(page)
	google.AAGUID = [16]byte{0xea, 0x9b, 0x8d, 0x66, 0x4d, 0x01, 0x1d, 0x21, 0x3c, 0xe4, 0xb6, 0xb4, 0x8c, 0xb5, 0x75, 0xd4}
	key := passkeytest.NewDeviceBound(page)
	key.Algorithm = passkeytest.RS256
	f.register(token, google)
	f.advance(time.Minute)
	f.register(token, key)

	list := f.listPasskeys(token)
	if len(list) != 2 {
		t.Fatalf("%d passkeys, want 2", len(list))
	}
	first, second := list[0], list[1]
	if *first.FriendlyCredentialName != "Google Password Manager" || *second.FriendlyCredentialName != "Passkey" {
		t.Errorf("names %q and %q", *first.FriendlyCredentialName, *second.FriendlyCredentialName)
	}
	if *first.CredentialId != base64.RawURLEncoding.EncodeToString(google.Passkeys[0].ID) || *first.RelyingPartyId != "localhost" ||
		*first.AuthenticatorAttachment != "platform" || !slices.Equal(first.AuthenticatorTransports, google.Transports) {
		t.Errorf("passkey %s of %s, %s by %v", *first.CredentialId, *first.RelyingPartyId, *first.AuthenticatorAttachment, first.AuthenticatorTransports)
	}
	if second.CreatedAt.Sub(*first.CreatedAt) != time.Minute {
		t.Errorf("created at %s and %s", first.CreatedAt, second.CreatedAt)
	}

	// Page by page.
	one := must[*cognito.ListWebAuthnCredentialsOutput](t)(f.api.ListWebAuthnCredentials(t.Context(),
		&cognito.ListWebAuthnCredentialsInput{AccessToken: token, MaxResults: aws.Int32(1)}))
	two := must[*cognito.ListWebAuthnCredentialsOutput](t)(f.api.ListWebAuthnCredentials(t.Context(),
		&cognito.ListWebAuthnCredentialsInput{AccessToken: token, MaxResults: aws.Int32(1), NextToken: one.NextToken}))
	if *one.Credentials[0].CredentialId != *first.CredentialId || *two.Credentials[0].CredentialId != *second.CredentialId || two.NextToken != nil {
		t.Errorf("pages %v and %v", one, two)
	}
	_, err := f.api.ListWebAuthnCredentials(t.Context(), &cognito.ListWebAuthnCredentialsInput{AccessToken: token, NextToken: aws.String("x")})
	wantError(t, err, "InvalidParameterException", "NextToken")

	remove := &cognito.DeleteWebAuthnCredentialInput{AccessToken: token, CredentialId: first.CredentialId}
	must[*cognito.DeleteWebAuthnCredentialOutput](t)(f.api.DeleteWebAuthnCredential(t.Context(), remove))
	_, err = f.api.DeleteWebAuthnCredential(t.Context(), remove)
	wantError(t, err, "ResourceNotFoundException", "no such credential")
	if list := f.listPasskeys(token); len(list) != 1 || *list[0].CredentialId != *second.CredentialId {
		t.Errorf("left is %v", list)
	}
}

func TestRegistrationRefusals(t *testing.T) {
	f := newNative(t, nativePool)
	f.signUp(address)
	token := f.tokens(address).AccessToken
	for _, tc := range []struct {
		name             string
		authenticator    func(*passkeytest.Authenticator)
		tamper           passkeytest.Tamper
		after            time.Duration
		exception, words string
	}{
		{name: "rejects a page of another site", authenticator: func(a *passkeytest.Authenticator) { a.Origin = "https://example.com" },
			exception: "WebAuthnOriginNotAllowedException", words: "origin"},
		{name: "rejects a frame of another site", tamper: func(c *passkeytest.Ceremony) { c.ClientData["crossOrigin"] = true },
			exception: "WebAuthnOriginNotAllowedException", words: "frame"},
		{name: "rejects another relying party", tamper: func(c *passkeytest.Ceremony) { c.RPID = "example.com" },
			exception: "WebAuthnRelyingPartyMismatchException", words: "relying party"},
		{name: "rejects an unverified user", authenticator: func(a *passkeytest.Authenticator) { a.Flags = passkeytest.UserPresent },
			exception: "WebAuthnCredentialNotSupportedException", words: "UV is not set"},
		{name: "rejects an algorithm that Cognito doesn't have", authenticator: func(a *passkeytest.Authenticator) { a.Algorithm = passkeytest.EdDSA },
			exception: "WebAuthnCredentialNotSupportedException", words: "was not offered"},
		{name: "rejects a challenge that nobody issued",
			tamper: func(c *passkeytest.Ceremony) {
				c.ClientData["challenge"] = base64.RawURLEncoding.EncodeToString(make([]byte, 32))
			},
			exception: "WebAuthnChallengeNotFoundException", words: "not found"},
		{name: "rejects an answer that comes too late", after: 4 * time.Minute,
			exception: "WebAuthnChallengeNotFoundException", words: "expired"},
		{name: "rejects an answer of another kind", tamper: func(c *passkeytest.Ceremony) { c.ClientData["type"] = "webauthn.get" },
			exception: "InvalidParameterException", words: "webauthn.create"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := passkeytest.NewSynced(page)
			if tc.authenticator != nil {
				tc.authenticator(a)
			}
			var tampers []passkeytest.Tamper
			if tc.tamper != nil {
				tampers = append(tampers, tc.tamper)
			}
			made := must[*passkeytest.Registration](t)(a.Create(f.creationOptions(token), tampers...))
			f.advance(tc.after)
			wantError(t, f.complete(token, made), tc.exception, tc.words)
			if list := f.listPasskeys(token); len(list) != 0 {
				t.Errorf("%d passkeys were kept", len(list))
			}
		})
	}
}

func TestRegistrationIsBoundToUserClientAndOneAnswer(t *testing.T) {
	f := newNative(t, nativePool)
	f.signUp(address)
	f.signUp("bob@example.com")
	alice, bob := f.tokens(address).AccessToken, f.tokens("bob@example.com").AccessToken
	elsewhere := must[*cognito.InitiateAuthOutput](t)(f.initiate(nativeID, types.AuthFlowTypeUserPasswordAuth,
		map[string]string{"USERNAME": address, "PASSWORD": password})).AuthenticationResult.AccessToken

	a := passkeytest.NewSynced(page)
	wantError(t, f.complete(bob, must[*passkeytest.Registration](t)(a.Create(f.creationOptions(alice)))),
		"WebAuthnChallengeNotFoundException", "not found")
	wantError(t, f.complete(elsewhere, must[*passkeytest.Registration](t)(a.Create(f.creationOptions(alice)))),
		"WebAuthnClientMismatchException", "another app client")

	made := must[*passkeytest.Registration](t)(a.Create(f.creationOptions(alice)))
	if err := f.complete(alice, made); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.complete(alice, made), "WebAuthnChallengeNotFoundException", "answered before")

	// Bob answers his own challenge with the id of Alice's passkey.
	taken := made.CredentialID
	stolen := must[*passkeytest.Registration](t)(a.Create(f.creationOptions(bob), func(c *passkeytest.Ceremony) {
		publicKey := must[[]byte](t)(passkeytest.PublicKey(c.Key))
		c.Attested = passkeytest.AttestedCredential(a.AAGUID, taken, publicKey)
	}))
	stolen.CredentialID = taken
	wantError(t, f.complete(bob, stolen), "InvalidParameterException", "registered already")
}

func TestTwentyPasskeysAreTheMost(t *testing.T) {
	f := newNative(t, nativePool)
	f.signUp(address)
	token := f.tokens(address).AccessToken
	late := must[*passkeytest.Registration](t)(passkeytest.NewSynced(page).Create(f.creationOptions(token)))
	for range 20 {
		f.register(token, passkeytest.NewSynced(page))
	}
	_, err := f.api.StartWebAuthnRegistration(t.Context(), &cognito.StartWebAuthnRegistrationInput{AccessToken: token})
	wantError(t, err, "LimitExceededException", "20 passkeys")
	wantError(t, f.complete(token, late), "LimitExceededException", "20 passkeys")
}

func TestPasskeysMustBeSwitchedOn(t *testing.T) {
	for _, tc := range []struct {
		name      string
		pool      properties
		exception string
	}{
		{"rejects a pool of passwords", nativePool.with(properties{"Policies": signInPolicy("PASSWORD")}), "WebAuthnNotEnabledException"},
		{"rejects a pool without a policy", emailPool, "WebAuthnNotEnabledException"},
		{"rejects a pool without a relying party", nativePool.with(properties{"WebAuthnRelyingPartyID": ""}), "WebAuthnConfigurationMissingException"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newUnserved(t, tc.pool)
			f.signUp(address)
			_, err := f.api.StartWebAuthnRegistration(t.Context(),
				&cognito.StartWebAuthnRegistrationInput{AccessToken: f.tokens(address).AccessToken})
			wantError(t, err, tc.exception, "")
		})
	}
}

func TestPasskeysTakeAnAccessToken(t *testing.T) {
	f := newNative(t, nativePool)
	f.signUp(address)
	id := f.tokens(address).IdToken
	_, start := f.api.StartWebAuthnRegistration(t.Context(), &cognito.StartWebAuthnRegistrationInput{AccessToken: id})
	_, list := f.api.ListWebAuthnCredentials(t.Context(), &cognito.ListWebAuthnCredentialsInput{AccessToken: id})
	_, remove := f.api.DeleteWebAuthnCredential(t.Context(), &cognito.DeleteWebAuthnCredentialInput{AccessToken: id, CredentialId: aws.String("x")})
	for _, err := range []error{start, list, remove} {
		wantError(t, err, "NotAuthorizedException", "Access Token")
	}
}

func TestSnapshotKeepsPasskeys(t *testing.T) {
	f := newNative(t, nativePool)
	f.signUp(address)
	a := passkeytest.NewSynced(page)
	f.register(f.tokens(address).AccessToken, a)
	if err := f.pool.Restore(must[[]byte](t)(f.pool.Snapshot())); err != nil {
		t.Fatal(err)
	}
	f.signInByPasskey(a)
}

func TestSignInPolicyRefusals(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change properties
		want   string
	}{
		{"rejects passkeys on Lite", properties{"UserPoolTier": "LITE"}, "UserPoolTier LITE has passwords only"},
		{"rejects a relying party on Lite", properties{"UserPoolTier": "LITE", "Policies": signInPolicy("PASSWORD")}, "UserPoolTier LITE has passwords only"},
		{"rejects an unknown tier", properties{"UserPoolTier": "FREE"}, `UserPoolTier "FREE"`},
		{"rejects a policy without passwords", properties{"Policies": signInPolicy("WEB_AUTHN")}, "want PASSWORD among them"},
		{"rejects codes by text message", properties{"Policies": signInPolicy("PASSWORD", "SMS_OTP")}, `AllowedFirstAuthFactors "SMS_OTP"`},
		{"rejects an unknown factor configuration", properties{"WebAuthnFactorConfiguration": "TWO"}, `WebAuthnFactorConfiguration "TWO"`},
		{"rejects an unknown user verification", properties{"WebAuthnUserVerification": "discouraged"}, `WebAuthnUserVerification "discouraged"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := userpool.New(poolID, nativePool.with(tc.change).json(t), (&fixture{T: t}).options())
			wantWords(t, err, tc.want)
		})
	}
	lite := maps.Clone(emailPool)
	pool := must[*userpool.Pool](t)(userpool.New(poolID, lite.json(t), (&fixture{T: t}).options()))
	wantWords(t, pool.AddClient(nativeID, nativeClient.json(t)), "choice-based sign-in takes ESSENTIALS or PLUS")
}
