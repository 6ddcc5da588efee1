package ticket_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// A backend has checked a user's one-time password itself, and now wants tokens
// of Cognito for that user.
func ExampleSigner() {
	// In AWS the key comes from the parameter that the backend alone may read:
	//
	//	secret.NewParameter(parameterstore.New(cfg), "/passkeys/Accounts/Passkeys/ticket", time.Now).Current
	ring, err := secret.NewRing(secret.Signing, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	signer := ticket.Signer{
		Kind:   ticket.Backend,
		PoolID: "eu-central-1_Example00",
		Key:    func(context.Context) (secret.Key, error) { return ring.Current(), nil },
		Now:    time.Now,
	}
	answer, err := signer.Sign(context.Background(), ticket.Grant{
		ClientID: "0123456789abcdefghijklmnop",
		Sub:      "5f0c8d2e-0000-4000-8000-000000000001",
		Methods:  []string{"otp"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Start the user's sign-in with AdminInitiateAuth, AuthFlow CUSTOM_AUTH, and
	// give the ticket as ANSWER of AdminRespondToAuthChallenge, ChallengeName
	// CUSTOM_CHALLENGE. Or hand it to the user's own client, which signs in with
	// signIn({username, options: {authFlowType: "CUSTOM_WITHOUT_SRP"}}) and
	// confirmSignIn({challengeResponse: ticket}) of Amplify.
	parts := strings.Split(answer, ".")
	fmt.Println(parts[0], "and", len(parts)-1, "more parts")
	// Output: tk1 and 2 more parts
}
