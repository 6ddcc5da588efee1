package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// registrationKept is how long DynamoDB keeps a registration after it expired.
const registrationKept = time.Hour

// BeginRegistration implements credentials.Store.
func (s *Store) BeginRegistration(ctx context.Context, sub string, r credentials.Registration) error {
	i := key(table.UserPK(sub), table.RegistrationSK)
	i[table.Challenge] = text(r.Challenge)
	i[table.RelyingParty] = text(r.RelyingPartyID)
	i[table.Client] = text(r.ClientID)
	i[table.Handle] = bytes(r.Handle)
	i[table.First] = flag(r.First)
	i[table.Expires] = millis(r.Expires)
	i[table.TTL] = seconds(r.Expires.Add(registrationKept))
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: i})
	return err
}

// Registration implements credentials.Store.
func (s *Store) Registration(ctx context.Context, sub string) (credentials.Registration, error) {
	i, err := s.get(ctx, table.UserPK(sub), table.RegistrationSK)
	if err != nil {
		return credentials.Registration{}, err
	}
	return credentials.Registration{
		Challenge:      i.text(table.Challenge),
		RelyingPartyID: i.text(table.RelyingParty),
		ClientID:       i.text(table.Client),
		Handle:         i.bytes(table.Handle),
		First:          i.flag(table.First),
		Expires:        i.time(table.Expires),
	}, nil
}

// Enrol implements credentials.Store.
func (s *Store) Enrol(ctx context.Context, e credentials.Enrolment) error {
	added := credentials.Import{Sub: e.Sub, UserName: e.UserName, Passkey: e.Passkey, First: e.Registration.First, Max: e.Max}
	err := s.transact(ctx, append([]types.TransactWriteItem{s.endRegistration(e)}, s.addition(added)...)...)
	var cancelled *cancelledError
	if !errors.As(err, &cancelled) {
		return err
	}
	if cancelled.condition(0) {
		return credentials.ErrRegistration
	}
	if err = cancelled.addition(1, added.First); errors.Is(err, errNotFirst) {
		return credentials.ErrRegistration
	}
	return err
}

// Import implements credentials.Store.
func (s *Store) Import(ctx context.Context, i credentials.Import) error {
	err := s.transact(ctx, s.addition(i)...)
	var cancelled *cancelledError
	if !errors.As(err, &cancelled) {
		return err
	}
	if err = cancelled.addition(0, i.First); errors.Is(err, errNotFirst) {
		return credentials.ErrConflict
	}
	return err
}

// addition returns the writes that add a passkey.
func (s *Store) addition(i credentials.Import) []types.TransactWriteItem {
	hash := table.Hash(i.Passkey.ID)
	return []types.TransactWriteItem{
		s.putNew(passkeyItem(i.Sub, hash, i.Passkey)),
		s.putNew(ownerItem(i, hash)),
		s.addToUser(i, hash),
	}
}

func (s *Store) endRegistration(e credentials.Enrolment) types.TransactWriteItem {
	var x expression
	x.condition(x.name(table.Challenge) + " = " + x.value(text(e.Registration.Challenge)))
	x.condition(x.name(table.RelyingParty) + " = " + x.value(text(e.Registration.RelyingPartyID)))
	x.condition(x.name(table.Client) + " = " + x.value(text(e.Registration.ClientID)))
	x.condition(x.name(table.Expires) + " > " + x.value(millis(e.Now)))
	return types.TransactWriteItem{Delete: &types.Delete{
		TableName:                 &s.table,
		Key:                       key(table.UserPK(e.Sub), table.RegistrationSK),
		ConditionExpression:       x.conditions(),
		ExpressionAttributeNames:  x.names,
		ExpressionAttributeValues: x.values,
	}}
}

func (s *Store) addToUser(i credentials.Import, hash string) types.TransactWriteItem {
	var x expression
	list, count := x.name(table.Credentials), x.name(table.Count)
	if i.First {
		listed := seeded()
		listed[hash] = listedItem(i.Passkey.Record)
		x.set(x.name(table.Handle), bytes(i.Passkey.UserHandle))
		x.set(count, number(1))
		x.set(list, object(listed))
		x.condition("attribute_not_exists(" + x.name(table.PartitionKey) + ")")
	} else {
		listed := list + "." + x.name(hash)
		x.set(listed, listedItem(i.Passkey.Record))
		x.setTo(count, count+" + "+x.value(number(1)))
		x.condition(count + " < " + x.value(number(int64(i.Max))))
		x.condition("attribute_not_exists(" + listed + ")")
	}
	return s.updateUser(i.Sub, x)
}

func (s *Store) updateUser(sub string, x expression) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName:                 &s.table,
		Key:                       key(table.UserPK(sub), table.UserSK),
		UpdateExpression:          x.update(),
		ConditionExpression:       x.conditions(),
		ExpressionAttributeNames:  x.names,
		ExpressionAttributeValues: x.values,
	}}
}

func (s *Store) putNew(i item) types.TransactWriteItem {
	var x expression
	x.condition("attribute_not_exists(" + x.name(table.PartitionKey) + ")")
	return types.TransactWriteItem{Put: &types.Put{
		TableName:                &s.table,
		Item:                     i,
		ConditionExpression:      x.conditions(),
		ExpressionAttributeNames: x.names,
	}}
}

func ownerItem(i credentials.Import, hash string) item {
	owner := key(table.CredentialPK(hash), table.CredentialSK)
	owner[table.Sub] = text(i.Sub)
	owner[table.UserName] = text(i.UserName)
	owner[table.Generation] = text(i.Passkey.Generation)
	return owner
}

// Rename implements credentials.Store.
func (s *Store) Rename(ctx context.Context, sub, hash, name string) (credentials.Passkey, error) {
	var x expression
	x.set(x.name(table.Name), text(name))
	x.condition("attribute_exists(" + x.name(table.PartitionKey) + ")")
	i, err := s.update(ctx, key(table.UserPK(sub), table.PasskeySK(hash)), x)
	if errors.Is(err, credentials.ErrCondition) {
		return credentials.Passkey{}, credentials.ErrNotFound
	}
	if err != nil {
		return credentials.Passkey{}, err
	}
	return passkeyFrom(i), nil
}

// Remove implements credentials.Store.
func (s *Store) Remove(ctx context.Context, r credentials.Removal) error {
	err := s.transact(ctx, s.deletePasskey(r), s.removeFromUser(r), s.bury(r.Hash, r.Now))
	var cancelled *cancelledError
	if !errors.As(err, &cancelled) {
		return err
	}
	switch {
	case cancelled.condition(0):
		return credentials.ErrNotFound
	case cancelled.condition(1):
		return credentials.ErrLastCredential
	default:
		return cancelled.fault()
	}
}

func (s *Store) deletePasskey(r credentials.Removal) types.TransactWriteItem {
	var x expression
	x.condition("attribute_exists(" + x.name(table.PartitionKey) + ")")
	return types.TransactWriteItem{Delete: &types.Delete{
		TableName:                &s.table,
		Key:                      key(table.UserPK(r.Sub), table.PasskeySK(r.Hash)),
		ConditionExpression:      x.conditions(),
		ExpressionAttributeNames: x.names,
	}}
}

func (s *Store) removeFromUser(r credentials.Removal) types.TransactWriteItem {
	var x expression
	count := x.name(table.Count)
	x.setTo(count, count+" - "+x.value(number(1)))
	x.remove(x.name(table.Credentials) + "." + x.name(r.Hash))
	x.condition(count + " > " + x.value(number(int64(r.Keep))))
	return s.updateUser(r.Sub, x)
}

// bury keeps the credential id reserved.
func (s *Store) bury(hash string, now time.Time) types.TransactWriteItem {
	i := key(table.CredentialPK(hash), table.CredentialSK)
	i[table.Dead] = flag(true)
	i[table.TTL] = seconds(now.Add(credentials.DeadFor))
	return types.TransactWriteItem{Put: &types.Put{TableName: &s.table, Item: i}}
}

func (s *Store) transact(ctx context.Context, writes ...types.TransactWriteItem) error {
	_, err := s.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		return &cancelledError{cancelled}
	}
	return err
}
