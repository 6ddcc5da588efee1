package assemblytest

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool/userpooltest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
)

// Record keeps what a stack logs and mails. The zero value is empty.
type Record struct {
	passkeytest.Log

	mu   sync.Mutex
	code string // in the latest mail
}

// Mail takes a message of the pool's.
func (r *Record) Mail(m userpool.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.code = m.Code
}

// Code returns the code in the latest mail.
func (r *Record) Code() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.code
}

// address is the visitor's.
const address = "ann@example.com"

// Visitor is a person at an app client of a pool whose triggers are the
// assembly's function: it takes "yes" for the answer.
type Visitor struct {
	API      *cognitoidentityprovider.Client
	ClientID string
}

// Visit returns a visitor of a pool.
func Visit(pool http.Handler, clientID string) Visitor {
	return Visitor{userpooltest.ClientOf(pool), clientID}
}

// SignUp makes the visitor a confirmed user, with the code that the pool mails to r.
func (v Visitor) SignUp(t testing.TB, r *Record, attributes ...types.AttributeType) {
	t.Helper()
	if _, err := v.API.SignUp(t.Context(), &cognitoidentityprovider.SignUpInput{
		ClientId: &v.ClientID, Username: aws.String(address), Password: aws.String("Correct-Horse-1-Battery"), UserAttributes: attributes,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.API.ConfirmSignUp(t.Context(), &cognitoidentityprovider.ConfirmSignUpInput{
		ClientId: &v.ClientID, Username: aws.String(address), ConfirmationCode: aws.String(r.Code()),
	}); err != nil {
		t.Fatal(err)
	}
}

// SignIn signs the visitor in through the triggers.
func (v Visitor) SignIn(ctx context.Context, answer string) (*types.AuthenticationResultType, error) {
	begun, err := v.API.InitiateAuth(ctx, &cognitoidentityprovider.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: &v.ClientID, AuthParameters: map[string]string{"USERNAME": address},
	})
	if err != nil {
		return nil, err
	}
	done, err := v.API.RespondToAuthChallenge(ctx, &cognitoidentityprovider.RespondToAuthChallengeInput{
		ChallengeName: begun.ChallengeName, ClientId: &v.ClientID, Session: begun.Session,
		ChallengeResponses: map[string]string{"USERNAME": begun.ChallengeParameters["USERNAME"], "ANSWER": answer},
	})
	if err != nil {
		return nil, err
	}
	return done.AuthenticationResult, nil
}
