package passkeytest

import (
	"bytes"
	"context"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// Proof implements credentials.Store.
func (m *Memory) Proof(_ context.Context, id string) (credentials.Proof, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	proof, ok := m.proofs[id]
	if !ok {
		return credentials.Proof{}, credentials.ErrNotFound
	}
	return proof, nil
}

// BeginProof implements credentials.Store.
func (m *Memory) BeginProof(_ context.Context, id string, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, begun := m.proofs[id]; begun {
		return credentials.ErrCondition
	}
	put(&m.proofs, id, credentials.Proof{Expires: expires.Truncate(time.Millisecond)})
	return nil
}

// SpendProof implements credentials.Store.
func (m *Memory) SpendProof(_ context.Context, id string, use credentials.Use) error {
	return m.changeProof(id, func(p *credentials.Proof) bool {
		fits := p.Use.Time.IsZero() && p.Expires.After(use.Time) && p.Wrong < credentials.MaxWrongTries
		p.Use = credentials.Use{
			Digest: use.Digest, Invocation: use.Invocation, Time: use.Time.Truncate(time.Millisecond), Times: use.Times,
		}
		return fits
	})
}

// RepeatProof implements credentials.Store.
func (m *Memory) RepeatProof(_ context.Context, id string, digest []byte) error {
	return m.changeProof(id, func(p *credentials.Proof) bool {
		fits := bytes.Equal(p.Use.Digest, digest) && p.Use.Times < credentials.MaxRepeats
		p.Use.Times++
		return fits
	})
}

// MissProof implements credentials.Store.
func (m *Memory) MissProof(_ context.Context, id string) error {
	return m.changeProof(id, func(p *credentials.Proof) bool {
		p.Wrong++
		return p.Wrong <= credentials.MaxWrongTries
	})
}

// NoteProof implements credentials.Store.
func (m *Memory) NoteProof(_ context.Context, id, sub string) error {
	return m.changeProof(id, func(p *credentials.Proof) bool {
		fits := !p.Use.Time.IsZero() && (p.Sub == "" || p.Sub == sub)
		p.Sub = sub
		return fits
	})
}

// changeProof stores what change makes of a proof, if that reports that it fits.
func (m *Memory) changeProof(id string, change func(*credentials.Proof) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	proof, ok := m.proofs[id]
	if !ok || !change(&proof) {
		return credentials.ErrCondition
	}
	m.proofs[id] = proof
	return nil
}
