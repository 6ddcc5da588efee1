package stack

import (
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// ForeignPool is a user pool that the template names by its id, as it is before
// the stack is created.
type ForeignPool struct {
	// Properties are those of an AWS::Cognito::UserPool.
	Properties json.RawMessage
	// Clients are its app clients: client id → properties of an AWS::Cognito::UserPoolClient.
	Clients map[string]json.RawMessage
}

// makeForeignPool makes the user pool to which a custom resource adds triggers,
// if the template names one by its id and so doesn't make it itself.
func (s *Stack) makeForeignPool() error {
	for _, r := range s.template.Resources {
		id, named := r.Properties[provisioning.UserPoolID].(string)
		if r.Type != provisioning.PoolType || !named {
			continue
		}
		pool := s.options.ForeignPool
		if pool == nil {
			var err error
			if pool, err = plainPool(id, r); err != nil {
				return err
			}
		}
		region, account := s.placeOf(id)
		if err := s.openPool(id, region, account, pool.Properties); err != nil {
			return fmt.Errorf("user pool %s, which the stack doesn't make: %w", id, err)
		}
		for clientID, properties := range pool.Clients {
			if err := s.pool.AddClient(clientID, properties); err != nil {
				return fmt.Errorf("user pool %s, which the stack doesn't make: %w", id, err)
			}
		}
	}
	return nil
}

// plainPool is a pool with sign-in by e-mail, as most are, that suits what the
// custom resource asks of it.
func plainPool(id string, r *template.Resource) (*ForeignPool, error) {
	pool := &ForeignPool{Clients: map[string]json.RawMessage{}}
	var err error
	pool.Properties, err = json.Marshal(map[string]any{
		"UsernameAttributes":     []string{"email"},
		"AutoVerifiedAttributes": []string{"email"},
		"UsernameConfiguration":  map[string]bool{"CaseSensitive": fmt.Sprint(r.Properties[provisioning.FoldUserNames]) != "true"},
	})
	if err != nil {
		return nil, err
	}
	clients, _ := r.Properties[provisioning.ClientIDs].([]any)
	for _, client := range clients {
		clientID, named := client.(string)
		if !named {
			continue // the template makes it
		}
		pool.Clients[clientID], err = json.Marshal(map[string]any{
			"UserPoolId":                 id,
			"PreventUserExistenceErrors": "ENABLED",
			"ExplicitAuthFlows": []string{
				"ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
			},
		})
		if err != nil {
			return nil, err
		}
	}
	return pool, nil
}

// placeOf returns the region and the account of a pool: of its ARN, if it stands
// in the template, and otherwise those of the stack.
func (s *Stack) placeOf(id string) (region, account string) {
	text, err := json.Marshal(s.template.Resources)
	if err != nil {
		panic(err) // it came from JSON
	}
	found := regexp.MustCompile(`:cognito-idp:([a-z0-9-]+):([0-9]{12}):userpool/` + regexp.QuoteMeta(id) + `\b`).FindSubmatch(text)
	if found == nil {
		return Region, AccountID
	}
	return string(found[1]), string(found[2])
}
