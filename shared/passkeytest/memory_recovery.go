package passkeytest

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Recovery implements credentials.Store.
func (m *Memory) Recovery(_ context.Context, sub string) (credentials.Recovery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.recoveries[sub], nil
}

// SetRecovery implements credentials.Store.
func (m *Memory) SetRecovery(_ context.Context, sub string, before, after credentials.Recovery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := m.recoveries[sub]; !now.From.Equal(before.From) || !bytes.Equal(now.Seen, before.Seen) {
		return credentials.ErrCondition
	}
	after.From, after.Expires = after.From.Truncate(time.Millisecond), after.Expires.Truncate(time.Millisecond)
	put(&m.recoveries, sub, after)
	return nil
}

// EndRecovery implements credentials.Store.
func (m *Memory) EndRecovery(_ context.Context, sub string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.recoveries, sub)
	return nil
}

// EndRegistration implements credentials.Store.
func (m *Memory) EndRegistration(_ context.Context, sub string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.registrations, sub)
	return nil
}

// DropMailings implements credentials.Store.
func (m *Memory) DropMailings(_ context.Context, sub string) (used time.Time, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, mailing := range m.mailings {
		if key[0] != sub || key[1] == table.RecoveryLinkSK {
			continue
		}
		delete(m.mailings, key)
		if mailing.Use.Time.After(used) {
			used = mailing.Use.Time
		}
	}
	return used, nil
}

// Revoke implements credentials.Store.
func (m *Memory) Revoke(_ context.Context, r credentials.Revocation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range r.Passkeys {
		now, ok := m.passkeys[[2]string{r.Sub, table.Hash(p.ID)}]
		if !ok || now.Generation != p.Generation || !now.Used.Equal(p.Used) {
			return credentials.ErrCondition
		}
	}
	for _, p := range r.Passkeys {
		if r.Kept {
			m.raiseFloor([2]string{r.Sub, table.Hash(p.ID)}, r.Now.Truncate(time.Millisecond))
		} else {
			m.remove(r.Sub, p.ID)
		}
	}
	return nil
}

// raiseFloor raises a passkey's floor, which never falls. The caller holds mu.
func (m *Memory) raiseFloor(key [2]string, floor time.Time) {
	p := clone(m.passkeys[key])
	if p.Floor.Before(floor) {
		p.Floor = floor
	}
	m.passkeys[key] = p
}

// remove removes a passkey that is there. The caller holds mu.
func (m *Memory) remove(sub string, id []byte) {
	hash, user := table.Hash(id), m.users[sub]
	user.Passkeys = slices.DeleteFunc(slices.Clone(user.Passkeys), func(l credentials.Listed) bool {
		return bytes.Equal(l.ID, id)
	})
	m.users[sub] = user
	delete(m.passkeys, [2]string{sub, hash})
	delete(m.owners, hash)
	put(&m.dead, hash, true)
}
