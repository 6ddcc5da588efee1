// Package corbado is the method of Corbado Connect: the passkeys are with
// Corbado, which signs that a user has just used one, and Corbado's backend API
// says whether what it signed counts.
//
// https://docs.corbado.com/corbado-connect/concepts/signed-passkey-data
package corbado

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// Method is the name of the method.
const Method = provisioning.MethodCorbado

// BaseURL is where Corbado Connect's backend API is.
const BaseURL = "https://backendapi.cloud.corbado.io/v2"

// NewClient returns a client of Corbado's backend API. The secret is the base64
// text of <project id>:<API secret>.
func NewClient(baseURL string, read func(context.Context) (secret.Text, error)) (*provider.Client, error) {
	return provider.New(provider.Service{
		Name:          "Corbado",
		BaseURL:       baseURL,
		Authorization: provider.Authorization{Header: "Authorization", Scheme: "Basic", Secret: read},
	})
}

// unexpected is the error for a reply that is neither a yes nor a no.
func unexpected(r provider.Reply) error {
	if r.Status == http.StatusUnauthorized {
		return fmt.Errorf("%w: the secret must be the base64 text of <project id>:<API secret>", r.Unexpected())
	}
	return r.Unexpected()
}
