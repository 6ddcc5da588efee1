package passkeytest

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Memory is a credential store in memory, with the semantics that StoreSuite
// demands of every store. The zero value is empty and ready.
type Memory struct {
	mu            sync.Mutex
	clients       map[string]customauth.Client        // app client id → its item
	guarded       map[string]string                   // app client id → relying party whose passkeys end passwords there
	users         map[string]credentials.User         // sub → user
	passkeys      map[[2]string]credentials.Passkey   // sub and hash → passkey
	owners        map[string]credentials.Owner        // hash → owner
	dead          map[string]bool                     // hash of a deleted passkey → true
	registrations map[string]credentials.Registration // sub → outstanding registration
	tickets       map[[2]string]credentials.Use       // sub and id → use
	mailings      map[[2]string]credentials.Mailing   // sub and sort key → mailing
	proofs        map[string]credentials.Proof        // id → proof
	rates         map[string]credentials.Rate         // key → rate
	persons       map[string]credentials.Person       // key → entry of the roster
	arrivals      map[string]credentials.Place        // key → place in the roster
	recoveries    map[string]credentials.Recovery     // sub → recovery
	notices       map[[2]string][]string              // sub and sort key → ids of changes
}

var _ credentials.Store = (*Memory)(nil)

// SetClient writes an app client's item.
func (m *Memory) SetClient(id string, client customauth.Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	put(&m.clients, id, client)
}

// Client implements credentials.Store.
func (m *Memory) Client(_ context.Context, clientID string) (customauth.Client, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	client, ok := m.clients[clientID]
	if !ok {
		return customauth.Client{}, customauth.ErrNotServed
	}
	return client, nil
}

// SetPasswordClient writes the item of an app client on which a passkey ends the password.
func (m *Memory) SetPasswordClient(id, relyingPartyID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	put(&m.guarded, id, relyingPartyID)
}

// PasswordClient implements credentials.Store.
func (m *Memory) PasswordClient(_ context.Context, clientID string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	relyingPartyID, ok := m.guarded[clientID]
	if !ok {
		return "", credentials.ErrNotFound
	}
	return relyingPartyID, nil
}

// User implements credentials.Store.
func (m *Memory) User(_ context.Context, sub string) (credentials.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	user, ok := m.users[sub]
	if !ok {
		return credentials.User{}, credentials.ErrNotFound
	}
	user.Passkeys = slices.Clone(user.Passkeys)
	return user, nil
}

// Passkey implements credentials.Store.
func (m *Memory) Passkey(_ context.Context, sub, hash string) (credentials.Passkey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.passkeys[[2]string{sub, hash}]
	if !ok {
		return credentials.Passkey{}, credentials.ErrNotFound
	}
	return clone(p), nil
}

// Passkeys implements credentials.Store.
func (m *Memory) Passkeys(_ context.Context, sub string) ([]credentials.Passkey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []credentials.Passkey
	for key, p := range m.passkeys {
		if key[0] == sub {
			all = append(all, clone(p))
		}
	}
	slices.SortFunc(all, func(a, b credentials.Passkey) int { return a.Created.Compare(b.Created) })
	return all, nil
}

// All implements credentials.Store.
func (m *Memory) All(context.Context) iter.Seq2[credentials.Held, error] {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []credentials.Held
	for key, p := range m.passkeys {
		all = append(all, credentials.Held{Sub: key[0], Passkey: clone(p)})
	}
	slices.SortFunc(all, func(a, b credentials.Held) int { return cmp.Compare(a.Sub, b.Sub) })
	return func(yield func(credentials.Held, error) bool) {
		for _, held := range all {
			if !yield(held, nil) {
				return
			}
		}
	}
}

// Owner implements credentials.Store.
func (m *Memory) Owner(_ context.Context, hash string) (credentials.Owner, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	owner, ok := m.owners[hash]
	if !ok {
		return credentials.Owner{}, credentials.ErrNotFound
	}
	return owner, nil
}

// Spend implements credentials.Store.
func (m *Memory) Spend(_ context.Context, s credentials.Spend) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{s.Sub, s.Hash}
	p, ok := m.passkeys[key]
	_, spent := p.Spent[s.Challenge]
	switch {
	case !ok, spent, p.Generation != s.Generation,
		!p.Floor.Before(s.Use.Issued),
		!s.Floor.IsZero() && p.Floor.After(s.Floor),
		s.CounterMustIncrease && p.SignCount >= s.SignCount:
		return credentials.ErrCondition
	}
	p = clone(p)
	for _, old := range s.Drop {
		delete(p.Spent, old)
	}
	p.Spent[s.Challenge] = wholeMillis(s.Use)
	p.Used, p.SignCount, p.BackupState = s.Use.Time.Truncate(time.Millisecond), s.SignCount, s.BackupState
	if !s.Floor.IsZero() {
		p.Floor = s.Floor
	}
	m.passkeys[key] = p
	return nil
}

// Repeat implements credentials.Store.
func (m *Memory) Repeat(_ context.Context, sub, hash, challenge string, digest []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{sub, hash}
	p := clone(m.passkeys[key])
	use, ok := p.Spent[challenge]
	if !ok || !bytes.Equal(use.Digest, digest) || use.Times >= credentials.MaxRepeats {
		return credentials.ErrCondition
	}
	use.Times++
	p.Spent[challenge] = use
	m.passkeys[key] = p
	return nil
}

// Ticket implements credentials.Store.
func (m *Memory) Ticket(_ context.Context, sub, id string) (credentials.Use, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	use, ok := m.tickets[[2]string{sub, id}]
	if !ok {
		return credentials.Use{}, credentials.ErrNotFound
	}
	return use, nil
}

// SpendTicket implements credentials.Store.
func (m *Memory) SpendTicket(_ context.Context, sub, id string, use credentials.Use) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{sub, id}
	if _, spent := m.tickets[key]; spent {
		return credentials.ErrCondition
	}
	put(&m.tickets, key, wholeMillis(use))
	return nil
}

// RepeatTicket implements credentials.Store.
func (m *Memory) RepeatTicket(_ context.Context, sub, id string, digest []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{sub, id}
	use, ok := m.tickets[key]
	if !ok || !bytes.Equal(use.Digest, digest) || use.Times >= credentials.MaxRepeats {
		return credentials.ErrCondition
	}
	use.Times++
	m.tickets[key] = use
	return nil
}

// BeginRegistration implements credentials.Store.
func (m *Memory) BeginRegistration(_ context.Context, sub string, r credentials.Registration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.Expires = r.Expires.Truncate(time.Millisecond)
	put(&m.registrations, sub, r)
	return nil
}

// Registration implements credentials.Store.
func (m *Memory) Registration(_ context.Context, sub string) (credentials.Registration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.registrations[sub]
	if !ok {
		return credentials.Registration{}, credentials.ErrNotFound
	}
	return r, nil
}

// Enrol implements credentials.Store.
func (m *Memory) Enrol(_ context.Context, e credentials.Enrolment) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	hash := table.Hash(e.Passkey.ID)
	r, outstanding := m.registrations[e.Sub]
	user, known := m.users[e.Sub]
	_, owned := m.owners[hash]
	switch {
	case !outstanding, r.Challenge != e.Registration.Challenge, r.RelyingPartyID != e.Registration.RelyingPartyID,
		r.ClientID != e.Registration.ClientID, !r.Expires.After(e.Now):
		return credentials.ErrRegistration
	case owned, m.dead[hash]:
		return credentials.ErrDuplicate
	case known == e.Registration.First:
		return credentials.ErrRegistration
	case len(user.Passkeys) >= e.Max:
		return credentials.ErrTooMany
	}
	delete(m.registrations, e.Sub)
	m.add(credentials.Import{Sub: e.Sub, UserName: e.UserName, Passkey: e.Passkey})
	return nil
}

// Import implements credentials.Store.
func (m *Memory) Import(_ context.Context, i credentials.Import) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	hash := table.Hash(i.Passkey.ID)
	user, known := m.users[i.Sub]
	_, owned := m.owners[hash]
	switch {
	case owned, m.dead[hash]:
		return credentials.ErrDuplicate
	case known == i.First:
		return credentials.ErrConflict
	case len(user.Passkeys) >= i.Max:
		return credentials.ErrTooMany
	}
	m.add(i)
	return nil
}

// add adds a passkey that may be added. The caller holds mu.
func (m *Memory) add(i credentials.Import) {
	hash := table.Hash(i.Passkey.ID)
	user, known := m.users[i.Sub]
	if !known {
		user.Handle = i.Passkey.UserHandle
	}
	user.Passkeys = append(slices.Clone(user.Passkeys), credentials.Listed{
		ID: i.Passkey.ID, Transports: i.Passkey.Transports, RelyingPartyID: i.Passkey.RPID,
	})
	p := clone(i.Passkey)
	p.Created = p.Created.Truncate(time.Millisecond)
	p.Used = p.Used.Truncate(time.Millisecond)
	put(&m.users, i.Sub, user)
	put(&m.passkeys, [2]string{i.Sub, hash}, p)
	put(&m.owners, hash, credentials.Owner{Sub: i.Sub, UserName: i.UserName, Generation: p.Generation})
}

// Rename implements credentials.Store.
func (m *Memory) Rename(_ context.Context, sub, hash, name string) (credentials.Passkey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{sub, hash}
	p, ok := m.passkeys[key]
	if !ok {
		return credentials.Passkey{}, credentials.ErrNotFound
	}
	p.Name = name
	m.passkeys[key] = p
	return clone(p), nil
}

// Remove implements credentials.Store.
func (m *Memory) Remove(_ context.Context, r credentials.Removal) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.passkeys[[2]string{r.Sub, r.Hash}]
	switch {
	case !ok:
		return credentials.ErrNotFound
	case len(m.users[r.Sub].Passkeys) <= r.Keep:
		return credentials.ErrLastCredential
	}
	m.remove(r.Sub, p.ID)
	return nil
}

func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

func clone(p credentials.Passkey) credentials.Passkey {
	p.Spent = maps.Clone(p.Spent)
	if p.Spent == nil {
		p.Spent = map[string]credentials.Use{}
	}
	return p
}

// wholeMillis is a use as a table keeps it.
func wholeMillis(u credentials.Use) credentials.Use {
	u.Time = u.Time.Truncate(time.Millisecond)
	u.Issued = u.Issued.Truncate(time.Millisecond)
	u.Expires = u.Expires.Truncate(time.Millisecond)
	return u
}
