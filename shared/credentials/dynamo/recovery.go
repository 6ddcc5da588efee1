package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Recovery implements credentials.Store.
func (s *Store) Recovery(ctx context.Context, sub string) (credentials.Recovery, error) {
	i, err := s.get(ctx, table.MailPK(sub), table.RecoverySK)
	if errors.Is(err, credentials.ErrNotFound) {
		return credentials.Recovery{}, nil
	}
	if err != nil {
		return credentials.Recovery{}, err
	}
	return credentials.Recovery{From: i.time(table.From), Expires: i.time(table.Expires), Seen: i.bytes(table.Seen)}, nil
}

// SetRecovery implements credentials.Store.
func (s *Store) SetRecovery(ctx context.Context, sub string, before, after credentials.Recovery) error {
	var e expression
	from, seen := e.name(table.From), e.name(table.Seen)
	e.set(from, millis(after.From))
	e.set(seen, bytes(after.Seen))
	e.set(e.name(table.Expires), millis(after.Expires))
	e.set(e.name(table.TTL), seconds(after.Expires.Add(credentials.MailingKept)))
	if before.IsZero() {
		e.condition("attribute_not_exists(" + from + ")")
	} else {
		e.condition(from + " = " + e.value(millis(before.From)))
		e.condition(seen + " = " + e.value(bytes(before.Seen)))
	}
	_, err := s.update(ctx, key(table.MailPK(sub), table.RecoverySK), e)
	return err
}

// EndRecovery implements credentials.Store.
func (s *Store) EndRecovery(ctx context.Context, sub string) error {
	_, err := s.delete(ctx, key(table.MailPK(sub), table.RecoverySK))
	return err
}

// EndRegistration implements credentials.Store.
func (s *Store) EndRegistration(ctx context.Context, sub string) error {
	_, err := s.delete(ctx, key(table.UserPK(sub), table.RegistrationSK))
	return err
}

// DropMailings implements credentials.Store.
func (s *Store) DropMailings(ctx context.Context, sub string) (used time.Time, err error) {
	var e expression
	condition := e.name(table.PartitionKey) + " = " + e.value(text(table.MailPK(sub)))
	pages := dynamodb.NewQueryPaginator(s.client, &dynamodb.QueryInput{
		TableName:                 &s.table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    &condition,
		ExpressionAttributeNames:  e.names,
		ExpressionAttributeValues: e.values,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return time.Time{}, err
		}
		for _, it := range page.Items {
			sk := item(it).text(table.SortKey)
			if sk == table.RecoverySK || sk == table.RecoveryLinkSK {
				continue
			}
			dropped, err := s.delete(ctx, key(table.MailPK(sub), sk))
			if err != nil {
				return time.Time{}, err
			}
			if at := dropped.time(table.Time); at.After(used) {
				used = at
			}
		}
	}
	return used, nil
}

// delete deletes an item and returns what it was.
func (s *Store) delete(ctx context.Context, key item) (item, error) {
	out, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &s.table, Key: key, ReturnValues: types.ReturnValueAllOld,
	})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

// Revoke implements credentials.Store.
func (s *Store) Revoke(ctx context.Context, r credentials.Revocation) error {
	var writes []types.TransactWriteItem
	for _, p := range r.Passkeys {
		if r.Kept {
			writes = append(writes, s.raiseFloor(r, p))
		} else {
			writes = append(writes, s.deleteUnused(r.Sub, p), s.bury(table.Hash(p.ID), r.Now))
		}
	}
	if !r.Kept {
		writes = append(writes, s.unlist(r))
	}
	err := s.transact(ctx, writes...)
	var cancelled *cancelledError
	if !errors.As(err, &cancelled) {
		return err
	}
	for n := range writes {
		if cancelled.condition(n) {
			return credentials.ErrCondition
		}
	}
	return cancelled.fault()
}

// asRead makes a write depend on a passkey being as it was read: the same
// registration, and not used since.
func (e *expression) asRead(p credentials.Passkey) {
	e.condition(e.name(table.Generation) + " = " + e.value(text(p.Generation)))
	e.condition(e.name(table.Used) + " = " + e.value(millis(p.Used)))
}

func (s *Store) deleteUnused(sub string, p credentials.Passkey) types.TransactWriteItem {
	var x expression
	x.asRead(p)
	return types.TransactWriteItem{Delete: &types.Delete{
		TableName:                 &s.table,
		Key:                       key(table.UserPK(sub), table.PasskeySK(table.Hash(p.ID))),
		ConditionExpression:       x.conditions(),
		ExpressionAttributeNames:  x.names,
		ExpressionAttributeValues: x.values,
	}}
}

// raiseFloor voids the challenges issued until now. A floor never falls.
func (s *Store) raiseFloor(r credentials.Revocation, p credentials.Passkey) types.TransactWriteItem {
	var x expression
	floor := r.Now
	if p.Floor.After(floor) {
		floor = p.Floor
	}
	x.set(x.name(table.Floor), millis(floor))
	x.asRead(p)
	return types.TransactWriteItem{Update: &types.Update{
		TableName:                 &s.table,
		Key:                       key(table.UserPK(r.Sub), table.PasskeySK(table.Hash(p.ID))),
		UpdateExpression:          x.update(),
		ConditionExpression:       x.conditions(),
		ExpressionAttributeNames:  x.names,
		ExpressionAttributeValues: x.values,
	}}
}

// unlist takes the passkeys off the user's list.
func (s *Store) unlist(r credentials.Revocation) types.TransactWriteItem {
	var x expression
	count, list := x.name(table.Count), x.name(table.Credentials)
	x.setTo(count, count+" - "+x.value(number(int64(len(r.Passkeys)))))
	for _, p := range r.Passkeys {
		x.remove(list + "." + x.name(table.Hash(p.ID)))
	}
	x.condition("attribute_exists(" + x.name(table.PartitionKey) + ")")
	return s.updateUser(r.Sub, x)
}
