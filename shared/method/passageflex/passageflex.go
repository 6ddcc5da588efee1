// Package passageflex is the method of Passage Flex: the passkeys are with
// Passage, whose script on the page takes a transaction and gives a nonce, and
// whose API says once whose nonce it was.
//
// 1Password ended the hosted service on 16 January 2026. What speaks its protocol
// can be named in its place; whoever has users there moves them to own passkeys.
package passageflex

import (
	"context"
	"net/http"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"

	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// Method is the name of the method.
const Method = provisioning.MethodPassage

// BaseURL is where the hosted API was.
const BaseURL = "https://api.passage.id/v1"

// ParameterTransaction is the public challenge parameter for the transaction id.
const ParameterTransaction = "passageTransactionId"

const (
	name   = "Passage"
	header = "Authorization"
	scheme = "Bearer"
)

// App is an app at the service. Every field is required.
type App struct {
	BaseURL string
	ID      string
	APIKey  func(context.Context) (secret.Text, error)

	// TransactionForm is what transaction ids look like, for the ids that are
	// made up for users without a passkey there. The service promises no form.
	TransactionForm service.Form
}

// NewMethod returns the method: the service knows a user by the sub, as its
// external id.
func NewMethod(a App) (*httpprovider.Provider, error) {
	return httpprovider.New(service.Description{
		Method:     Method,
		Service:    name,
		BaseURL:    a.BaseURL,
		Header:     header,
		Scheme:     scheme,
		Identifier: service.Sub,
		Transaction: &service.Transaction{
			Path:      "/apps/" + a.ID + "/transactions/authenticate",
			User:      "/external_id",
			ID:        "/transaction_id",
			Parameter: ParameterTransaction,
			Unknown:   []service.Match{{Status: http.StatusNotFound, Field: "/code", Value: codeUser}},
			Form:      a.TransactionForm,
		},
		Verification: service.Verification{
			Path:   "/apps/" + a.ID + "/authenticate/verify",
			Answer: "/nonce",
			Refused: []service.Match{
				{Status: http.StatusUnauthorized, Field: "/code", Value: codeNonce},
				{Status: http.StatusBadRequest, Field: "/code", Value: codeRequest},
			},
			Returned: "/external_id",
		},
	}, a.APIKey)
}

// Codes of the service's refusals.
const (
	codeNonce   = "invalid_nonce" // also for one that was spent
	codeUser    = "user_not_found"
	codeDevice  = "device_not_found"
	codeRequest = "invalid_request"
)

func (a App) client() (*provider.Client, error) {
	return provider.New(provider.Service{
		Name:          name,
		BaseURL:       a.BaseURL,
		Authorization: provider.Authorization{Header: header, Scheme: scheme, Secret: a.APIKey},
	})
}
