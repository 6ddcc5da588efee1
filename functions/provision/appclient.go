package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// itemStore is the subset of *dynamodb.Client that items of the table need.
type itemStore interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

// appClients keeps the items that tell the triggers what a sign-in on an app client may use.
type appClients struct{ store itemStore }

func (a appClients) put(ctx context.Context, want clientProperties) error {
	methods := &types.AttributeValueMemberL{}
	for _, method := range want.methods {
		methods.Value = append(methods.Value, text(method))
	}
	item := key(table.ClientSK(want.id))
	item[table.RelyingParty] = text(want.relyingPartyID)
	item[table.UserVerification] = text(want.userVerification)
	item[table.Methods] = methods
	if want.policy != "" {
		item[table.Policy] = text(want.policy)
	}
	return a.write(ctx, want.table, want.id, item)
}

func (a appClients) putForPasswords(ctx context.Context, want passwordClientProperties) error {
	item := key(table.PasswordClientSK(want.id))
	item[table.RelyingParty] = text(want.relyingPartyID)
	return a.write(ctx, want.table, want.id, item)
}

func (a appClients) write(ctx context.Context, tableName, id string, item map[string]types.AttributeValue) error {
	if _, err := a.store.PutItem(ctx, &dynamodb.PutItemInput{TableName: &tableName, Item: item}); err != nil {
		return fmt.Errorf("writing the item of app client %s: %w", id, err)
	}
	return nil
}

// remove deletes an item of a client. With a table that is gone, so is the item.
func (a appClients) remove(ctx context.Context, tableName, id, sortKey string) error {
	_, err := a.store.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &tableName, Key: key(sortKey)})
	if err != nil && !isGone(err) {
		return fmt.Errorf("deleting the item of app client %s: %w", id, err)
	}
	return nil
}

// key is the key of an item of the stack's configuration.
func key(sortKey string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{table.PartitionKey: text(table.ConfigPK), table.SortKey: text(sortKey)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
