package passkeytest

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Mailing implements credentials.Store.
func (m *Memory) Mailing(_ context.Context, sub, sk string) (credentials.Mailing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mailing, ok := m.mailings[[2]string{sub, sk}]
	if !ok {
		return credentials.Mailing{}, credentials.ErrNotFound
	}
	return mailing, nil
}

// PutMailing implements credentials.Store.
func (m *Memory) PutMailing(_ context.Context, sub, sk string, mailing credentials.Mailing) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mailing.Expires = mailing.Expires.Truncate(time.Millisecond)
	mailing.Wrong, mailing.Use = 0, credentials.Use{}
	put(&m.mailings, [2]string{sub, sk}, mailing)
	return nil
}

// SpendMailing implements credentials.Store.
func (m *Memory) SpendMailing(_ context.Context, sub, sk string, token []byte, use credentials.Use) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{sub, sk}
	mailing, ok := m.mailings[key]
	if !ok || !mailing.Use.Time.IsZero() || !mailing.Expires.After(use.Time) ||
		mailing.Wrong >= credentials.MaxWrongTries || !bytes.Equal(mailing.Token, token) {
		return credentials.ErrCondition
	}
	mailing.Use = credentials.Use{
		Digest: use.Digest, Invocation: use.Invocation, Time: use.Time.Truncate(time.Millisecond), Times: use.Times,
	}
	m.mailings[key] = mailing
	return nil
}

// RepeatMailing implements credentials.Store.
func (m *Memory) RepeatMailing(_ context.Context, sub, sk string, digest []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{sub, sk}
	mailing, ok := m.mailings[key]
	if !ok || !bytes.Equal(mailing.Use.Digest, digest) || mailing.Use.Times >= credentials.MaxRepeats {
		return credentials.ErrCondition
	}
	mailing.Use.Times++
	m.mailings[key] = mailing
	return nil
}

// MissMailing implements credentials.Store.
func (m *Memory) MissMailing(_ context.Context, sub, sk string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{sub, sk}
	mailing, ok := m.mailings[key]
	if !ok || mailing.Wrong >= credentials.MaxWrongTries {
		return credentials.ErrCondition
	}
	mailing.Wrong++
	m.mailings[key] = mailing
	return nil
}

// Rate implements credentials.Store.
func (m *Memory) Rate(_ context.Context, key string) (credentials.Rate, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rates[key], nil
}

// SetRate implements credentials.Store.
func (m *Memory) SetRate(_ context.Context, key string, before, after credentials.Rate) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := m.rates[key]; !now.Last.Equal(before.Last) || now.Sent != before.Sent {
		return credentials.ErrCondition
	}
	after.Last = after.Last.Truncate(time.Millisecond)
	put(&m.rates, key, after)
	return nil
}

// CountNotice implements credentials.Store.
func (m *Memory) CountNotice(_ context.Context, sub string, n credentials.Notice) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{sub, table.NoticesSK(n.Kind, n.Day())}
	told := m.notices[key]
	if slices.Contains(told, n.ID) || len(told) == credentials.NoticesPerDay {
		return 0, credentials.ErrCondition
	}
	put(&m.notices, key, append(told, n.ID))
	return len(told) + 1, nil
}
