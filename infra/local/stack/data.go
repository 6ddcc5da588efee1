package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/awsapi"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/lambdahost"
	"github.com/cognito-passkeys/cognito-passkeys/infra/local/userpool"
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
)

type tableProperties struct {
	TableName            string
	KeySchema            []struct{ AttributeName, KeyType string }
	AttributeDefinitions []struct{ AttributeName, AttributeType string }
}

// makeTable makes a table without secondary indexes and streams.
func (s *Stack) makeTable(logicalID string, properties json.RawMessage) (resource, error) {
	var p tableProperties
	if err := decode(properties, &p); err != nil {
		return resource{}, err
	}
	types := map[string]string{} // attribute → type
	for _, definition := range p.AttributeDefinitions {
		types[definition.AttributeName] = definition.AttributeType
	}
	var keys []awsapi.Key
	for _, key := range p.KeySchema {
		keys = append(keys, awsapi.Key{Name: key.AttributeName, Type: types[key.AttributeName], Role: key.KeyType})
	}
	name := s.ledger.chosen(logicalID, p.TableName, s.named(logicalID))
	return resource{ref: name, attributes: map[string]any{"Arn": arn("dynamodb", "table/"+name)}}, s.services.CreateTable(name, keys)
}

// makeUserPool makes the pool. Its properties are for package userpool to judge.
func (s *Stack) makeUserPool(logicalID string, properties json.RawMessage) (resource, error) {
	id := s.ledger.physical(logicalID, Region+"_"+randomMixed(9))
	if err := s.openPool(id, Region, AccountID, properties); err != nil {
		return resource{}, err
	}
	issuerHost := "cognito-idp." + Region + "." + urlSuffix + "/" + id
	return resource{ref: id, attributes: map[string]any{
		"Arn": s.pool.ARN(), "ProviderName": issuerHost, "ProviderURL": s.pool.Issuer(), "UserPoolId": id,
	}}, nil
}

// openPool makes the stack's one pool, with the users of the last run.
func (s *Stack) openPool(id, region, account string, properties json.RawMessage) error {
	if s.pool != nil {
		return fmt.Errorf("a second user pool is %w", ErrUnknown)
	}
	pool, err := userpool.New(id, properties, userpool.Options{
		Region: region, AccountID: account, Invoke: s.invokeTrigger, Mail: s.options.Mail, Now: s.options.Now,
	})
	if err != nil {
		return err
	}
	if users, ok := s.keeper.loaded(usersFile); ok {
		if err := pool.Restore(users); err != nil {
			return fmt.Errorf("restoring users: %w", err)
		}
	}
	s.pool, s.poolID = pool, id
	s.keeper.keep(usersFile, pool.Snapshot)
	s.services.ServeCognito(s.UserPool(), pool.Permissions)
	return nil
}

// invokeTrigger calls a trigger of the pool, as Cognito does.
func (s *Stack) invokeTrigger(ctx context.Context, functionARN string, event []byte) ([]byte, error) {
	response, err := s.invokeFor(ctx, principalCognito, s.pool.ARN(), functionARN, event)
	if failure := (*lambdahost.FunctionError)(nil); errors.As(err, &failure) {
		return nil, &userpool.FunctionError{Type: failure.Type, Message: failure.Message}
	}
	return response, err
}

func (s *Stack) makeClient(logicalID string, properties json.RawMessage) (resource, error) {
	if s.pool == nil {
		return resource{}, fmt.Errorf("an app client of a pool that no %s names is %w", provisioning.PoolType, ErrUnknown)
	}
	id := s.ledger.physical(logicalID, random(26))
	if err := s.pool.AddClient(id, properties); err != nil {
		return resource{}, err
	}
	attributes := map[string]any{"ClientId": id}
	if secret, ok := s.pool.ClientSecret(id); ok {
		attributes["ClientSecret"] = secret
	}
	return resource{ref: id, attributes: attributes}, nil
}
