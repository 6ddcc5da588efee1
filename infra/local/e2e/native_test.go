package e2e_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

// registerNatively gives the user a passkey that Cognito keeps.
func (p *program) registerNatively(t *testing.T, u *user, a *passkeytest.Authenticator) {
	t.Helper()
	started, err := p.pool.StartWebAuthnRegistration(t.Context(), &cognito.StartWebAuthnRegistrationInput{AccessToken: u.tokens.AccessToken})
	if err != nil {
		t.Fatalf("starting the registration: %v", err)
	}
	options, err := started.CredentialCreationOptions.MarshalSmithyDocument()
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.Create(options)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.pool.CompleteWebAuthnRegistration(t.Context(), &cognito.CompleteWebAuthnRegistrationInput{
		AccessToken: u.tokens.AccessToken, Credential: document.NewLazyDocument(made.Members()),
	})
	if err != nil {
		t.Fatalf("completing the registration: %v", err)
	}
}

// choose starts a choice-based sign-in; an empty preference asks for the choice.
func (p *program) choose(t *testing.T, name, preferred string) *cognito.InitiateAuthOutput {
	t.Helper()
	parameters := map[string]string{"USERNAME": name}
	if preferred != "" {
		parameters["PREFERRED_CHALLENGE"] = preferred
	}
	begun, err := p.pool.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
		ClientId: &p.Config.UserPoolClientID, AuthFlow: types.AuthFlowTypeUserAuth, AuthParameters: parameters,
	})
	if err != nil {
		t.Fatalf("beginning the choice-based sign-in: %v", err)
	}
	return begun
}

func (p *program) respond(t *testing.T, u *user, challenge types.ChallengeNameType, session *string, parameter, value string) (*cognito.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return p.pool.RespondToAuthChallenge(t.Context(), &cognito.RespondToAuthChallengeInput{
		ClientId: &p.Config.UserPoolClientID, ChallengeName: challenge, Session: session,
		ChallengeResponses: map[string]string{"USERNAME": u.name, parameter: value},
	})
}

// answerNatively signs what a WEB_AUTHN challenge asks for.
func (p *program) answerNatively(t *testing.T, u *user, a *passkeytest.Authenticator, session *string, parameters map[string]string) *types.AuthenticationResultType {
	t.Helper()
	assertion := get(t, a, []byte(parameters["CREDENTIAL_REQUEST_OPTIONS"]))
	done, err := p.respond(t, u, types.ChallengeNameTypeWebAuthn, session, "CREDENTIAL", string(assertion.JSON()))
	if err != nil {
		t.Fatalf("answering by a passkey of Cognito's: %v", err)
	}
	return done.AuthenticationResult
}

func (p *program) signInNatively(t *testing.T, u *user, a *passkeytest.Authenticator) {
	t.Helper()
	begun := p.choose(t, u.name, "WEB_AUTHN")
	if begun.ChallengeName != types.ChallengeNameTypeWebAuthn {
		t.Fatalf("challenge %s, want WEB_AUTHN", begun.ChallengeName)
	}
	u.tokens = p.answerNatively(t, u, a, begun.Session, begun.ChallengeParameters)
}

func (p *program) signInByChoice(t *testing.T, u *user, a *passkeytest.Authenticator) {
	t.Helper()
	begun := p.choose(t, u.name, "")
	if !slices.Contains(begun.AvailableChallenges, types.ChallengeNameTypeWebAuthn) {
		t.Fatalf("%s offers %v, want WEB_AUTHN among them", begun.ChallengeName, begun.AvailableChallenges)
	}
	chosen, err := p.respond(t, u, begun.ChallengeName, begun.Session, "ANSWER", "WEB_AUTHN")
	if err != nil {
		t.Fatalf("choosing: %v", err)
	}
	u.tokens = p.answerNatively(t, u, a, chosen.Session, chosen.ChallengeParameters)
}

func (p *program) nativePasskeys(t *testing.T, u *user) []types.WebAuthnCredentialDescription {
	t.Helper()
	list, err := p.pool.ListWebAuthnCredentials(t.Context(), &cognito.ListWebAuthnCredentialsInput{AccessToken: u.tokens.AccessToken})
	if err != nil {
		t.Fatalf("listing: %v", err)
	}
	return list.Credentials
}

func (p *program) deleteNatively(t *testing.T, u *user, id *string) {
	t.Helper()
	_, err := p.pool.DeleteWebAuthnCredential(t.Context(), &cognito.DeleteWebAuthnCredentialInput{AccessToken: u.tokens.AccessToken, CredentialId: id})
	if err != nil {
		t.Fatalf("deleting: %v", err)
	}
}

// wantRefused checks the exception of a refusal.
func wantRefused(t *testing.T, err error, exception string) {
	t.Helper()
	var refused smithy.APIError
	if !errors.As(err, &refused) || refused.ErrorCode() != exception {
		t.Errorf("got %v, want %s", err, exception)
	}
}

func TestCognitosOwnPasskeysOnly(t *testing.T) {
	t.Parallel()
	p := start(t, "-c native=only -c managedLoginDomainPrefix=example -c managedLoginCallbackUrls=http://localhost")
	if p.Config.APIURL != "" {
		t.Errorf("there is an HTTP API at %s", p.Config.APIURL)
	}
	u := p.signUp(t, "ann@example.com", "ann@example.com")
	phone := passkeytest.NewSynced(p.Origin)
	p.registerNatively(t, u, phone)
	list := p.nativePasskeys(t, u)
	if len(list) != 1 || *list[0].RelyingPartyId != "localhost" {
		t.Fatalf("passkeys %v", list)
	}
	p.signInNatively(t, u, phone)
	p.signInByChoice(t, u, phone)

	begun := p.choose(t, u.name, "WEB_AUTHN")
	p.deleteNatively(t, u, list[0].CredentialId)
	assertion := get(t, phone, []byte(begun.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]))
	_, err := p.respond(t, u, begun.ChallengeName, begun.Session, "CREDENTIAL", string(assertion.JSON()))
	wantRefused(t, err, "NotAuthorizedException")

	_, err = p.pool.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
		ClientId: &p.Config.UserPoolClientID, AuthFlow: types.AuthFlowTypeCustomAuth, AuthParameters: map[string]string{"USERNAME": u.name},
	})
	wantRefused(t, err, "InvalidParameterException")
	if _, page := p.send(t, http.MethodGet, p.Origin+"/", "", nil); !strings.Contains(string(page), p.Config.UserPoolEndpoint) {
		t.Errorf("in place of the demo page there is\n%s", page)
	}
}

// A password and both kinds of passkeys, each with a key of its own, on one app client.
func TestCognitosOwnPasskeysBeside(t *testing.T) {
	t.Parallel()
	p := start(t, "-c native=beside")
	u := p.newUser(t, "ann@example.com", "ann@example.com")
	key := passkeytest.NewDeviceBound(p.Origin)
	key.Algorithm = passkeytest.RS256
	p.registerNatively(t, u, key)

	p.signInByName(t, u)
	p.signInWithoutName(t, u)
	p.signInNatively(t, u, key)
	p.signInByChoice(t, u, key)
	u.tokens = p.signInWithPassword(t, u.name)

	// Neither kind answers for the other.
	begun := p.begin(t, u.name)
	if _, err := key.Get(fido2options(begun)); err == nil {
		t.Error("this stack's own challenge lists a passkey of Cognito's")
	}
	native := p.choose(t, u.name, "WEB_AUTHN")
	if _, err := u.authenticator.Get([]byte(native.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"])); err == nil {
		t.Error("Cognito's challenge lists a passkey of this stack's")
	}
	p.deleteNatively(t, u, p.nativePasskeys(t, u)[0].CredentialId)
	if next := p.choose(t, u.name, "WEB_AUTHN"); next.ChallengeName != types.ChallengeNameTypeSelectChallenge {
		t.Errorf("challenge %s for a user without passkeys of Cognito's", next.ChallengeName)
	}
	p.signInByName(t, u)
}
