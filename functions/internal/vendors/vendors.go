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
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret/parameterstore"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// tokenLifetime is how long a connect token of Corbado's may be spent: its
// holder is about to.
const tokenLifetime = 2 * time.Minute

// Vendors are those that the settings name.
type Vendors struct {
	Issuers  []customauth.Issuer
	Checkers []customauth.Checker
	Opaque   customauth.Checker // of the one vendor whose answers have no form of their own; nil if there is none
	Corbado  *corbado.Tokens
	Passage  *passageflex.Devices
}

// New returns the vendors of the settings, and begins to read their secrets.
func New(s settings.Vendors, env settings.AWS) (Vendors, error) {
	config, err := awsclient.Config(env, env.SSM)
	if err != nil {
		return Vendors{}, err
	}
	secretIn := func(parameter string) func(context.Context) (secret.Text, error) {
		text := secret.NewTextParameter(parameterstore.New(config), parameter, time.Now)
		text.Prefetch()
		return text.Text
	}
	var v Vendors
	if s.CorbadoParameter != "" {
		err = v.addCorbado(cmp.Or(s.CorbadoURL, corbado.BaseURL), secretIn(s.CorbadoParameter))
	}
	if err == nil && s.PassageParameter != "" {
		err = v.addPassage(passageflex.App{
			BaseURL: s.PassageURL, ID: s.PassageApp, APIKey: secretIn(s.PassageParameter), TransactionForm: service.Form(s.PassageForm),
		})
	}
	if err == nil && s.ProviderParameter != "" {
		err = v.addProvider(s.Provider, secretIn(s.ProviderParameter))
	}
	return v, err
}

func (v *Vendors) addCorbado(baseURL string, read func(context.Context) (secret.Text, error)) error {
	service, err := corbado.NewClient(baseURL, read)
	if err != nil {
		return fmt.Errorf("configuring Corbado: %w", err)
	}
	v.Issuers = append(v.Issuers, corbado.Issuer{})
	v.Checkers = append(v.Checkers, corbado.Checker{Service: service})
	v.Corbado = &corbado.Tokens{Service: service, Lifetime: tokenLifetime}
	return nil
}

func (v *Vendors) addPassage(app passageflex.App) error {
	method, err := passageflex.NewMethod(app)
	if err != nil {
		return fmt.Errorf("configuring Passage Flex: %w", err)
	}
	if v.Passage, err = passageflex.NewDevices(app); err != nil {
		return fmt.Errorf("configuring Passage Flex: %w", err)
	}
	v.addOpaque(method)
	return nil
}

func (v *Vendors) addProvider(description string, read func(context.Context) (secret.Text, error)) error {
	var d service.Description
	if err := json.Unmarshal([]byte(description), &d); err != nil {
		return fmt.Errorf("reading the description of the provider: %w", err)
	}
	method, err := httpprovider.New(d, read)
	if err != nil {
		return fmt.Errorf("configuring the provider: %w", err)
	}
	v.addOpaque(method)
	return nil
}

func (v *Vendors) addOpaque(method *httpprovider.Provider) {
	v.Issuers = append(v.Issuers, method)
	v.Opaque = method
}
