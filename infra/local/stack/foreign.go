package stack

import (
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

// ForeignPool is a user pool that the template names by its id, as it is before
// the stack is created for the first time. A state folder keeps what becomes of it.
type ForeignPool struct {
	// Properties are those of an AWS::Cognito::UserPool.
	Properties json.RawMessage
	// Clients are its app clients: client id → properties of an AWS::Cognito::UserPoolClient.
	Clients map[string]json.RawMessage
}

// storedPool is a foreign pool as the last run left it.
type storedPool struct {
	ID         string          `json:"id"`
	Properties json.RawMessage `json:"properties"`
}

// makeForeignPool makes the user pool to which a custom resource adds triggers,
// if the resource names it by its id, so that the template doesn't make it.
func (s *Stack) makeForeignPool() error {
	attachment := s.attachment()
	id, named := attachment[provisioning.UserPoolID].(string)
	if !named {
		return nil
	}
	if err := s.openForeignPool(id, attachment); err != nil {
		return fmt.Errorf("user pool %s, which the stack doesn't make: %w", id, err)
	}
	return nil
}

// attachment returns the properties of the custom resource that adds triggers to
// a pool. If the template has it no more, they are those of the last run, at the
// end of which the resource is deleted.
func (s *Stack) attachment() map[string]any {
	for _, r := range s.template.Resources {
		if r.Type == provisioning.PoolType {
			return r.Properties
		}
	}
	return s.ledger.customOf(provisioning.PoolType).Properties
}

func (s *Stack) openForeignPool(id string, attachment map[string]any) error {
	pool := s.options.ForeignPool
	if pool == nil {
		var err error
		if pool, err = plainPool(id, attachment); err != nil {
			return err
		}
	}
	properties := pool.Properties
	if content, ok := s.keeper.loaded(foreignPoolFile); ok {
		var stored storedPool
		if err := json.Unmarshal(content, &stored); err != nil {
			return fmt.Errorf("reading %s: %w", foreignPoolFile, err)
		}
		if stored.ID == id {
			properties = stored.Properties
		}
	}
	region, account := s.placeOf(id)
	if err := s.openPool(id, region, account, properties); err != nil {
		return err
	}
	for clientID, properties := range pool.Clients {
		if err := s.pool.AddClient(clientID, properties); err != nil {
			return err
		}
	}
	s.keeper.keep(foreignPoolFile, func() ([]byte, error) {
		properties, err := s.pool.Properties()
		if err != nil {
			return nil, err
		}
		return json.Marshal(storedPool{id, properties})
	})
	return nil
}

// plainPool is a pool with sign-in by e-mail, as most are, that suits what the
// custom resource asks of it.
func plainPool(id string, attachment map[string]any) (*ForeignPool, error) {
	pool := &ForeignPool{Clients: map[string]json.RawMessage{}}
	var err error
	pool.Properties, err = json.Marshal(map[string]any{
		"UsernameAttributes":     []string{"email"},
		"AutoVerifiedAttributes": []string{"email"},
		"UsernameConfiguration":  map[string]bool{"CaseSensitive": fmt.Sprint(attachment[provisioning.FoldUserNames]) != "true"},
	})
	if err != nil {
		return nil, err
	}
	byPassword := []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"}
	served := []string{"ALLOW_CUSTOM_AUTH"}
	if fmt.Sprint(attachment[provisioning.WithoutPasswords]) != "true" {
		served = append(served, byPassword...)
	}
	for property, flows := range map[string][]string{provisioning.ClientIDs: served, provisioning.PasswordClientIDs: byPassword} {
		clients, _ := attachment[property].([]any)
		for _, client := range clients {
			clientID, named := client.(string)
			if !named {
				continue // the template makes it
			}
			pool.Clients[clientID], err = json.Marshal(map[string]any{
				"UserPoolId":                 id,
				"PreventUserExistenceErrors": "ENABLED",
				"ExplicitAuthFlows":          append([]string{"ALLOW_REFRESH_TOKEN_AUTH"}, flows...),
			})
			if err != nil {
				return nil, err
			}
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
