// Package vendors makes the methods of vendors from a function's settings, for
// functions that are built with the tag "vendors". It links an HTTP client and
// Parameter Store's, which a function without vendors starts faster without.
package vendors

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/awsclient"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/corbado"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/httpprovider/service"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/passageflex"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provider"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// tokenLifetime is how long a connect token of Corbado's may be spent: its
// holder is about to.
const tokenLifetime = 2 * time.Minute

// Vendors are those that the settings name. A function makes of them what it
// needs, and only the secrets of that are read.
type Vendors struct {
	settings   settings.Vendors
	parameters secret.Getter
}

// New returns the vendors of the settings.
func New(s settings.Vendors, env settings.AWS) (Vendors, error) {
	config, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return Vendors{}, err
	}
	return Vendors{s, parameterstore.New(config)}, nil
}

// secret begins to read the secret in a parameter, and returns what waits for it.
func (v Vendors) secret(parameter string) func(context.Context) (secret.Text, error) {
	text := secret.NewTextParameter(v.parameters, parameter, time.Now)
	text.Prefetch()
	return text.Text
}

// Issuers are the vendors' methods that open a session, for Create.
func (v Vendors) Issuers() ([]customauth.Issuer, error) {
	var issuers []customauth.Issuer
	if v.settings.CorbadoParameter != "" {
		issuers = append(issuers, corbado.Issuer{})
	}
	opaque, err := v.opaque()
	if opaque != nil {
		issuers = append(issuers, opaque)
	}
	return issuers, err
}

// Checkers are the vendors' methods for Verify. opaque is that of the one vendor
// whose answers have no form of their own, or nil.
func (v Vendors) Checkers() (checkers []customauth.Checker, opaque customauth.Checker, err error) {
	if v.settings.CorbadoParameter != "" {
		service, err := v.corbado()
		if err != nil {
			return nil, nil, err
		}
		checkers = append(checkers, corbado.Checker{Service: service})
	}
	method, err := v.opaque()
	if err != nil || method == nil {
		return checkers, nil, err // and not a nil method in an interface
	}
	return checkers, method, nil
}

// Tokens hands out Corbado's connect tokens, for the API. It is nil without Corbado.
func (v Vendors) Tokens() (*corbado.Tokens, error) {
	if v.settings.CorbadoParameter == "" {
		return nil, nil
	}
	service, err := v.corbado()
	if err != nil {
		return nil, err
	}
	return &corbado.Tokens{Service: service, Lifetime: tokenLifetime}, nil
}

// Devices manages passkeys at Passage, for the API. It is nil without Passage.
func (v Vendors) Devices() (*passageflex.Devices, error) {
	if v.settings.PassageParameter == "" {
		return nil, nil
	}
	devices, err := passageflex.NewDevices(v.passage())
	if err != nil {
		return nil, fmt.Errorf("configuring Passage Flex: %w", err)
	}
	return devices, nil
}

func (v Vendors) corbado() (*provider.Client, error) {
	service, err := corbado.NewClient(cmp.Or(v.settings.CorbadoURL, corbado.BaseURL), v.secret(v.settings.CorbadoParameter))
	if err != nil {
		return nil, fmt.Errorf("configuring Corbado: %w", err)
	}
	return service, nil
}

func (v Vendors) passage() passageflex.App {
	return passageflex.App{
		BaseURL: v.settings.PassageURL, ID: v.settings.PassageApp, TransactionForm: service.Form(v.settings.PassageForm),
		APIKey: v.secret(v.settings.PassageParameter),
	}
}

// opaque is the method whose answers have no form of their own, or nil.
func (v Vendors) opaque() (*httpprovider.Provider, error) {
	switch {
	case v.settings.PassageParameter != "":
		method, err := passageflex.NewMethod(v.passage())
		if err != nil {
			return nil, fmt.Errorf("configuring Passage Flex: %w", err)
		}
		return method, nil
	case v.settings.ProviderParameter != "":
		var d service.Description
		if err := json.Unmarshal([]byte(v.settings.Provider), &d); err != nil {
			return nil, fmt.Errorf("reading the description of the provider: %w", err)
		}
		method, err := httpprovider.New(d, v.secret(v.settings.ProviderParameter))
		if err != nil {
			return nil, fmt.Errorf("configuring the provider: %w", err)
		}
		return method, nil
	default:
		return nil, nil
	}
}
