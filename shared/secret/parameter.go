package secret

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Getter reads a SecureString parameter by name.
type Getter interface {
	Get(ctx context.Context, name string) (string, error)
}

const (
	freshFor     = 5 * time.Minute  // a ring is read again after this, so that a rotation is noticed
	refreshEvery = 30 * time.Second // at most this often when somebody presents an unknown key
	fetchTimeout = 3 * time.Second
)

// Parameter is a key ring in a SecureString parameter, read when it is first
// needed and kept. However many ask, one read is under way at a time; when a
// read fails, the last good ring stays in use. It is safe for concurrent use.
type Parameter struct {
	getter Getter
	name   string
	now    func() time.Time

	mu      sync.Mutex
	ring    Ring
	read    time.Time     // when ring was read; zero before
	tried   time.Time     // when the last read was begun
	pending chan struct{} // closed when the read under way ends; nil if none is
	failure error         // of the last read
}

// NewParameter returns the ring in the parameter of that name. Nothing is read yet.
func NewParameter(getter Getter, name string, now func() time.Time) *Parameter {
	return &Parameter{getter: getter, name: name, now: now}
}

// Prefetch starts reading, so that the ring is there when it is needed.
func (p *Parameter) Prefetch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fetch()
}

// Ring returns the ring. It waits only when no ring was ever read, and then no
// longer than ctx; the read goes on for those who ask later.
func (p *Parameter) Ring(ctx context.Context) (Ring, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read.IsZero() {
		return p.wait(ctx, p.fetch())
	}
	if p.now().Sub(p.read) >= freshFor {
		p.fetch()
	}
	return p.ring, nil
}

// Current returns the ring's current key.
func (p *Parameter) Current(ctx context.Context) (Key, error) {
	ring, err := p.Ring(ctx)
	if err != nil {
		return Key{}, err
	}
	return ring.Current(), nil
}

// Refreshed returns the ring, read again unless that was tried lately.
func (p *Parameter) Refreshed(ctx context.Context) (Ring, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.read.IsZero() && p.now().Sub(p.tried) < refreshEvery {
		return p.ring, nil
	}
	return p.wait(ctx, p.fetch())
}

// fetch starts a read unless one is under way, and returns what is closed at
// its end. The caller holds mu.
func (p *Parameter) fetch() <-chan struct{} {
	if p.pending != nil {
		return p.pending
	}
	done := make(chan struct{})
	p.pending, p.tried = done, p.now()
	go func() {
		// Not the caller's context: others wait for the same read.
		ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
		defer cancel()
		ring, err := p.load(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		if err == nil {
			p.ring, p.read = ring, p.now()
		}
		p.failure, p.pending = err, nil
		close(done)
	}()
	return done
}

// wait waits for a read to end. The caller holds mu, which is released meanwhile.
func (p *Parameter) wait(ctx context.Context, done <-chan struct{}) (Ring, error) {
	p.mu.Unlock()
	var late error
	select {
	case <-done:
	case <-ctx.Done():
		late = ctx.Err()
	}
	p.mu.Lock()
	switch {
	case !p.read.IsZero():
		return p.ring, nil
	case late != nil:
		return Ring{}, fmt.Errorf("waiting for parameter %s: %w", p.name, late)
	default:
		return Ring{}, p.failure
	}
}

func (p *Parameter) load(ctx context.Context) (Ring, error) {
	text, err := p.getter.Get(ctx, p.name)
	if err != nil {
		return Ring{}, fmt.Errorf("reading parameter %s: %w", p.name, err)
	}
	ring, err := Decode(text)
	if err != nil {
		return Ring{}, fmt.Errorf("parameter %s: %w", p.name, err)
	}
	return ring, nil
}
