// Package dynamo keeps the credential table in Amazon DynamoDB. Reads are
// strongly consistent; every change is one conditional write or one transaction.
package dynamo

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Store implements credentials.Store. It is safe for concurrent use.
type Store struct {
	client *dynamodb.Client
	table  string
}

var _ credentials.Store = (*Store)(nil)

// New returns the store in the table of that name.
func New(client *dynamodb.Client, tableName string) *Store {
	return &Store{client: client, table: tableName}
}

// Client implements credentials.Store.
func (s *Store) Client(ctx context.Context, clientID string) (customauth.Client, error) {
	it, err := s.get(ctx, table.ConfigPK, table.ClientSK(clientID))
	if errors.Is(err, credentials.ErrNotFound) {
		return customauth.Client{}, customauth.ErrNotServed
	}
	if err != nil {
		return customauth.Client{}, err
	}
	return customauth.Client{
		RelyingPartyID:   it.text(table.RelyingParty),
		UserVerification: it.text(table.UserVerification),
		Methods:          it.texts(table.Methods),
		Policy:           it.text(table.Policy),
	}, nil
}

// PasswordClient implements credentials.Store.
func (s *Store) PasswordClient(ctx context.Context, clientID string) (string, error) {
	it, err := s.get(ctx, table.ConfigPK, table.PasswordClientSK(clientID))
	return it.text(table.RelyingParty), err
}

// User implements credentials.Store.
func (s *Store) User(ctx context.Context, sub string) (credentials.User, error) {
	it, err := s.get(ctx, table.UserPK(sub), table.UserSK)
	if err != nil {
		return credentials.User{}, err
	}
	return userFrom(it), nil
}

// Passkey implements credentials.Store.
func (s *Store) Passkey(ctx context.Context, sub, hash string) (credentials.Passkey, error) {
	it, err := s.get(ctx, table.UserPK(sub), table.PasskeySK(hash))
	if err != nil {
		return credentials.Passkey{}, err
	}
	return passkeyFrom(it), nil
}

// Passkeys implements credentials.Store.
func (s *Store) Passkeys(ctx context.Context, sub string) ([]credentials.Passkey, error) {
	var e expression
	condition := e.name(table.PartitionKey) + " = " + e.value(text(table.UserPK(sub))) +
		" AND begins_with(" + e.name(table.SortKey) + ", " + e.value(text(table.PasskeyPrefix)) + ")"
	pages := dynamodb.NewQueryPaginator(s.client, &dynamodb.QueryInput{
		TableName:                 &s.table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    &condition,
		ExpressionAttributeNames:  e.names,
		ExpressionAttributeValues: e.values,
	})
	var passkeys []credentials.Passkey
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, it := range page.Items {
			passkeys = append(passkeys, passkeyFrom(it))
		}
	}
	slices.SortFunc(passkeys, func(a, b credentials.Passkey) int { return a.Created.Compare(b.Created) })
	return passkeys, nil
}

// All implements credentials.Store. It reads the whole table, 1 MB at a time.
func (s *Store) All(ctx context.Context) iter.Seq2[credentials.Held, error] {
	var e expression
	filter := "begins_with(" + e.name(table.SortKey) + ", " + e.value(text(table.PasskeyPrefix)) + ")"
	return func(yield func(credentials.Held, error) bool) {
		pages := dynamodb.NewScanPaginator(s.client, &dynamodb.ScanInput{
			TableName:                 &s.table,
			ConsistentRead:            aws.Bool(true),
			FilterExpression:          &filter,
			ExpressionAttributeNames:  e.names,
			ExpressionAttributeValues: e.values,
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(credentials.Held{}, err)
				return
			}
			for _, it := range page.Items {
				if !yield(credentials.Held{Sub: table.SubOf(item(it).text(table.PartitionKey)), Passkey: passkeyFrom(it)}, nil) {
					return
				}
			}
		}
	}
}

// Owner implements credentials.Store.
func (s *Store) Owner(ctx context.Context, hash string) (credentials.Owner, error) {
	it, err := s.get(ctx, table.CredentialPK(hash), table.CredentialSK)
	if err != nil {
		return credentials.Owner{}, err
	}
	if it.flag(table.Dead) {
		return credentials.Owner{}, credentials.ErrNotFound
	}
	return credentials.Owner{
		Sub:        it.text(table.Sub),
		UserName:   it.text(table.UserName),
		Generation: it.text(table.Generation),
	}, nil
}

// Spend implements credentials.Store.
func (s *Store) Spend(ctx context.Context, spend credentials.Spend) error {
	var e expression
	spent, floor, count := e.name(table.SpentChallenges), e.name(table.Floor), e.name(table.SignCount)
	entry := spent + "." + e.name(spend.Challenge)

	e.set(entry, object(useItem(spend.Use)))
	e.set(e.name(table.Used), millis(spend.Use.Time))
	e.set(count, number(int64(spend.SignCount)))
	e.set(e.name(table.BackupState), flag(spend.BackupState))
	for _, old := range spend.Drop {
		e.remove(spent + "." + e.name(old))
	}
	e.condition(e.name(table.Generation) + " = " + e.value(text(spend.Generation)))
	e.condition("attribute_not_exists(" + entry + ")")
	e.condition(floor + " < " + e.value(millis(spend.Use.Issued)))
	if !spend.Floor.IsZero() {
		e.set(floor, millis(spend.Floor))
		e.condition(floor + " <= " + e.value(millis(spend.Floor)))
	}
	if spend.CounterMustIncrease {
		e.condition(count + " < " + e.value(number(int64(spend.SignCount))))
	}
	_, err := s.update(ctx, key(table.UserPK(spend.Sub), table.PasskeySK(spend.Hash)), e)
	return err
}

// Repeat implements credentials.Store.
func (s *Store) Repeat(ctx context.Context, sub, hash, challenge string, digest []byte) error {
	var e expression
	e.repeat(e.name(table.SpentChallenges)+"."+e.name(challenge)+".", digest)
	_, err := s.update(ctx, key(table.UserPK(sub), table.PasskeySK(hash)), e)
	return err
}

func (s *Store) get(ctx context.Context, pk, sk string) (item, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &s.table,
		Key:            key(pk, sk),
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	if len(out.Item) == 0 {
		return nil, credentials.ErrNotFound
	}
	return out.Item, nil
}

// update applies e to the item and returns the item as it is afterwards.
func (s *Store) update(ctx context.Context, key item, e expression) (item, error) {
	out, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.table,
		Key:                       key,
		UpdateExpression:          e.update(),
		ConditionExpression:       e.conditions(),
		ExpressionAttributeNames:  e.names,
		ExpressionAttributeValues: e.values,
		ReturnValues:              types.ReturnValueAllNew,
	})
	var failed *types.ConditionalCheckFailedException
	var conflict *types.TransactionConflictException
	switch {
	case errors.As(err, &failed):
		return nil, credentials.ErrCondition
	case errors.As(err, &conflict):
		return nil, credentials.ErrConflict
	case err != nil:
		return nil, err
	}
	return out.Attributes, nil
}
