package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/cfn"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// handler serves the resource types of package provisioning.
type handler struct {
	keyRings   keyRings
	appClients appClients
	userPools  userPools
}

// handle is a cfn.CustomResourceFunction. A resource that could not be created
// gets no physical id of ours, so that CloudFormation's clean-up deletes nothing
// that this request did not make.
func (h handler) handle(ctx context.Context, event cfn.Event) (string, map[string]any, error) {
	id, attributes, err := h.serve(ctx, event)
	return id, attributes, concise(err)
}

// maxReason is how long an error may be. CloudFormation takes answers of 4,096
// bytes, ids included, and waits in vain for one that is longer.
const maxReason = 2 << 10

func concise(err error) error {
	if err == nil || len(err.Error()) <= maxReason {
		return err
	}
	return errors.New(strings.ToValidUTF8(err.Error()[:maxReason], "") + "… and more: mend this and deploy again")
}

func (h handler) serve(ctx context.Context, event cfn.Event) (string, map[string]any, error) {
	switch event.ResourceType {
	case provisioning.SecretType:
		return h.secret(ctx, event)
	case provisioning.ClientType:
		return h.client(ctx, event)
	case provisioning.PasswordClientType:
		return h.passwordClient(ctx, event)
	case provisioning.PoolType:
		return h.pool(ctx, event)
	default:
		return unowned(event, fmt.Errorf("resource type is %q: want %q, %q, %q or %q",
			event.ResourceType, provisioning.SecretType, provisioning.ClientType, provisioning.PasswordClientType, provisioning.PoolType))
	}
}

func (h handler) secret(ctx context.Context, event cfn.Event) (string, map[string]any, error) {
	want, err := parseSecret(event.ResourceProperties)
	if err != nil {
		return unowned(event, err)
	}
	if event.RequestType == cfn.RequestDelete {
		return event.PhysicalResourceID, nil, h.keyRings.remove(ctx, event.PhysicalResourceID, want)
	}
	ring, err := h.keyRings.ensure(ctx, want)
	if err != nil {
		return unowned(event, err)
	}
	return want.parameter, publicKeys(ring), nil
}

func (h handler) client(ctx context.Context, event cfn.Event) (string, map[string]any, error) {
	want, err := parseClient(event.ResourceProperties)
	if err != nil {
		return unowned(event, err)
	}
	return h.item(ctx, event, want.table, want.id, table.ClientSK(want.id), func() error { return h.appClients.put(ctx, want) })
}

func (h handler) passwordClient(ctx context.Context, event cfn.Event) (string, map[string]any, error) {
	want, err := parsePasswordClient(event.ResourceProperties)
	if err != nil {
		return unowned(event, err)
	}
	return h.item(ctx, event, want.table, want.id, table.PasswordClientSK(want.id), func() error { return h.appClients.putForPasswords(ctx, want) })
}

// item puts the item of an app client, or deletes it if the resource owns it.
func (h handler) item(ctx context.Context, event cfn.Event, tableName, id, sortKey string, put func() error) (string, map[string]any, error) {
	if event.RequestType != cfn.RequestDelete {
		if err := put(); err != nil {
			return unowned(event, err)
		}
		return id, nil, nil
	}
	if event.PhysicalResourceID != id {
		return event.PhysicalResourceID, nil, nil
	}
	return id, nil, h.appClients.remove(ctx, tableName, id, sortKey)
}

func (h handler) pool(ctx context.Context, event cfn.Event) (string, map[string]any, error) {
	want, err := parsePool(event.ResourceProperties)
	if err != nil {
		return unowned(event, err)
	}
	if event.RequestType == cfn.RequestDelete {
		err := h.userPools.detach(ctx, want)
		if event.PhysicalResourceID != want.id && isDenied(err) {
			err = nil // the creation was not allowed to change anything either
		}
		return event.PhysicalResourceID, nil, err
	}
	before, _ := parsePool(event.OldResourceProperties) // a creation has none
	if before.id != want.id {
		before = poolProperties{} // those of another pool, which is deleted next
	}
	if err := h.userPools.attach(ctx, want, before); err != nil {
		return unowned(event, err)
	}
	return want.id, nil, nil
}

// unowned answers a request that made nothing. A resource that is being deleted
// can only be malformed if it was never created, so its deletion succeeds.
func unowned(event cfn.Event, err error) (string, map[string]any, error) {
	if event.RequestType == cfn.RequestDelete {
		err = nil
	}
	return event.PhysicalResourceID, nil, err
}
