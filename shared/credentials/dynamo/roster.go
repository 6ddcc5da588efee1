package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Person implements credentials.Store.
func (s *Store) Person(ctx context.Context, name string) (credentials.Person, error) {
	i, err := s.get(ctx, table.PersonPK(name), table.PersonSK)
	if err != nil {
		return credentials.Person{}, err
	}
	return credentials.Person{
		Address:  i.bytes(table.Address),
		Holder:   i.text(table.Holder),
		Reserved: i.time(table.Expires),
		Sub:      i.text(table.Sub),
	}, nil
}

// SetPerson implements credentials.Store.
func (s *Store) SetPerson(ctx context.Context, name string, before, after credentials.Person) error {
	put := s.putPerson(name, before, after)
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                 put.TableName,
		Item:                      put.Item,
		ConditionExpression:       put.ConditionExpression,
		ExpressionAttributeNames:  put.ExpressionAttributeNames,
		ExpressionAttributeValues: put.ExpressionAttributeValues,
	})
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return credentials.ErrCondition
	}
	return err
}

// MovePerson implements credentials.Store.
func (s *Store) MovePerson(ctx context.Context, from, to string, before, after credentials.Person) error {
	var e expression
	e.isPerson(before)
	err := s.transact(ctx,
		types.TransactWriteItem{Delete: &types.Delete{
			TableName:                 &s.table,
			Key:                       key(table.PersonPK(from), table.PersonSK),
			ConditionExpression:       e.conditions(),
			ExpressionAttributeNames:  e.names,
			ExpressionAttributeValues: e.values,
		}},
		types.TransactWriteItem{Put: s.putPerson(to, credentials.Person{}, after)})
	var cancelled *cancelledError
	switch {
	case !errors.As(err, &cancelled):
		return err
	case cancelled.condition(0), cancelled.condition(1):
		return credentials.ErrCondition
	default:
		return cancelled.fault()
	}
}

func (s *Store) putPerson(name string, before, after credentials.Person) *types.Put {
	var e expression
	e.isPerson(before)
	i := key(table.PersonPK(name), table.PersonSK)
	i[table.Address] = bytes(after.Address)
	if after.Holder != "" {
		i[table.Holder], i[table.Expires] = text(after.Holder), millis(after.Reserved)
	}
	if after.Sub != "" {
		i[table.Sub] = text(after.Sub)
	}
	return &types.Put{
		TableName:                 &s.table,
		Item:                      i,
		ConditionExpression:       e.conditions(),
		ExpressionAttributeNames:  e.names,
		ExpressionAttributeValues: e.values,
	}
}

// isPerson demands that the item is as p says: absent if p is the zero Person.
func (e *expression) isPerson(p credentials.Person) {
	e.is(table.Address, bytes(p.Address), len(p.Address) > 0)
	e.is(table.Holder, text(p.Holder), p.Holder != "")
	e.is(table.Expires, millis(p.Reserved), p.Holder != "")
	e.is(table.Sub, text(p.Sub), p.Sub != "")
}

// is demands that an attribute has a value, or is not there.
func (e *expression) is(attribute string, value types.AttributeValue, present bool) {
	name := e.name(attribute)
	if present {
		e.condition(name + " = " + e.value(value))
	} else {
		e.condition("attribute_not_exists(" + name + ")")
	}
}

// Arrival implements credentials.Store.
func (s *Store) Arrival(ctx context.Context, name string) (credentials.Place, error) {
	i, err := s.get(ctx, table.ArrivalPK(name), table.ArrivalSK)
	if err != nil {
		return credentials.Place{}, err
	}
	return credentials.Place{Key: i.text(table.Entry), Address: i.bytes(table.Address)}, nil
}

// PutArrival implements credentials.Store.
func (s *Store) PutArrival(ctx context.Context, name string, place credentials.Place) error {
	i := key(table.ArrivalPK(name), table.ArrivalSK)
	i[table.Entry], i[table.Address] = text(place.Key), bytes(place.Address)
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: i})
	return err
}
