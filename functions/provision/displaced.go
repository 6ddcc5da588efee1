package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// displacedTriggers keeps, in the credential table, what a pool's triggers were
// before. It is written before the pool is changed, and so holds although the
// answer of the function, the one other thing that CloudFormation keeps, is lost.
type displacedTriggers struct{ store itemStore }

// read returns trigger → ARN of the function; nothing for a pool without an item.
func (d displacedTriggers) read(ctx context.Context, want poolProperties) (map[string]string, error) {
	out, err := d.store.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &want.table, Key: key(table.PoolSK(want.id)), ConsistentRead: aws.Bool(true),
	})
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the item of user pool %s: %w", want.id, err)
	}
	triggers := map[string]string{}
	stored, _ := out.Item[table.Triggers].(*types.AttributeValueMemberM)
	if stored == nil {
		return triggers, nil
	}
	for trigger, value := range stored.Value {
		if arn, ok := value.(*types.AttributeValueMemberS); ok {
			triggers[trigger] = arn.Value
		}
	}
	return triggers, nil
}

func (d displacedTriggers) write(ctx context.Context, want poolProperties, triggers map[string]string) error {
	item, stored := key(table.PoolSK(want.id)), map[string]types.AttributeValue{}
	for trigger, arn := range triggers {
		stored[trigger] = text(arn)
	}
	item[table.Triggers] = &types.AttributeValueMemberM{Value: stored}
	if _, err := d.store.PutItem(ctx, &dynamodb.PutItemInput{TableName: &want.table, Item: item}); err != nil {
		return fmt.Errorf("writing the item of user pool %s: %w", want.id, err)
	}
	return nil
}

func (d displacedTriggers) remove(ctx context.Context, want poolProperties) error {
	_, err := d.store.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &want.table, Key: key(table.PoolSK(want.id))})
	if err != nil && !isGone(err) {
		return fmt.Errorf("deleting the item of user pool %s: %w", want.id, err)
	}
	return nil
}

// isGone says whether a table is gone, and its items with it.
func isGone(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}
