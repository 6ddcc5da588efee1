package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/gateway"
)

// keySetPath is where the internal server has the keys of the pool's tokens.
const keySetPath = "/.well-known/jwks.json"

func (s *Stack) makeAPI(logicalID string, properties json.RawMessage) (resource, error) {
	if s.api != nil {
		return resource{}, fmt.Errorf("a second HTTP API is %w", ErrUnknown)
	}
	var p gateway.Properties
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	id := s.ledger.physical(logicalID, random(10))
	api, err := gateway.New(p, gateway.Options{
		ID: id, Region: Region, AccountID: AccountID, Log: s.log, Now: s.options.Now,
		KeySetURL: s.keySetURL,
		Invoke: func(ctx context.Context, call gateway.Call) ([]byte, error) {
			return s.invokeFor(ctx, principalAPI, call.SourceARN, call.FunctionARN, call.Event)
		},
	})
	s.api, s.apiID = api, id
	return resource{ref: id, attributes: map[string]any{"ApiId": id, "ApiEndpoint": s.APIEndpoint()}}, err
}

// keySetURL knows one issuer, the stack's own pool.
func (s *Stack) keySetURL(issuer string) (string, error) {
	if s.pool == nil || issuer != s.pool.Issuer() {
		return "", fmt.Errorf("the issuer %q is not the stack's user pool and so %w", issuer, ErrUnknown)
	}
	return s.address + keySetPath, nil
}

// ofAPI decodes the properties of a part of the API and checks that it is the
// stack's own.
func (s *Stack) ofAPI(properties json.RawMessage, into any, apiID *string) error {
	if err := decode(properties, into); err != nil {
		return err
	}
	if s.api == nil || *apiID != s.apiID {
		return fmt.Errorf("the API %q is outside the stack and so %w", *apiID, ErrUnknown)
	}
	return nil
}

func (s *Stack) makeIntegration(logicalID string, properties json.RawMessage) (resource, error) {
	var p gateway.IntegrationProperties
	if err := s.ofAPI(properties, &p, &p.APIID); err != nil {
		return resource{}, err
	}
	id := s.ledger.physical(logicalID, random(7))
	return resource{ref: id}, s.api.AddIntegration(id, p)
}

func (s *Stack) makeAuthorizer(logicalID string, properties json.RawMessage) (resource, error) {
	var p gateway.AuthorizerProperties
	if err := s.ofAPI(properties, &p, &p.APIID); err != nil {
		return resource{}, err
	}
	id := s.ledger.physical(logicalID, random(6))
	return resource{ref: id, attributes: map[string]any{"AuthorizerId": id}}, s.api.AddAuthorizer(id, p)
}

func (s *Stack) makeRoute(logicalID string, properties json.RawMessage) (resource, error) {
	var p gateway.RouteProperties
	if err := s.ofAPI(properties, &p, &p.APIID); err != nil {
		return resource{}, err
	}
	id := s.ledger.physical(logicalID, random(7))
	return resource{ref: id, attributes: map[string]any{"RouteId": id}}, s.api.AddRoute(p)
}

func (s *Stack) makeStage(_ string, properties json.RawMessage) (resource, error) {
	var p gateway.StageProperties
	if err := s.ofAPI(properties, &p, &p.APIID); err != nil {
		return resource{}, err
	}
	return resource{ref: p.StageName}, s.api.AddStage(p)
}

// LocalURL turns an address of the HTTP API on AWS into that under base, without
// a slash at the end.
func (s *Stack) LocalURL(address, base string) (string, error) {
	path, ok := strings.CutPrefix(address, s.APIEndpoint())
	if !ok {
		return "", fmt.Errorf("%q is no address of the stack's HTTP API", address)
	}
	return base + strings.TrimSuffix(path, "/"), nil
}
