package e2e_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/pquerna/otp/totp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

// backend is a server that signs users in on their behalf.
type backend struct {
	*program
	client *types.UserPoolClientType // the confidential app client
}

// newBackend finds the app client that has a secret, as its owner does in AWS.
func newBackend(t *testing.T, p *program) *backend {
	t.Helper()
	list, err := p.pool.ListUserPoolClients(t.Context(), &cognito.ListUserPoolClientsInput{UserPoolId: &p.Config.UserPoolID})
	if err != nil {
		t.Fatal(err)
	}
	for _, listed := range list.UserPoolClients {
		described, err := p.pool.DescribeUserPoolClient(t.Context(), &cognito.DescribeUserPoolClientInput{
			UserPoolId: &p.Config.UserPoolID, ClientId: listed.ClientId,
		})
		if err != nil {
			t.Fatal(err)
		}
		if described.UserPoolClient.ClientSecret != nil {
			return &backend{p, described.UserPoolClient}
		}
	}
	t.Fatalf("none of %d app clients has a secret", len(list.UserPoolClients))
	return nil
}

// proven adds the user name and SECRET_HASH to parameters.
func (b *backend) proven(name string, parameters map[string]string) map[string]string {
	mac := hmac.New(sha256.New, []byte(*b.client.ClientSecret))
	mac.Write([]byte(name + *b.client.ClientId))
	all := map[string]string{"USERNAME": name, "SECRET_HASH": base64.StdEncoding.EncodeToString(mac.Sum(nil))}
	maps.Copy(all, parameters)
	return all
}

func (b *backend) initiate(t *testing.T, flow types.AuthFlowType, parameters map[string]string) (*cognito.AdminInitiateAuthOutput, error) {
	t.Helper()
	return b.pool.AdminInitiateAuth(t.Context(), &cognito.AdminInitiateAuthInput{
		UserPoolId: &b.Config.UserPoolID, ClientId: b.client.ClientId, AuthFlow: flow, AuthParameters: parameters,
	})
}

// respond answers a challenge and returns the tokens.
func (b *backend) respond(t *testing.T, begun *cognito.AdminInitiateAuthOutput, name string, answers map[string]string) *types.AuthenticationResultType {
	t.Helper()
	answered, err := b.pool.AdminRespondToAuthChallenge(t.Context(), &cognito.AdminRespondToAuthChallengeInput{
		UserPoolId: &b.Config.UserPoolID, ClientId: b.client.ClientId, ChallengeName: begun.ChallengeName,
		Session: begun.Session, ChallengeResponses: b.proven(name, answers),
	})
	if err != nil || answered.AuthenticationResult == nil {
		t.Fatalf("answering %s: %+v, %v", begun.ChallengeName, answered, err)
	}
	return answered.AuthenticationResult
}

// newCustomer makes a user as a backend does: marked, with a password of its own.
func (b *backend) newCustomer(t *testing.T, email string) *user {
	t.Helper()
	_, err := b.pool.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: &b.Config.UserPoolID, Username: &email, MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: &email}, {Name: aws.String("email_verified"), Value: aws.String("true")},
			{Name: aws.String("custom:created_by"), Value: aws.String("passkeys")},
		},
	})
	if err != nil {
		t.Fatalf("creating the user: %v", err)
	}
	_, err = b.pool.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{
		UserPoolId: &b.Config.UserPoolID, Username: &email, Password: aws.String(password), Permanent: true,
	})
	if err != nil {
		t.Fatalf("setting the password: %v", err)
	}
	return &user{name: email, email: email, authenticator: passkeytest.NewSynced(b.Origin)}
}

// addAuthenticatorApp switches MFA on for a user and returns the app's secret.
func (b *backend) addAuthenticatorApp(t *testing.T, token *string) string {
	t.Helper()
	associated, err := b.pool.AssociateSoftwareToken(t.Context(), &cognito.AssociateSoftwareTokenInput{AccessToken: token})
	if err != nil {
		t.Fatal(err)
	}
	code := appCode(t, *associated.SecretCode, time.Now())
	if _, err := b.pool.VerifySoftwareToken(t.Context(), &cognito.VerifySoftwareTokenInput{AccessToken: token, UserCode: &code}); err != nil {
		t.Fatal(err)
	}
	_, err = b.pool.SetUserMFAPreference(t.Context(), &cognito.SetUserMFAPreferenceInput{
		AccessToken: token, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *associated.SecretCode
}

func appCode(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// A backend proves itself by its secret. The user's authenticator app guards the
// password; a passkey is two factors already, and custom authentication skips MFA.
func TestSignInFromABackend(t *testing.T) {
	t.Parallel()
	b := newBackend(t, start(t, "-c backendClient=true -c mfa=optional"))
	u := b.newCustomer(t, "dora@example.com")
	byPassword := b.proven(u.name, map[string]string{"PASSWORD": password})

	begun, err := b.initiate(t, types.AuthFlowTypeAdminUserPasswordAuth, byPassword)
	if err != nil || begun.AuthenticationResult == nil {
		t.Fatalf("signing in by password: %+v, %v", begun, err)
	}
	u.tokens = begun.AuthenticationResult
	b.register(t, u)

	app := b.addAuthenticatorApp(t, u.tokens.AccessToken)
	begun, err = b.initiate(t, types.AuthFlowTypeAdminUserPasswordAuth, byPassword)
	if err != nil || begun.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("the password alone led to %+v, %v", begun, err)
	}
	next := appCode(t, app, time.Now().Add(30*time.Second)) // no code counts twice
	b.respond(t, begun, begun.ChallengeParameters["USER_ID_FOR_SRP"], map[string]string{"SOFTWARE_TOKEN_MFA_CODE": next})

	begun, err = b.initiate(t, types.AuthFlowTypeCustomAuth, b.proven(u.name, nil))
	if err != nil {
		t.Fatal(err)
	}
	assertion := get(t, u.authenticator, []byte(begun.ChallengeParameters["fido2options"]))
	u.tokens = b.respond(t, begun, begun.ChallengeParameters["USERNAME"], map[string]string{"ANSWER": string(assertion.JSON())})
	b.Config.UserPoolClientID = *b.client.ClientId // whom the tokens are for
	b.wantTokens(t, u)
	if list := b.list(t, u); len(list) != 1 || list[0].LastUsedAt == nil {
		t.Errorf("passkeys are %+v", list)
	}

	for title, parameters := range map[string]map[string]string{
		"without its secret":   {"USERNAME": u.name},
		"with another's proof": {"USERNAME": u.name, "SECRET_HASH": b.proven("eve@example.com", nil)["SECRET_HASH"]},
	} {
		var refused *types.NotAuthorizedException
		if _, err := b.initiate(t, types.AuthFlowTypeCustomAuth, parameters); !errors.As(err, &refused) {
			t.Errorf("a backend %s gets %v, want NotAuthorizedException", title, err)
		}
	}
}
