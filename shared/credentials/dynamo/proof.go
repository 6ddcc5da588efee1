package dynamo

import (
	"context"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

func proofKey(id string) item { return key(table.ProofPK(id), table.ProofSK) }

// Proof implements credentials.Store.
func (s *Store) Proof(ctx context.Context, id string) (credentials.Proof, error) {
	i, err := s.get(ctx, table.ProofPK(id), table.ProofSK)
	if err != nil {
		return credentials.Proof{}, err
	}
	return credentials.Proof{
		Expires: i.time(table.Expires), Wrong: int(i.number(table.Wrong)), Use: usedFrom(i), Sub: i.text(table.Sub),
	}, nil
}

// BeginProof implements credentials.Store. The item is made by an update, so that
// the accounts function needs no further permission.
func (s *Store) BeginProof(ctx context.Context, id string, expires time.Time) error {
	var e expression
	e.set(e.name(table.Expires), millis(expires))
	e.set(e.name(table.Wrong), number(0))
	e.set(e.name(table.TTL), seconds(expires.Add(credentials.ProofKept)))
	e.condition("attribute_not_exists(" + e.name(table.PartitionKey) + ")")
	_, err := s.update(ctx, proofKey(id), e)
	return err
}

// SpendProof implements credentials.Store.
func (s *Store) SpendProof(ctx context.Context, id string, use credentials.Use) error {
	var e expression
	e.spend(use)
	_, err := s.update(ctx, proofKey(id), e)
	return err
}

// RepeatProof implements credentials.Store.
func (s *Store) RepeatProof(ctx context.Context, id string, digest []byte) error {
	var e expression
	e.repeat("", digest)
	_, err := s.update(ctx, proofKey(id), e)
	return err
}

// MissProof implements credentials.Store.
func (s *Store) MissProof(ctx context.Context, id string) error {
	var e expression
	e.miss()
	_, err := s.update(ctx, proofKey(id), e)
	return err
}

// NoteProof implements credentials.Store.
func (s *Store) NoteProof(ctx context.Context, id, sub string) error {
	var e expression
	noted := e.name(table.Sub)
	e.set(noted, text(sub))
	e.condition("attribute_exists(" + e.name(table.Time) + ")")
	e.condition("(attribute_not_exists(" + noted + ") OR " + noted + " = " + e.value(text(sub)) + ")")
	_, err := s.update(ctx, proofKey(id), e)
	return err
}
