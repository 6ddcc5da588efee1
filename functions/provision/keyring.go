package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// errForeign is returned for a parameter that holds something else than the key
// ring that is wanted.
var errForeign = errors.New("move it away, or set another ParameterPath")

// parameterStore is the subset of *ssm.Client that key rings need.
type parameterStore interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
	PutParameter(context.Context, *ssm.PutParameterInput, ...func(*ssm.Options)) (*ssm.PutParameterOutput, error)
	DeleteParameter(context.Context, *ssm.DeleteParameterInput, ...func(*ssm.Options)) (*ssm.DeleteParameterOutput, error)
}

// keyRings keeps key rings in SecureString parameters.
type keyRings struct{ store parameterStore }

// ensure returns the ring in the parameter, made if there is none and rotated if
// the wanted rotation is higher than the one that made it. A ring that exists is
// otherwise left alone, so a repeated or rolled back deployment changes nothing.
// An adopted ring must exist and is only read.
func (k keyRings) ensure(ctx context.Context, want secretProperties) (secret.Ring, error) {
	ring, err := k.read(ctx, want)
	var missing *types.ParameterNotFound
	if errors.As(err, &missing) && want.removal != provisioning.Adopted {
		return k.create(ctx, want)
	}
	if err != nil || want.removal == provisioning.Adopted || want.rotation <= ring.Rotation() {
		return ring, err
	}
	ring = ring.Rotate(want.rotation)
	return ring, k.write(ctx, want, ring, aws.Bool(true))
}

func (k keyRings) read(ctx context.Context, want secretProperties) (secret.Ring, error) {
	out, err := k.store.GetParameter(ctx, &ssm.GetParameterInput{Name: &want.parameter, WithDecryption: aws.Bool(true)})
	if err != nil {
		return secret.Ring{}, fmt.Errorf("reading parameter %s: %w", want.parameter, err)
	}
	if out.Parameter.Type != types.ParameterTypeSecureString {
		return secret.Ring{}, fmt.Errorf("parameter %s is a %s, not a SecureString: %w", want.parameter, out.Parameter.Type, errForeign)
	}
	ring, err := secret.Decode(aws.ToString(out.Parameter.Value))
	if err != nil {
		return secret.Ring{}, fmt.Errorf("parameter %s: %w: %w", want.parameter, err, errForeign)
	}
	if ring.Kind() != want.kind {
		return secret.Ring{}, fmt.Errorf("parameter %s holds a key ring of kind %s, not %s: %w", want.parameter, ring.Kind(), want.kind, errForeign)
	}
	return ring, nil
}

func (k keyRings) create(ctx context.Context, want secretProperties) (secret.Ring, error) {
	ring, err := secret.NewRing(want.kind, want.rotation)
	if err != nil {
		return secret.Ring{}, err
	}
	err = k.write(ctx, want, ring, aws.Bool(false))
	var exists *types.ParameterAlreadyExists
	if errors.As(err, &exists) { // made meanwhile, perhaps by a try of this request whose reply was lost
		return k.read(ctx, want)
	}
	return ring, err
}

func (k keyRings) write(ctx context.Context, want secretProperties, ring secret.Ring, overwrite *bool) error {
	_, err := k.store.PutParameter(ctx, &ssm.PutParameterInput{
		Name:        &want.parameter,
		Type:        types.ParameterTypeSecureString,
		KeyId:       want.encryptionKey,
		Value:       aws.String(ring.Encode()),
		Description: aws.String("Key ring of a passkey stack, which makes and rotates it"),
		Overwrite:   overwrite,
	})
	if err != nil {
		return fmt.Errorf("writing parameter %s: %w", want.parameter, err)
	}
	return nil
}

// remove deletes the parameter if the resource owns it and is to destroy it.
func (k keyRings) remove(ctx context.Context, physicalID string, want secretProperties) error {
	if physicalID != want.parameter || want.removal != provisioning.Destroy {
		return nil
	}
	_, err := k.store.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: &want.parameter})
	var missing *types.ParameterNotFound
	if err != nil && !errors.As(err, &missing) {
		return fmt.Errorf("deleting parameter %s: %w", want.parameter, err)
	}
	return nil
}

// publicKeys are the attributes of a signing ring. A symmetric ring shows nothing.
func publicKeys(ring secret.Ring) map[string]any {
	if ring.Kind() != secret.Signing {
		return nil
	}
	return map[string]any{provisioning.PublicKeys: strings.Join(ring.PublicKeys(), ",")}
}
